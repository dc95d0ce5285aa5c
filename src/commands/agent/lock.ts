// Locks the agent and everybody who listens to it; the agent stays. `tvault lock` is the same word for people.
import { define } from '../define.ts'

export default define({
  path: 'agent lock',
  about: 'Make the agent forget the key; it stays and can be unlocked again',
  effect: 'none',
  on: ['cli'],
  holdsKeys: false,
  input: {},
  examples: [{ words: 'agent lock', about: 'Until tvault unlock gives it the key again' }],
  async run(context) {
    return { locked: true, ...(await (await context.agent()).lock()) }
  },
  human: (_, style) => `${style.ok('agent locked')}\n`,
})
