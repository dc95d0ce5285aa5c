// The projects of the vault. Needs no passphrase.
import { cell, table } from '../../faces/table.ts'
import { define } from '../define.ts'

const DESCRIPTION_COLUMN = 1

export default define({
  path: 'projects list',
  aliases: ['project list', 'p list', 'projects ls', 'project ls', 'p ls'],
  about: 'List the projects',
  detail: 'The current project has a star. Needs no passphrase.',
  effect: 'list',
  on: ['cli', 'mcp'],
  holdsKeys: false,
  input: {
    'names-only': { kind: 'flag', about: 'Only the names, one per line' },
  },
  examples: [
    { words: 'projects list', about: 'A table' },
    { words: 'projects list --names-only', about: 'For scripts' },
  ],
  async run(context) {
    const names = await context.names()
    return { projects: names.projects(), onTerminal: context.stdoutIsTerminal }
  },
  human({ projects, onTerminal }, style, { 'names-only': namesOnly }) {
    if (namesOnly) return projects.map(({ name }) => `${cell(name)}\n`).join('')
    const rows = projects.map(({ name, description, current }) => [cell(name), cell(description), current ? '*' : ''])
    const fit = onTerminal ? { width: style.width, flexible: DESCRIPTION_COLUMN } : undefined
    return table(['NAME', 'DESCRIPTION', 'CURRENT'], rows, fit)
  },
  json: ({ projects }, { 'names-only': namesOnly }) =>
    projects.map(({ name, description, current, secrets }) =>
      namesOnly ? { name } : { name, ...(description && { description }), ...(current && { current }), secrets },
    ),
})
