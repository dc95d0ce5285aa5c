// The lines of .gitattributes by which paths are tracked (gitattributes(5)). Only these are changed; everything else in
// the file stays as it is, byte for byte. Text is one character for each byte here, because patterns are bytes to git.
import { latin1, utf8 } from '../lib/bytes.ts'
import { Failure } from '../lib/errors.ts'
import { lstatOrNothing, readSafely } from '../lib/files.ts'
import { printable } from '../lib/names.ts'
import { ATTRIBUTES_FILE, DRIVER } from './repository.ts'
import type { Repository } from './repository.ts'

/**
 * What a tracked pattern gets. `-text` keeps git from changing line ends in sealed bytes: a repository that says
 * `* text` would destroy every file in which CR and LF happen to follow each other.
 */
const TRACKING = [`filter=${DRIVER}`, `diff=${DRIVER}`, `merge=${DRIVER}`, '-text'] as const

/** The largest .gitattributes that git itself reads. */
const MAX_ATTRIBUTES_BYTES = 104_857_600

interface Line {
  pattern: string
  attributes: string[]
}

const ESCAPES: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '"': '"',
  '\\': '\\',
}

/** The bytes of the .gitattributes in the top directory; none when it is missing. Failure `failed` when it is a link. */
export function readAttributes(repository: Repository): Uint8Array {
  const path = repository.file(ATTRIBUTES_FILE)
  return lstatOrNothing(path) ? readSafely(path, MAX_ATTRIBUTES_BYTES) : new Uint8Array(0)
}

/** The patterns that are tracked, in the order of the file, each once. */
export function trackedPatterns(file: Uint8Array): string[] {
  const found = new Set<string>()
  for (const line of latin1(file).split('\n').map(parseLine)) {
    if (line !== undefined && isTracked(line)) found.add(decoded(line.pattern))
  }
  return [...found]
}

/**
 * `file` with lines for `patterns` at its end. A pattern that is tracked already only gets what its line lacks.
 * `added` and `completed` are those that were not there, or not complete. Failure `usage` for a pattern that git would
 * not take as it is meant.
 */
export function addTracking(
  file: Uint8Array,
  patterns: readonly string[],
): { file: Uint8Array; added: string[]; completed: string[] } {
  const lines = latin1(file).split('\n')
  const rest = lines.at(-1) === '' ? lines.splice(-1) : []
  const [added, completed]: [string[], string[]] = [[], []]
  for (const typed of new Set(patterns)) {
    const pattern = latin1(utf8(checkPattern(typed)))
    const at = lines.findLastIndex((line) => parseLine(line)?.pattern === pattern)
    const line = at < 0 ? undefined : parseLine(lines[at]!)
    if (line === undefined || !isTracked(line)) {
      lines.push(`${quoted(pattern)} ${TRACKING.join(' ')}`)
      added.push(typed)
      continue
    }
    const missing = TRACKING.filter((attribute) => !says(line, attribute))
    if (missing.length === 0) continue
    lines[at] = `${lines[at]!.trimEnd()} ${missing.join(' ')}`
    completed.push(typed)
  }
  if (added.length + completed.length === 0) return { file, added, completed }
  return { file: bytesOf(`${lines.join('\n')}${rest.length > 0 || added.length > 0 ? '\n' : ''}`), added, completed }
}

/** `file` with a last word that none of `names` is filtered: for files that git itself must be able to read. */
export function addExceptions(file: Uint8Array, names: readonly string[]): Uint8Array {
  const before = latin1(file)
  const line = before === '' || before.endsWith('\n') ? '' : '\n'
  return bytesOf(`${before}${line}${names.map((name) => `${name} !filter !diff !merge !text\n`).join('')}`)
}

/** `pattern`, or a usage failure when git would ignore it or take it for something else. */
function checkPattern(pattern: string): string {
  const refuse = (what: string, hint: string): never => {
    throw new Failure('usage', `${printable(pattern)} ${what}`, { hint })
  }
  if (pattern === '' || pattern.includes('\0')) refuse('is no pattern', 'for example: tvault git-filter track .env')
  if (pattern.startsWith('!')) refuse('excludes, which attributes cannot', 'track what is meant, pattern by pattern')
  if (pattern.startsWith('[attr]')) refuse('would define a macro', 'write \\[attr] for such a name')
  if (pattern.endsWith('/'))
    refuse('names a folder, and attributes are for files', `tvault git-filter track '${pattern}**'`)
  return pattern
}

function parseLine(line: string): Line | undefined {
  const text = line.replace(/^[ \t\r]+|[ \t\r]+$/g, '')
  if (text === '' || text.startsWith('#')) return undefined
  const quote = /^"((?:[^"\\]|\\[^])*)"/.exec(text)
  const bare = /^[^ \t\r]+/.exec(text)
  const [whole = '', inner] = quote ?? bare ?? []
  const pattern = inner === undefined ? whole : unquoted(inner)
  return {
    pattern,
    attributes: text
      .slice(whole.length)
      .split(/[ \t\r]+/)
      .filter((word) => word !== ''),
  }
}

/** Whether the last word of the line on the filter is ours. */
function isTracked(line: Line): boolean {
  return line.attributes.findLast((word) => /^[-!]?filter(?:=|$)/.test(word)) === TRACKING[0]
}

/** Whether the line has anything to say about what `attribute` sets; then it is meant so. */
function says(line: Line, attribute: string): boolean {
  const name = attribute.replace(/^-|=.*$/g, '')
  return line.attributes.some(
    (word) => word.replace(/^[-!]|=.*$/g, '') === name || (name === 'text' && word === 'binary'),
  )
}

function unquoted(inner: string): string {
  return inner.replace(/\\([0-3][0-7]{2}|[^])/g, (_, escape: string) =>
    /^\d/.test(escape) ? String.fromCharCode(Number.parseInt(escape, 8)) : (ESCAPES[escape] ?? escape),
  )
}

/** The pattern as git reads it back. */
function quoted(pattern: string): string {
  // oxlint-disable-next-line no-control-regex
  if (!/[\x00-\x20"\x7f]/.test(pattern) && !pattern.startsWith('#')) return pattern
  // oxlint-disable-next-line no-control-regex
  const inner = pattern.replace(/[\x00-\x1f"\\\x7f]/g, (c) => {
    const letter = Object.keys(ESCAPES).find((name) => ESCAPES[name] === c)
    return `\\${letter ?? c.charCodeAt(0).toString(8).padStart(3, '0')}`
  })
  return `"${inner}"`
}

function bytesOf(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'latin1'))
}

function decoded(pattern: string): string {
  return new TextDecoder().decode(bytesOf(pattern))
}
