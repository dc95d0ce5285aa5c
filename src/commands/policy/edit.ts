// The policy in the owner's editor, again and again until it is right or given up.
import { POLICY_TEMPLATE } from '../../formats/policy.ts'
import { Failure } from '../../lib/errors.ts'
import { define } from '../define.ts'
import { faultLines, storePolicy } from '../parts/policy-text.ts'

export default define({
  path: 'policy edit',
  about: 'Change the policy for AI agents in an editor',
  detail:
    'The editor is VISUAL or EDITOR. A policy with a mistake is not stored: it is told line by line, and you may go on ' +
    'editing. Without a policy it begins with one that shows names only. It takes the passphrase.',
  effect: 'admin',
  on: ['cli'],
  holdsKeys: true,
  input: {},
  examples: [{ words: 'policy edit', about: 'Only at a terminal' }],
  async run(context) {
    if (!context.ask.possible || !context.stdinIsTerminal) {
      throw new Failure('usage', 'an editor needs a terminal', { hint: 'tvault policy set FILE' })
    }
    const mcp = await context.mcp()
    const { revision, text: before } = await mcp.stored()
    let text = before === '' ? POLICY_TEMPLATE : before
    for (;;) {
      text = await mcp.edit(text)
      if (text === before) return { revision, rules: 0, changed: false }
      const { faults } = await mcp.parse(text, revision)
      if (faults.length === 0) return storePolicy(context, text, revision)
      context.note(faultLines(faults))
      if (!(await context.ask.confirm('Edit it again?'))) {
        throw new Failure('cancelled', 'the policy was left as it is')
      }
    }
  },
  human: ({ revision, changed }, style) =>
    changed ? `${style.ok(`policy stored: revision ${revision}`)}\n` : { note: 'nothing was changed' },
})
