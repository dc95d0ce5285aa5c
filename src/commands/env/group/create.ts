// Ties projects together as environments of one application. Holds names only; no value is touched.
import { cell } from '../../../faces/table.ts'
import { define } from '../../define.ts'
import { GROUP_NAME_FIELD, groupData, parseEnvironment } from '../../parts/groups.ts'

export default define({
  path: 'env group create',
  aliases: ['env groups create'],
  about: 'Create an environment group',
  detail: 'A group is an ordered list of environments, each of which is a project. See tvault docs environments.',
  effect: 'write',
  on: ['cli', 'mcp'],
  holdsKeys: true,
  input: {
    name: GROUP_NAME_FIELD,
    env: {
      kind: 'list',
      required: true,
      placeholder: 'name=project',
      about: 'An environment and its project; give it once for each, in order',
    },
    description: { kind: 'text', short: 'd', placeholder: 'text', about: 'What it is for' },
    force: { kind: 'flag', about: 'Replace a group of that name; take projects that are in another group as well' },
  },
  examples: [
    {
      words: 'env group create shop --env production=shop --env staging=shop-staging',
      about: 'Two projects as two environments',
    },
  ],
  async run(context, { name, env, description = '', force }) {
    const environments = env.map(parseEnvironment)
    const view = await context.vault()
    view.createGroup({ name, description, environments, force })
    return view.group(name)
  },
  human: ({ name, environments }, style) =>
    `${style.ok(`Group '${cell(name)}' created with environments: ${environments.map((one) => cell(one.name)).join(', ')}`)}\n`,
  json: groupData,
})
