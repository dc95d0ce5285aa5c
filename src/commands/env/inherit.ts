// Lets one environment of a group fall back on another for the keys it has not got itself, or on none.
import { cell } from '../../faces/table.ts'
import { Failure } from '../../lib/errors.ts'
import { define } from '../define.ts'
import { ENVIRONMENT_FIELD, GROUP_FIELD, groupData } from '../parts/groups.ts'

export default define({
  path: 'env inherit',
  about: 'Let an environment inherit keys from another one',
  detail:
    'A key that the environment has not got itself is taken from its base, and from the base of that, at any depth. ' +
    'A circle is refused. --none ends the inheritance.',
  effect: 'write',
  on: ['cli', 'mcp'],
  holdsKeys: true,
  input: {
    group: GROUP_FIELD,
    env: ENVIRONMENT_FIELD,
    from: { kind: 'text', placeholder: 'base', about: 'The environment to inherit from' },
    none: { kind: 'flag', about: 'Inherit from none any more' },
  },
  examples: [
    {
      words: 'env inherit --group shop --env staging --from production',
      about: 'Everything that staging has not got itself',
    },
    { words: 'env inherit --group shop --env staging --none', about: 'Standing alone again' },
  ],
  async run(context, { group, env, from, none }) {
    if (none === (from !== undefined)) {
      throw new Failure('usage', none ? '--from and --none exclude each other' : '--from is required', {
        hint: '--from names the base, --none takes it away',
      })
    }
    const view = await context.vault()
    view.setBase(group, env, from)
    return { env, from, group: view.group(group) }
  },
  human({ env, from, group }, style) {
    const place = `Environment '${cell(env)}' in group '${cell(group.name)}'`
    const words = from === undefined ? `${place} no longer inherits` : `${place} now inherits from '${cell(from)}'`
    return `${style.ok(words)}\n`
  },
  json: ({ group }) => groupData(group),
})
