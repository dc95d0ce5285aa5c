// Takes the policy out of the vault again: then mcp-policy.yaml counts, or that AI agents see names only.
import { Failure } from '../../lib/errors.ts'
import { define } from '../define.ts'

export default define({
  path: 'policy reset',
  about: 'Take the policy for AI agents out of the vault',
  detail:
    'Takes the passphrase. Afterwards mcp-policy.yaml beside the vault counts; without that file AI agents see names ' +
    'and nothing else.',
  effect: 'admin',
  on: ['cli'],
  holdsKeys: true,
  input: { yes: { kind: 'flag', short: 'y', about: 'Do not ask' } },
  examples: [{ words: 'policy reset', about: 'Asks first' }],
  async run(context, { yes }) {
    const { revision, text } = await (await context.mcp()).stored()
    if (text === '') return { revision, changed: false }
    if (!yes && !(await context.ask.confirm('Take the policy for AI agents out of the vault?'))) {
      throw new Failure('cancelled', 'the policy was left as it is')
    }
    const view = await context.unlocked()
    return { ...view.setPolicy('', { revision }), changed: true }
  },
  human: ({ changed }, style) =>
    changed ? `${style.ok('policy taken out of the vault')}\n` : { note: 'there is no policy in the vault' },
})
