// The tokens that hold: what each may do, never the token.
import { cell, table } from '../../../faces/table.ts'
import { define } from '../../define.ts'

export default define({
  path: 'agent token list',
  about: 'List the tokens of the agent',
  effect: 'none',
  on: ['cli'],
  holdsKeys: false,
  input: {},
  examples: [{ words: 'agent token list', about: 'With what each may do and until when' }],
  run: async (context) => (await context.agent()).tokens(),
  human: (tokens) =>
    tokens.length === 0
      ? { note: 'no tokens' }
      : table(
          ['ID', 'LABEL', 'PROJECT', 'KEYS', 'EFFECTS', 'USES', 'UNTIL'],
          tokens.map(({ id, label, project, keys, effects, uses_left, expires_at }) => [
            id,
            cell(label || '-'),
            cell(project ?? 'all'),
            cell(keys?.join(',') ?? 'all'),
            effects?.join(',') ?? 'all',
            uses_left === undefined ? '-' : String(uses_left),
            expires_at ?? '-',
          ]),
        ),
})
