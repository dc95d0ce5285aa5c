// Ends the agent. It is told to go, and the command waits until its place is free.
import { define } from '../define.ts'

export default define({
  path: 'agent stop',
  about: 'End the agent',
  effect: 'admin',
  on: ['cli'],
  holdsKeys: false,
  input: {},
  examples: [{ words: 'agent stop', about: 'The key is wiped; commands ask for the passphrase again' }],
  async run(context) {
    await (await context.agent()).stop()
    return { stopped: true }
  },
  human: (_, style) => `${style.ok('agent stopped')}\n`,
})
