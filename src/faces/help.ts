// Help of the whole program and of a group of commands. Pure text from descriptions; no I/O, no colour.
import type { Description } from './description.ts'
import { PLAIN_WIDTH, columns, wrap } from './layout.ts'

/**
 * Which commands stand together in the overview. A word with ` *` behind it stands for all commands that begin so, in
 * one row. Whatever is missing here comes under `More`.
 */
const THEMES: readonly { title: string; words: readonly string[] }[] = [
  { title: 'Begin', words: ['init', 'migrate', 'status', 'doctor', 'unlock', 'lock', 'agent *'] },
  {
    title: 'Secrets',
    words: ['set', 'get', 'list', 'search', 'generate', 'history', 'rollback', 'copy', 'move', 'delete'],
  },
  { title: 'Give them to programs', words: ['run', 'env', 'docker *', 'ssh', 'shell-init', 'hook', 'hook *'] },
  { title: 'Files', words: ['import', 'export', 'diff', 'sync *', 'sync'] },
  { title: 'Projects and environments', words: ['projects *', 'env *'] },
  {
    title: 'Share',
    words: ['identity *', 'seal', 'open', 'encrypt-env', 'decrypt-env', 'git-filter *', 'k8s *', 'ci *'],
  },
  { title: 'Care', words: ['key *', 'backup', 'restore', 'audit', 'audit *'] },
  { title: 'About', words: ['help', 'docs', 'completion', 'version', 'self-update'] },
]

/** What a beginner types, for both forms of help. */
const FIRST_STEPS = [
  ['tvault init', 'make a vault'],
  ['tvault import .env', 'put a file of secrets into it'],
  ['tvault set API_KEY', 'or one secret, asked for without showing it'],
  ['tvault run -- npm start', 'run a program with them'],
] as const

const PURPOSE = 'tvault keeps the secrets of your projects in one encrypted file on your disk.\n\n'

/** What `tvault` alone prints: enough to begin, and where there is more (W49). */
export function shortHelp(width = PLAIN_WIDTH): string {
  return (
    `${PURPOSE}Usage: tvault <command> [arguments] [flags]\n\nFirst steps:\n${columns(FIRST_STEPS, { width })}` +
    `\nMore:\n${columns(
      [
        ['tvault help', 'all commands'],
        ['tvault help <command>', 'one command with its flags'],
        ['tvault help recipes', 'common tasks, to copy'],
        ['tvault status', 'which vault is meant here, and its state'],
      ],
      { width },
    )}`
  )
}

/** What `tvault help` and `tvault --help` print. */
export function rootHelp(descriptions: readonly Description[], width = PLAIN_WIDTH): string {
  const shown = new Set<string>()
  const rowsOf = (word: string): (readonly [string, string])[] => {
    const group = word.endsWith(' *') ? word.slice(0, -2) : undefined
    const members = descriptions.filter(({ path }) =>
      group === undefined ? path === word : path.startsWith(`${group} `),
    )
    const fresh = members.filter(({ path }) => !shown.has(path))
    for (const { path } of fresh) shown.add(path)
    if (group === undefined || fresh.length === 1) return fresh.map(({ path, about }) => [path, about] as const)
    return fresh.length === 0 ? [] : [[`${group} …`, nextWords(group, fresh).join(', ')]]
  }
  const sections = THEMES.map(({ title, words }) => ({ title, rows: words.flatMap(rowsOf) }))
  const rest = descriptions.flatMap(({ path, about }) => (shown.has(path) ? [] : [[path, about] as const]))
  const all = [...sections, { title: 'More', rows: rest }].filter(({ rows }) => rows.length > 0)
  const least = Math.max(...all.flatMap(({ rows }) => rows.map(([name]) => name.length)))
  return (
    `${PURPOSE}Usage: tvault <command> [arguments] [flags]\n` +
    all.map(({ title, rows }) => `\n${title}:\n${columns(rows, { width, least })}`).join('') +
    `\nFirst steps:\n${columns(FIRST_STEPS, { width })}` +
    `\n${wrap('Flags of every command: --json, -p/--project <name>, --vault <dir>, -v/--verbose, -h/--help.', width)}` +
    'More: tvault help <command>, tvault help topics, tvault docs\n'
  )
}

/** The words that follow `group` in these paths, each once. */
function nextWords(group: string, members: readonly Description[]): string[] {
  return [...new Set(members.map(({ path }) => path.slice(group.length + 1).split(' ')[0] ?? ''))]
}

/** What a word prints that is only the beginning of commands, such as `tvault projects`. */
export function groupHelp(word: string, members: readonly Description[], width = PLAIN_WIDTH): string {
  const rows = members.map(({ path, about }) => [path, about] as const)
  return `Usage: tvault ${word} <command>\n\n${columns(rows, { width })}\nMore: tvault help ${word} <command>\n`
}
