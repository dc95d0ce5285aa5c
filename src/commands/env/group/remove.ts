// Takes an environment out of a group. Its project and its secrets stay.
import { cell } from '../../../faces/table.ts'
import { define } from '../../define.ts'
import { GROUP_FIELD, groupData } from '../../parts/groups.ts'

export default define({
  path: 'env group remove',
  aliases: ['env groups remove', 'env group rm', 'env groups rm'],
  about: 'Remove an environment from a group',
  detail: 'The project stays as it is. One that another environment inherits from, or the last one, is not removed.',
  effect: 'write',
  on: ['cli', 'mcp'],
  holdsKeys: true,
  input: {
    environment: { kind: 'text', at: 0, required: true, about: 'Name of the environment' },
    group: GROUP_FIELD,
  },
  examples: [{ words: 'env group remove preview --group shop', about: 'The project shop-preview stays' }],
  async run(context, { environment, group }) {
    const view = await context.vault()
    view.removeEnvironment(group, environment)
    return { environment, group: view.group(group) }
  },
  human: ({ environment, group }, style) =>
    `${style.ok(`Environment '${cell(environment)}' removed from group '${cell(group.name)}'`)}\n`,
  json: ({ group }) => groupData(group),
})
