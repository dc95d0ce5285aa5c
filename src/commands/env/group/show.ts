// One environment group: its environments, what inherits from what, and whether all have the same keys.
import { cell } from '../../../faces/table.ts'
import { define } from '../../define.ts'
import { GROUP_NAME_FIELD, compareKeys, environmentLines, groupData, isDrift, verdict } from '../../parts/groups.ts'

export default define({
  path: 'env group show',
  aliases: ['env groups show'],
  about: 'Show an environment group',
  detail: 'Compares names of keys, not values: tvault env diff --values does that. Needs no passphrase.',
  effect: 'list',
  on: ['cli', 'mcp'],
  holdsKeys: false,
  input: { name: GROUP_NAME_FIELD },
  examples: [{ words: 'env group show shop', about: 'Its environments, and whether they have the same keys' }],
  async run(context, { name }) {
    const names = await context.names()
    const group = names.group(name)
    return { group, keys: compareKeys(names, group) }
  },
  human: ({ group, keys }, style) =>
    [
      `Group: ${cell(group.name)}\n`,
      ...(group.description === '' ? [] : [`Description: ${cell(group.description)}\n`]),
      `\nEnvironments:\n${environmentLines(group)}\n`,
      verdict(keys, style, false),
    ].join(''),
  json: ({ group, keys }) => ({
    group: groupData(group),
    diff_status: isDrift(keys) ? 'drift' : 'ok',
    diff_keys: keys.map(({ key, environments }) => ({ key, environments })),
  }),
})
