// Help of the whole program and of a group of commands. Pure text from descriptions; no I/O, no colour.
import type { Description } from './description.ts'

/** Which commands stand together in the overview; whatever is missing here comes under `More`. */
const THEMES: readonly { title: string; words: readonly string[] }[] = [
  { title: 'Begin', words: ['init', 'status', 'doctor', 'unlock', 'lock'] },
  { title: 'Secrets', words: ['set', 'get', 'list', 'search', 'generate', 'history', 'rollback', 'delete'] },
  { title: 'Use them', words: ['run', 'env', 'export', 'import'] },
  { title: 'Projects', words: ['projects create', 'projects list', 'projects use', 'projects delete'] },
  { title: 'Care', words: ['key rotate', 'backup', 'restore', 'audit', 'audit verify'] },
  { title: 'About', words: ['help', 'docs', 'completion', 'version'] },
]

/** Two columns: names padded to the widest, then what they do. */
export function columns(rows: readonly (readonly [string, string])[], indent = '  '): string {
  const width = Math.max(0, ...rows.map(([name]) => name.length))
  return rows.map(([name, about]) => `${indent}${name.padEnd(width)}  ${about}`.trimEnd() + '\n').join('')
}

/** Lines of at most `width` columns, each after `indent`. */
export function wrap(text: string, width = 100, indent = ''): string {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(/\s+/).filter(Boolean)) {
    if (line !== '' && indent.length + line.length + 1 + word.length > width) {
      lines.push(line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  if (line !== '') lines.push(line)
  return lines.map((made) => `${indent}${made}\n`).join('')
}

/** What `tvault` and `tvault --help` print. */
export function rootHelp(descriptions: readonly Description[]): string {
  const known = new Set(THEMES.flatMap(({ words }) => words))
  const more = descriptions.filter(({ path }) => !known.has(path)).map(({ path }) => path)
  const sections = [...THEMES, { title: 'More', words: more }].map(({ title, words }) => {
    const rows = words.flatMap((word) =>
      descriptions.filter(({ path }) => path === word).map(({ path, about }) => [path, about] as const),
    )
    return rows.length === 0 ? '' : `\n${title}:\n${columns(rows)}`
  })
  return (
    'tvault keeps the secrets of your projects in one encrypted file on your disk.\n\n' +
    'Usage: tvault <command> [arguments] [flags]\n' +
    sections.join('') +
    '\nFirst steps:\n' +
    columns([
      ['tvault init', 'make a vault'],
      ['tvault import .env', 'put a file of secrets into it'],
      ['tvault run -- npm start', 'run a program with them'],
    ]) +
    '\nFlags of every command: --json  -p/--project <name>  --vault <dir>  -v/--verbose  -h/--help\n' +
    'More: tvault help <command>, tvault docs\n'
  )
}

/** What a word prints that is only the beginning of commands, such as `tvault projects`. */
export function groupHelp(word: string, members: readonly Description[]): string {
  return `Usage: tvault ${word} <command>\n\n${columns(members.map(({ path, about }) => [path, about]))}\nMore: tvault help ${word} <command>\n`
}
