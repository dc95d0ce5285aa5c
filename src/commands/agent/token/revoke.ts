// Ends a token before its time.
import { Failure } from '../../../lib/errors.ts'
import { printable } from '../../../lib/names.ts'
import { define } from '../../define.ts'

export default define({
  path: 'agent token revoke',
  about: 'End a token',
  effect: 'admin',
  on: ['cli'],
  holdsKeys: false,
  input: { id: { kind: 'text', at: 0, required: true, about: 'Its ID in tvault agent token list' } },
  examples: [{ words: 'agent token revoke 1a2b3c4d', about: 'Connections that showed it are refused from now on' }],
  async run(context, { id }) {
    if (await (await context.agent()).revokeToken(id)) return { revoked: id }
    throw new Failure('not_found', `no token ${printable(id)}`, { hint: 'tvault agent token list' })
  },
  human: ({ revoked }, style) => `${style.ok(`token ${revoked} revoked`)}\n`,
})
