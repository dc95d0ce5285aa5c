// Being the agent, in the foreground. What holds keys for long does not fork itself into the background: a service
// manager, a terminal or `tvault unlock` keeps it.
import { parseDuration } from '../../lib/quantities.ts'
import { define } from '../define.ts'

export default define({
  path: 'agent start',
  about: 'Hold the unlocked vault for other commands',
  detail:
    'Stays in the foreground until Ctrl-C, `tvault agent stop`, or the idle time is over. Commands then need no ' +
    'passphrase. tvault unlock starts one in the background; tvault agent install lets the system start it.',
  effect: 'admin',
  on: ['cli'],
  holdsKeys: true,
  input: {
    idle: {
      kind: 'text',
      placeholder: 'duration',
      fallback: '15m',
      about: 'End after this time without a request; 0: never',
    },
    limit: { kind: 'text', placeholder: 'duration', fallback: '0', about: 'Lock this long after unlocking; 0: never' },
    locked: { kind: 'flag', about: 'Start without a passphrase; tvault unlock gives it one' },
    'require-token': { kind: 'flag', about: 'Serve only programs that show a token' },
    'token-file': {
      kind: 'text',
      placeholder: 'file',
      complete: 'file',
      about: 'Tokens, one on a line: token or token:project (0600)',
    },
    'log-dir': { kind: 'text', placeholder: 'dir', complete: 'directory', about: 'Directory of the log' },
    'log-level': {
      kind: 'choice',
      choices: ['debug', 'info', 'warn', 'error'],
      fallback: 'info',
      about: 'What is logged',
    },
  },
  examples: [
    { words: 'agent start', about: 'Asks for the passphrase, then serves' },
    { words: 'agent start --idle 8h --limit 10h', about: 'For a working day' },
    { words: 'agent start --require-token --token-file tokens', about: 'Only for programs with a token' },
  ],
  async run(context, input) {
    const reason = await (
      await context.agent()
    ).serve({
      idleSeconds: parseDuration(input.idle ?? '15m'),
      limitSeconds: parseDuration(input.limit ?? '0'),
      locked: input.locked,
      requireToken: input['require-token'],
      tokenFile: input['token-file'],
      logDirectory: input['log-dir'],
      logLevel: input['log-level'],
    })
    return { stopped: reason }
  },
  human: ({ stopped }) => ({ note: `the agent has ended (${stopped})` }),
})
