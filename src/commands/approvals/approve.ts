// Allows one waiting use. The passphrase is asked for, because an AI agent that can run programs could type this as well.
import { Failure } from '../../lib/errors.ts'
import { cell } from '../../faces/table.ts'
import { parseDuration } from '../../lib/quantities.ts'
import { define } from '../define.ts'
import { details } from '../parts/approvals.ts'

export default define({
  path: 'approvals approve',
  about: 'Allow what an AI agent waits for, with the passphrase',
  detail:
    'It holds for exactly what was asked: client and process, secrets, program with its words, directory, host, file. ' +
    'A use is allowed once and must begin within a minute unless --uses and --for say more; a session for as long as ' +
    'the policy says.',
  effect: 'admin',
  on: ['cli'],
  holdsKeys: true,
  input: {
    id: { kind: 'text', at: 0, required: true, about: 'Its number in the list' },
    uses: { kind: 'count', min: 1, max: 1000, placeholder: 'n', about: 'How many times' },
    for: { kind: 'text', placeholder: 'duration', about: 'Within which time' },
  },
  examples: [
    { words: 'approvals approve 3f9a0c11', about: 'Once' },
    { words: 'approvals approve 3f9a0c11 --uses 5 --for 10m', about: 'The same thing five times' },
  ],
  async run(context, { id, uses, for: duration }) {
    const agent = await context.agent()
    const waiting = (await agent.approvals()).pending.find((one) => one.id === id)
    if (!waiting) throw new Failure('not_found', 'no such request waits', { hint: 'tvault approvals' })
    context.note(details(waiting, context.style).trimEnd())
    const seconds = duration === undefined ? undefined : Math.ceil(parseDuration(duration))
    const wish = { ...(uses !== undefined && { uses }), ...(seconds !== undefined && { seconds }) }
    const passphrase = await context.passphrase('current')
    try {
      return await agent.approve(id, passphrase, wish)
    } finally {
      passphrase.wipe()
    }
  },
  human: ({ client }, style) => `${style.ok(`${cell(client)} may go on`)}\n`,
})
