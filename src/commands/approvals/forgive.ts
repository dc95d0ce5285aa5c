// Lets AI clients in again that were locked out because too many of their calls were refused.
import { define } from '../define.ts'

export default define({
  path: 'approvals forgive',
  about: 'Let AI clients in again that were locked out',
  effect: 'none',
  on: ['cli'],
  holdsKeys: false,
  input: { client: { kind: 'text', at: 0, about: 'Only the client of this name' } },
  examples: [{ words: 'approvals forgive', about: 'All of them; tvault audit tells what they tried' }],
  run: async (context, { client }) => ({ forgiven: await (await context.agent()).forgive(client) }),
  human: ({ forgiven }, style) => `${style.ok(`${forgiven} let in again`)}\n`,
})
