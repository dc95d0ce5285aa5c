// The environment groups of the vault. Needs no passphrase.
import { cell, table } from '../../../faces/table.ts'
import { define } from '../../define.ts'
import { groupData } from '../../parts/groups.ts'

const DESCRIPTION_COLUMN = 2

export default define({
  path: 'env group list',
  aliases: ['env groups list', 'env group ls', 'env groups ls'],
  about: 'List the environment groups',
  detail: 'Needs no passphrase.',
  effect: 'list',
  on: ['cli', 'mcp'],
  holdsKeys: false,
  input: {},
  examples: [
    { words: 'env group list', about: 'A table' },
    { words: 'env group list --json', about: 'With projects and inheritance' },
  ],
  async run(context) {
    const names = await context.names()
    return { groups: names.groups(), onTerminal: context.stdoutIsTerminal }
  },
  human({ groups, onTerminal }, style) {
    if (groups.length === 0) {
      return {
        note: 'No environment groups found.\n\nCreate one with: tvault env group create <name> --env name=project',
      }
    }
    const rows = groups.map(({ name, environments, description }) => [
      cell(name),
      environments.map((one) => cell(one.name)).join(', '),
      cell(description),
    ])
    const fit = onTerminal ? { width: style.width, flexible: DESCRIPTION_COLUMN } : undefined
    return table(['NAME', 'ENVIRONMENTS', 'DESCRIPTION'], rows, fit)
  },
  json: ({ groups }) => groups.map(groupData),
})
