// Stores a policy from a file. For an editor there is `policy edit`.
import { text } from '../../lib/bytes.ts'
import { Failure } from '../../lib/errors.ts'
import { define } from '../define.ts'
import { storePolicy } from '../parts/policy-text.ts'

const MAX_BYTES = 1_048_576

export default define({
  path: 'policy set',
  aliases: ['policy import'],
  about: 'Store the policy for AI agents from a file',
  detail:
    'It replaces the one that is there, and the counters of its budgets begin anew. It is stored in the vault, where ' +
    'nobody else can change it unnoticed; mcp-policy.yaml does not count while it is there. It takes the passphrase, ' +
    'also when an agent has the key.',
  effect: 'admin',
  on: ['cli'],
  holdsKeys: true,
  input: { file: { kind: 'text', at: 0, required: true, complete: 'file', about: 'The policy; - is standard input' } },
  examples: [{ words: 'policy set policy.conf', about: 'Checked line by line before it is stored' }],
  async run(context, { file }) {
    const content = text(await context.readFile(file, { maxBytes: MAX_BYTES, stdin: true }))
    if (content === undefined) throw new Failure('failed', 'the policy is not UTF-8 text')
    if (content.trim() === '') throw new Failure('failed', 'the policy is empty', { hint: 'tvault policy reset' })
    const { revision } = await (await context.mcp()).stored()
    return storePolicy(context, content, revision)
  },
  human: ({ revision, rules }, style) => ({
    out: `${style.ok(`policy stored: revision ${revision}, ${rules} rules`)}\n`,
    note: 'tvault policy check holds it against the names in the vault',
  }),
})
