// Starts the agent of the service anew, with the program and the settings of now. It is locked afterwards unless the
// service has a passphrase file.
import { define } from '../define.ts'

export default define({
  path: 'agent restart',
  about: 'Restart the agent that the system started',
  effect: 'admin',
  on: ['cli'],
  holdsKeys: false,
  input: {},
  examples: [{ words: 'agent restart', about: 'After an update, or a change of the passphrase' }],
  async run(context) {
    await (await (await context.agent()).service()).restart()
    return { restarted: true }
  },
  human: (_, style) => `${style.ok('agent restarted')}\n`,
})
