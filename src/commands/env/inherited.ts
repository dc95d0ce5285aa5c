// Where each key of an environment comes from. Needs no passphrase.
import { cell, table } from '../../faces/table.ts'
import { define } from '../define.ts'
import { ENVIRONMENT_FIELD, GROUP_FIELD } from '../parts/groups.ts'

export default define({
  path: 'env inherited',
  about: 'Show where the keys of an environment come from',
  detail: 'A key is pinned when tvault env pin copied it and nobody changed the copy. Needs no passphrase.',
  effect: 'list',
  on: ['cli', 'mcp'],
  holdsKeys: false,
  input: { group: GROUP_FIELD, env: ENVIRONMENT_FIELD },
  examples: [{ words: 'env inherited --group shop --env staging', about: 'Own, inherited and pinned keys' }],
  async run(context, { group, env }) {
    const names = await context.names()
    return names.keySources(group, env)
  },
  human(sources) {
    if (sources.length === 0) return { note: 'The environment has no keys, of its own or inherited.' }
    const rows = sources.map(({ key, environment, inherited, pinned }) => [
      cell(key),
      inherited ? cell(environment) : '—',
      pinned ? 'yes' : 'no',
    ])
    return table(['KEY', 'INHERITED-FROM', 'PINNED'], rows)
  },
  json: (sources) =>
    sources.map(({ key, environment, inherited, pinned }) => ({
      key,
      source: inherited ? `inherited:${environment}` : 'local',
      pinned,
    })),
})
