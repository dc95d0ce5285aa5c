// What can be typed where, as rows that every shell's script turns into a `case`. No shell syntax here.
import { flags, positionals } from '../command-help.ts'
import type { Description, FieldDescription } from '../description.ts'
import { GLOBAL_FLAGS } from '../fields.ts'

/**
 * What stands in a place: `key`, `project`, `file`, `directory` or `command` (a program), `choice` with its words behind
 * it, or `nothing` that could be known.
 */
export type What = string

/** For words like `env --format`: when one of `patterns` was typed, `answer` holds. */
export interface Row<Answer> {
  patterns: readonly string[]
  answer: Answer
}

export interface Candidate {
  word: string
  about: string
}

export interface Tables {
  /** Words that name a command or begin one → the command's own words, or the same words for a beginning. */
  commands: readonly Row<string>[]
  /** Words typed so far → words that may follow. The first row is for none. */
  next: readonly Row<readonly Candidate[]>[]
  /** Command → its flags, those of every command included. */
  flags: readonly Row<readonly Candidate[]>[]
  /** `command --flag` or `command -f` → what its value is; only flags that take one. */
  values: readonly Row<What>[]
  /** `--flag` of every command → what its value is. */
  globalValues: readonly Row<What>[]
  /** `command 0` for its first argument → what it is; `command *` for all that follow. */
  places: readonly Row<What>[]
  /** `command n`: behind its nth argument everything belongs to another program. */
  rest: readonly string[]
}

/** Rows with the same body as one, and after them those with a `*`, which must not hide a row that says more. */
export function merge<Answer>(
  rows: readonly Row<Answer>[],
  body: (answer: Answer) => string,
): { patterns: readonly string[]; body: string }[] {
  const merged = new Map<string, string[]>()
  const wide: { patterns: readonly string[]; body: string }[] = []
  for (const { patterns, answer } of rows) {
    const made = body(answer)
    if (patterns.some((pattern) => pattern.includes('*'))) wide.push({ patterns, body: made })
    else merged.set(made, [...(merged.get(made) ?? []), ...patterns])
  }
  return [...[...merged].map(([made, patterns]) => ({ patterns, body: made })), ...wide]
}

/** The tables of these commands. */
export function tables(descriptions: readonly Description[]): Tables {
  const beginnings = new Set(
    descriptions.flatMap(({ path, aliases }) =>
      [path, ...aliases].flatMap((words) =>
        words
          .split(' ')
          .slice(0, -1)
          .map((_, i, all) => all.slice(0, i + 1).join(' ')),
      ),
    ),
  )
  for (const { path, aliases } of descriptions) for (const words of [path, ...aliases]) beginnings.delete(words)
  return {
    commands: [
      ...descriptions.map(({ path, aliases }) => ({ patterns: [path, ...aliases], answer: path })),
      ...[...beginnings].map((words) => ({ patterns: [words], answer: words })),
    ],
    next: nextWords(descriptions),
    flags: [
      ...descriptions.map((description) => ({
        patterns: [description.path],
        answer: flagsOf(description).map(({ name, about }) => ({ word: `--${name}`, about })),
      })),
      { patterns: ['*'], answer: GLOBAL_FLAGS.map(({ name, about }) => ({ word: `--${name}`, about })) },
    ],
    values: descriptions.flatMap((description) =>
      flags(description).flatMap((field) => {
        const typed = [`--${field.name}`, ...(field.short === undefined ? [] : [`-${field.short}`])]
        return field.kind === 'flag'
          ? []
          : [{ patterns: typed.map((flag) => `${description.path} ${flag}`), answer: whatOf(field) }]
      }),
    ),
    globalValues: GLOBAL_FLAGS.filter(({ kind }) => kind !== 'flag').map((field) => ({
      patterns: [`--${field.name}`, ...(field.short === undefined ? [] : [`-${field.short}`])],
      answer: whatOf(field),
    })),
    places: descriptions.flatMap(({ path, ...description }) =>
      positionals({ path, ...description }).flatMap((field) => {
        if (field.kind === 'rest')
          return [row(`${path} ${field.at}`, field.complete ?? 'command'), row(`${path} *`, 'file')]
        return [row(`${path} ${field.kind === 'list' ? '*' : field.at}`, whatOf(field))]
      }),
    ),
    rest: descriptions.flatMap(({ path, fields }) =>
      fields.flatMap(({ kind, at = 0 }) => (kind === 'rest' ? [`${path} ${at + 1}`] : [])),
    ),
  }
}

const row = <Answer>(pattern: string, answer: Answer): Row<Answer> => ({ patterns: [pattern], answer })

function flagsOf(description: Description): FieldDescription[] {
  const own = flags(description)
  const shadowed = new Set(own.map(({ name }) => name))
  return [...own, ...GLOBAL_FLAGS.filter(({ name }) => !shadowed.has(name))]
}

function whatOf({ complete, choices }: FieldDescription): What {
  if (choices !== undefined) return `choice ${choices.join(' ')}`
  return complete ?? 'nothing'
}

/** Aliases are understood but not offered at the first word, where they would only double the list. */
function nextWords(descriptions: readonly Description[]): Row<readonly Candidate[]>[] {
  const rows = new Map<string, Map<string, string>>([['', new Map()]])
  for (const { path, aliases, about } of descriptions) {
    for (const words of [path, ...aliases].map((typed) => typed.split(' '))) {
      const [last = ''] = words.slice(-1)
      const before = words.slice(0, -1).join(' ')
      if (words.length === 1 && words.join(' ') !== path) continue
      const known = rows.get(before) ?? new Map<string, string>()
      if (before === '' || path.endsWith(` ${last}`)) rows.set(before, known.set(last, about))
    }
    const [first = '', ...more] = path.split(' ')
    const top = rows.get('')
    if (more.length > 0 && top && !descriptions.some((other) => other.path === first)) {
      const known = top.get(first)
      top.set(first, [...(known === undefined ? [] : [known]), more.join(' ')].join(', '))
    }
  }
  for (const [before, word, about] of innerWords(descriptions)) {
    rows.set(before, (rows.get(before) ?? new Map<string, string>()).set(word, about))
  }
  return [...rows].map(([before, words]) => ({
    patterns: [before],
    answer: [...words].map(([word, about]) => ({ word, about })),
  }))
}

/** Words in the middle of commands that are none themselves, such as `group` behind `env`: what is before, the word, what follows. */
function innerWords(descriptions: readonly Description[]): [string, string, string][] {
  const following = new Map<string, Set<string>>()
  for (const { path } of descriptions) {
    const words = path.split(' ')
    for (let end = 2; end < words.length; end++) {
      const part = words.slice(0, end).join(' ')
      if (descriptions.some((other) => other.path === part)) continue
      following.set(part, (following.get(part) ?? new Set()).add(words[end] ?? ''))
    }
  }
  return [...following].map(([part, next]) => {
    const at = part.lastIndexOf(' ')
    return [part.slice(0, at), part.slice(at + 1), [...next].join(', ')]
  })
}
