// Puts one more project into an environment group, as its last environment.
import { cell } from '../../../faces/table.ts'
import { Failure } from '../../../lib/errors.ts'
import { define } from '../../define.ts'
import { GROUP_FIELD, groupData } from '../../parts/groups.ts'

export default define({
  path: 'env group add',
  aliases: ['env groups add'],
  about: 'Add an environment to a group',
  detail: 'The project is named with -p; the current one is not taken for it.',
  effect: 'write',
  on: ['cli', 'mcp'],
  holdsKeys: true,
  input: {
    environment: { kind: 'text', at: 0, required: true, about: 'Name of the environment' },
    group: GROUP_FIELD,
    force: { kind: 'flag', about: 'Take the project also when another group has it' },
  },
  examples: [{ words: 'env group add preview --group shop -p shop-preview', about: 'A third environment' }],
  async run(context, { environment, group, force }) {
    const { project } = context.globals
    if (project === undefined) {
      throw new Failure('usage', '--project is required', { hint: 'name the project of the environment with -p' })
    }
    const view = await context.vault()
    view.addEnvironment(group, { name: environment, project }, { force })
    return { environment, project, group: view.group(group) }
  },
  human: ({ environment, project, group }, style) =>
    `${style.ok(`Environment '${cell(environment)}' (project ${cell(project)}) added to group '${cell(group.name)}'`)}\n`,
  json: ({ group }) => groupData(group),
})
