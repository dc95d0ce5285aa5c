// Gives the agent the passphrase, and starts one when there is none, so that the next commands ask nobody. With --check
// the passphrase is only tried.
import { define } from './define.ts'

export default define({
  path: 'unlock',
  about: 'Unlock the vault for the commands that follow',
  detail:
    'Starts an agent in the background when none runs; it forgets the key after --idle without a request, at --limit, ' +
    'on tvault lock, and when the machine slept. --check only tries the passphrase and leaves nothing unlocked.',
  effect: 'admin',
  on: ['cli'],
  holdsKeys: true,
  input: {
    check: { kind: 'flag', about: 'Only try the passphrase' },
    idle: {
      kind: 'text',
      placeholder: 'duration',
      fallback: '15m',
      about: 'For a new agent: forget the key after this time without a request',
    },
    limit: {
      kind: 'text',
      placeholder: 'duration',
      fallback: '0',
      about: 'For a new agent: forget the key this long after unlocking; 0: never',
    },
  },
  examples: [
    { words: 'unlock', about: 'Asks once; tvault lock ends it' },
    { words: 'unlock --idle 1h --limit 8h', about: 'For a working day' },
    { words: 'unlock --check', about: 'Exit code 6 means: wrong passphrase' },
  ],
  async run(context, { check, idle, limit }) {
    if (check || context.globals.noAgent) {
      const { vaultId } = (await context.unlocked()).summary()
      return { passphrase_valid: true, stays_unlocked: false, vault_id: vaultId }
    }
    const { started, pid } = await (await context.agent()).unlock({ idle, limit })
    return { passphrase_valid: true, stays_unlocked: true, agent_pid: pid, agent_started: started }
  },
  human: ({ stays_unlocked, agent_started }, style) => ({
    out: `${style.ok('Vault unlocked')}\n`,
    note: stays_unlocked
      ? `${agent_started ? 'An agent was started' : 'The agent has the key'}; tvault agent status shows how long, tvault lock ends it.`
      : 'The passphrase is right. Nothing stays unlocked: the next command needs it again.',
  }),
})
