// Shows each use that an AI agent waits for as it comes, and asks. For a terminal that lies beside the work.
import { Failure } from '../../lib/errors.ts'
import type { Context } from '../context.ts'
import type { AgentAccess } from '../agent-access.ts'
import type { Pending } from '../../modes/agent/approvals.ts'
import { define } from '../define.ts'
import { details } from '../parts/approvals.ts'

const LOOK_MILLISECONDS = 500

export default define({
  path: 'approvals watch',
  about: 'Be asked about each use of an AI agent as it comes',
  detail: 'Ends with Ctrl-C, when the agent ends, or after --count questions.',
  effect: 'admin',
  on: ['cli'],
  holdsKeys: true,
  input: { count: { kind: 'count', min: 1, placeholder: 'n', about: 'End after so many questions' } },
  examples: [{ words: 'approvals watch', about: 'In a terminal of your own' }],
  async run(context, { count = Number.POSITIVE_INFINITY }) {
    if (!context.ask.possible) {
      throw new Failure('usage', 'nobody can be asked here', { hint: 'tvault approvals lists what waits' })
    }
    const agent = await context.agent()
    const seen = new Set<string>()
    let [approved, refused] = [0, 0]
    context.note('waiting for AI agents; Ctrl-C ends this')
    while (approved + refused < count) {
      const next = (await agent.approvals()).pending.find(({ id }) => !seen.has(id))
      if (!next) {
        await new Promise((resolve) => setTimeout(resolve, LOOK_MILLISECONDS))
        continue
      }
      seen.add(next.id)
      if (await decide(context, agent, next)) approved += 1
      else refused += 1
    }
    return { approved, refused }
  },
  human: ({ approved, refused }) => ({ note: `${approved} approved, ${refused} refused` }),
})

/** Whether it was approved. One that was over meanwhile, or a wrong passphrase, approves nothing. */
async function decide(context: Context, agent: AgentAccess, one: Pending): Promise<boolean> {
  context.note(`\n${details(one, context.style)}(${one.seconds_left} seconds left)`)
  try {
    if (!(await context.ask.confirm('Allow it?'))) {
      await agent.deny(one.id)
      return false
    }
    const passphrase = await context.passphrase('current')
    try {
      await agent.approve(one.id, passphrase, {})
      context.note('allowed')
      return true
    } finally {
      passphrase.wipe()
    }
  } catch (error) {
    const harmless = error instanceof Failure && ['not_found', 'wrong_passphrase'].includes(error.kind)
    if (!harmless) throw error
    context.note(error.message)
    return false
  }
}
