// Takes the service away again.
import { define } from '../define.ts'

export default define({
  path: 'agent uninstall',
  about: 'Let the system no longer start the agent',
  effect: 'admin',
  on: ['cli'],
  holdsKeys: false,
  input: {},
  examples: [{ words: 'agent uninstall', about: 'Stops the service and removes its file' }],
  async run(context) {
    const service = await (await context.agent()).service()
    await service.uninstall()
    return { removed: service.path }
  },
  human: ({ removed }, style) => ({ out: `${style.ok('service removed')}\n`, note: removed }),
})
