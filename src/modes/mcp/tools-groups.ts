// Environment groups as an AI agent changes and compares them. Every project of a group must be the client's to write;
// what copies a value never carries it to where more may be done with it (context/mcp-groups.ts).
import { define } from '../../commands/define.ts'
import groupAdd from '../../commands/env/group/add.ts'
import groupCreate from '../../commands/env/group/create.ts'
import groupDelete from '../../commands/env/group/delete.ts'
import groupRemove from '../../commands/env/group/remove.ts'
import inherit from '../../commands/env/inherit.ts'
import pin from '../../commands/env/pin.ts'
import promote from '../../commands/env/promote.ts'
import unpin from '../../commands/env/unpin.ts'
import { GROUP_NAME_FIELD, compareKeys, groupData, isDrift } from '../../commands/parts/groups.ts'
import { LIST, NUMBER, TEXT, FLAG, tool } from './tool.ts'
import type { Special, Tool } from './tool.ts'

const GROUP = { group: { type: 'object' } } as const

/** `[{name, project}]`, as the command takes it: `name=project`. */
const ENVIRONMENTS: Special = {
  schema: {
    type: 'array',
    minItems: 1,
    items: {
      type: 'object',
      properties: { name: TEXT, project: TEXT },
      required: ['name', 'project'],
      additionalProperties: false,
    },
    description: 'The environments in their order, each with its project',
  },
  expects: 'a list of objects with name and project',
  convert(value) {
    if (!Array.isArray(value) || value.length === 0 || value.length > 100) return undefined
    const words = value.map((one: unknown) => {
      const { name, project, ...more } = (one ?? {}) as Record<string, unknown>
      const fits = typeof name === 'string' && typeof project === 'string' && Object.keys(more).length === 0
      return fits && /^[^=\0]{1,100}$/.test(name) && /^[^\0]{1,100}$/.test(project) ? `${name}=${project}` : undefined
    })
    return words.includes(undefined) ? undefined : words
  },
}

/** Names as everybody sees them; the values only when they are asked for, and then it counts as reading. */
const compare = define({
  path: 'mcp compare',
  about: 'Which keys the environments of a group have',
  effect: 'list',
  on: ['mcp'],
  hidden: true,
  holdsKeys: true,
  examples: [],
  input: {
    group: GROUP_NAME_FIELD,
    values: { kind: 'flag', about: 'Compare the values too, which counts as reading them' },
  },
  async run(context, { group: name, values }) {
    const names = values ? await context.vault() : await context.names()
    const group = names.group(name)
    return compareKeys(names, group, values ? (await context.vault()).differences(name) : undefined)
  },
})

export const GROUP_TOOLS: readonly Tool[] = [
  tool(groupCreate, {
    name: 'vault_env_group_create',
    title: 'Create an environment group',
    takes: { name: 'name', environments: 'env', description: 'description' },
    special: { environments: ENVIRONMENTS },
    hasProject: false,
    output: GROUP,
    result: (group) => ({ group: groupData(group) }),
  }),
  tool(groupAdd, {
    name: 'vault_env_group_add',
    title: 'Add an environment',
    about: 'Add a project to an environment group; the project is named',
    takes: { group: 'group', env_name: 'environment' },
    output: GROUP,
    result: ({ group }) => ({ group: groupData(group) }),
  }),
  tool(groupRemove, {
    name: 'vault_env_group_remove',
    title: 'Remove an environment',
    takes: { group: 'group', env_name: 'environment' },
    hasProject: false,
    output: GROUP,
    result: ({ group }) => ({ group: groupData(group) }),
  }),
  tool(groupDelete, {
    name: 'vault_env_group_delete',
    title: 'Delete an environment group',
    takes: { name: 'name' },
    fixed: { yes: true },
    hasProject: false,
    output: { name: TEXT, deleted: FLAG },
    result: ({ name }) => ({ name, deleted: true }),
  }),
  tool(inherit, {
    name: 'vault_env_inherit',
    title: 'Let an environment inherit',
    takes: { group: 'group', env: 'env', from: 'from' },
    needs: ['from'],
    hasProject: false,
    idempotent: true,
    output: GROUP,
    result: ({ group }) => ({ group: groupData(group) }),
  }),
  tool(pin, {
    name: 'vault_env_pin',
    title: 'Pin an inherited key',
    takes: { group: 'group', env: 'env', key: 'key' },
    hasProject: false,
    idempotent: true,
    output: { key: TEXT, env: TEXT, from: TEXT, version: NUMBER },
    result: ({ key, env, from, version, changed }) => ({ key, env, from, version, changed }),
  }),
  tool(unpin, {
    name: 'vault_env_unpin',
    title: 'Unpin a key',
    takes: { group: 'group', env: 'env', key: 'key' },
    hasProject: false,
    output: { key: TEXT, env: TEXT, from: TEXT },
    result: ({ key, env, from }) => ({ key, env, from }),
  }),
  tool(promote, {
    name: 'vault_env_promote',
    title: 'Promote secrets',
    about:
      'Copy secrets from one environment of a group to another; what exists there is compared, which counts as reading',
    takes: { group: 'group', from_env: 'from', to_env: 'to', keys: 'keys', all: 'all', dry_run: 'dry-run' },
    fixed: { yes: true },
    hasProject: false,
    output: { promoted: LIST, skipped: LIST, dry_run: FLAG },
    result: ({ from, plan, dryRun }) => ({
      promoted: plan
        .filter(({ change }) => change === 'new' || change === 'changed')
        .map(({ key, fromVersion, toVersion }) => ({ key, from_version: fromVersion, to_version: toVersion + 1 })),
      skipped: plan.flatMap(({ key, change }) =>
        change === 'missing' || change === 'same'
          ? [{ key, reason: change === 'same' ? 'the same already' : `not found in ${from}` }]
          : [],
      ),
      dry_run: dryRun,
    }),
  }),
  tool(compare, {
    name: 'vault_env_diff',
    title: 'Compare environments',
    takes: { group: 'group', values: 'values' },
    hasProject: false,
    output: { status: TEXT, keys: LIST },
    result: (keys) => ({
      status: isDrift(keys) ? 'drift' : 'ok',
      keys: keys.map(({ key, environments }) => ({ key, environments })),
    }),
  }),
]
