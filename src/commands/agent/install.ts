// Lets the system start the agent when its user logs in. Without a passphrase file it starts locked.
import { define } from '../define.ts'

export default define({
  path: 'agent install',
  about: 'Let the system start the agent when you log in',
  detail:
    'Writes a user unit of systemd, or a launch agent of macOS. Without --passphrase-file the agent starts locked and ' +
    'waits for tvault unlock; with one, whoever can read that file can read the vault.',
  effect: 'admin',
  on: ['cli'],
  holdsKeys: false,
  input: {
    'passphrase-file': {
      kind: 'text',
      placeholder: 'file',
      complete: 'file',
      about: 'Where the agent finds the passphrase (0600)',
    },
    idle: {
      kind: 'text',
      placeholder: 'duration',
      fallback: '0',
      about: 'End after this time without a request; 0: never',
    },
    'log-dir': { kind: 'text', placeholder: 'dir', complete: 'directory', about: 'Directory of the log' },
    'log-level': { kind: 'choice', choices: ['debug', 'info', 'warn', 'error'], about: 'What is logged' },
    'dry-run': { kind: 'flag', about: 'Only show the file' },
    'no-load': { kind: 'flag', about: 'Only write the file' },
  },
  examples: [
    { words: 'agent install --dry-run', about: 'Shows what would be written' },
    { words: 'agent install', about: 'Then tvault unlock after each login' },
  ],
  async run(context, input) {
    const service = await (await context.agent()).service()
    const wish = {
      idle: input.idle,
      passphraseFile: input['passphrase-file'],
      logDirectory: input['log-dir'],
      logLevel: input['log-level'],
    }
    const text = service.print(wish)
    if (input['dry-run']) return { path: service.path, text, installed: false, loaded: false }
    await service.install(wish, !input['no-load'])
    return { path: service.path, text, installed: true, loaded: !input['no-load'] }
  },
  human({ path, text, installed, loaded }, style) {
    if (!installed) return `# ${path}\n${text}`
    return { out: `${style.ok(loaded ? 'service installed and started' : 'service file written')}\n`, note: path }
  },
})
