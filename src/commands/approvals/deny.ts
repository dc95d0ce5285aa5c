// Refuses one waiting use. That needs no passphrase: to be refused is what happens anyway.
import { cell } from '../../faces/table.ts'
import { define } from '../define.ts'

export default define({
  path: 'approvals deny',
  about: 'Refuse what an AI agent waits for',
  detail: 'The same question is refused for a minute without asking you again.',
  effect: 'none',
  on: ['cli'],
  holdsKeys: false,
  input: { id: { kind: 'text', at: 0, required: true, about: 'Its number in the list' } },
  examples: [{ words: 'approvals deny 3f9a0c11', about: 'The client is told at once' }],
  run: async (context, { id }) => (await context.agent()).deny(id),
  human: ({ client }, style) => `${style.ok(`${cell(client)} was refused`)}\n`,
})
