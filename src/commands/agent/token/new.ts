// A token for one program: less than everything, for a while. It is printed once and kept nowhere but as a hash in the
// memory of the agent.
import { EFFECTS } from '../../../lib/gate.ts'
import type { Effect } from '../../../lib/gate.ts'
import { Failure } from '../../../lib/errors.ts'
import { parseDuration } from '../../../lib/quantities.ts'
import { define } from '../../define.ts'

export default define({
  path: 'agent token new',
  about: 'Make a token with which a program gets less than everything',
  detail:
    'The program shows it in TVAULT_AGENT_TOKEN. It ends with its time, its uses, or the agent. A program that runs as ' +
    'you can take the whole agent instead of its token, unless the agent was started with --require-token; and it can ' +
    'read a token wherever you put it. Tokens keep apart programs that mean well.',
  effect: 'reveal',
  on: ['cli'],
  holdsKeys: true,
  input: {
    label: { kind: 'text', at: 0, placeholder: 'label', about: 'A word for the list of tokens' },
    key: { kind: 'list', split: true, placeholder: 'globs', about: 'Only these keys, for example DB_*' },
    effect: {
      kind: 'list',
      split: true,
      placeholder: 'effects',
      about: 'Only these effects: reveal, inject, compare, write …',
    },
    for: { kind: 'text', placeholder: 'duration', fallback: '1h', about: 'How long it holds' },
    uses: { kind: 'count', min: 1, placeholder: 'n', about: 'How many times it may be shown' },
  },
  examples: [
    {
      words: 'agent token new deploy -p web --effect inject --for 10m',
      about: 'To run programs with the secrets of web',
    },
    { words: 'agent token new ci --key "DB_*" --uses 1', about: 'For one connection' },
  ],
  async run(context, { label = '', key, effect, for: duration = '1h', uses }) {
    const effects = effect?.map((word) => {
      if ((EFFECTS as readonly string[]).includes(word)) return word as Effect
      throw new Failure('usage', `unknown effect: ${word.slice(0, 40)}`, { hint: `one of ${EFFECTS.join(', ')}` })
    })
    const { project } = context.globals
    const scope = { ...(project && { project }), ...(key && { keys: key }), ...(effects && { effects }) }
    const { token, info } = await (
      await context.agent()
    ).newToken({ label, scope, seconds: parseDuration(duration), uses })
    return { token, ...info }
  },
  human: ({ token, id, expires_at }) => ({
    out: token,
    note: `\ntoken ${id}, until ${expires_at ?? 'the agent ends'}`,
  }),
})
