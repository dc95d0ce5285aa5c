// There is nothing to lock: a key lives only as long as the command that asked for it. The command exists because
// scripts call it, and it says so instead of pretending.
import { define } from './define.ts'

export default define({
  path: 'lock',
  about: 'Lock the vault',
  detail:
    'No command leaves the vault unlocked, so there is nothing to end; the command only checks that there is a vault.',
  effect: 'none',
  on: ['cli'],
  holdsKeys: false,
  input: {},
  examples: [{ words: 'lock', about: 'Always leaves the vault locked' }],
  async run(context) {
    await context.names()
    return { locked: true, agent_running: false, changed: false }
  },
  human: (_, style) => ({
    out: `${style.ok('Vault locked')}\n`,
    note: 'It was locked before: no process keeps the key of this vault.',
  }),
})
