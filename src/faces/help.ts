// Help of the whole program and of a group of commands. Pure text from descriptions; no I/O, no colour.
import type { Description } from './description.ts'
import { PLAIN_WIDTH, columns, wrap } from './layout.ts'

/** Which commands stand together in the overview; whatever is missing here comes under `More`. */
const THEMES: readonly { title: string; words: readonly string[] }[] = [
  { title: 'Begin', words: ['init', 'status', 'doctor', 'unlock', 'lock'] },
  { title: 'Secrets', words: ['set', 'get', 'list', 'search', 'generate', 'history', 'rollback', 'delete'] },
  { title: 'Use them', words: ['run', 'env', 'export', 'import'] },
  { title: 'Projects', words: ['projects create', 'projects list', 'projects use', 'projects delete'] },
  { title: 'Care', words: ['key rotate', 'backup', 'restore', 'audit', 'audit verify'] },
  { title: 'About', words: ['help', 'docs', 'completion', 'version'] },
]

/** What `tvault` and `tvault --help` print. */
export function rootHelp(descriptions: readonly Description[], width = PLAIN_WIDTH): string {
  const known = new Set(THEMES.flatMap(({ words }) => words))
  const more = descriptions.filter(({ path }) => !known.has(path)).map(({ path }) => path)
  const least = Math.max(...descriptions.map(({ path }) => path.length))
  const sections = [...THEMES, { title: 'More', words: more }].map(({ title, words }) => {
    const rows = words.flatMap((word) =>
      descriptions.filter(({ path }) => path === word).map(({ path, about }) => [path, about] as const),
    )
    return rows.length === 0 ? '' : `\n${title}:\n${columns(rows, { width, least })}`
  })
  return (
    'tvault keeps the secrets of your projects in one encrypted file on your disk.\n\n' +
    'Usage: tvault <command> [arguments] [flags]\n' +
    sections.join('') +
    '\nFirst steps:\n' +
    columns(
      [
        ['tvault init', 'make a vault'],
        ['tvault import .env', 'put a file of secrets into it'],
        ['tvault run -- npm start', 'run a program with them'],
      ],
      { width },
    ) +
    `\n${wrap('Flags of every command: --json, -p/--project <name>, --vault <dir>, -v/--verbose, -h/--help.', width)}` +
    'More: tvault help <command>, tvault docs\n'
  )
}

/** What a word prints that is only the beginning of commands, such as `tvault projects`. */
export function groupHelp(word: string, members: readonly Description[], width = PLAIN_WIDTH): string {
  const rows = members.map(({ path, about }) => [path, about] as const)
  return `Usage: tvault ${word} <command>\n\n${columns(rows, { width })}\nMore: tvault help ${word} <command>\n`
}
