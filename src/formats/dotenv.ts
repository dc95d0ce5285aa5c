// Reads dotenv text. It works on bytes, because values may be any bytes and must never become strings, and it
// expands nothing: no $VAR, no command, ever. What is not understood is reported and left out, never guessed.
import { isKey } from '../lib/names.ts'
import { Secret } from '../lib/secret.ts'
import { CR, LF, SPACE, TAB, trim, type Span } from './blanks.ts'

/** One assignment that counts. `value` belongs to the caller, who wipes it. */
export interface DotenvEntry {
  key: string
  value: Secret
  /** Line of the key, from 1. */
  line: number
  /** Where the value stands in the file, quotes included; for writers that keep the layout. */
  at: Span
}

/** Something to tell about a line. Never holds a value, nor text that could be a part of one. */
export interface DotenvNote {
  line: number
  key?: string
  /** `skipped`: the line was not taken. `redefined`: a later line for the same key replaced an earlier one. */
  kind: 'skipped' | 'redefined'
  message: string
}

export interface Dotenv {
  /** One entry per key, sorted bytewise by key; of several lines for one key the last counts. */
  entries: DotenvEntry[]
  /** In the order of the file. */
  notes: DotenvNote[]
}

/** The note about a quote that nothing closes. */
export const UNTERMINATED = 'skipped unterminated quoted value'

const HASH = 0x23
const DOUBLE = 0x22
const SINGLE = 0x27
const EQUALS = 0x3d
const BACKSLASH = 0x5c
/** What may follow a backslash inside double quotes, and what the two stand for. Any other pair stays as it is. */
const ESCAPES: ReadonlyMap<number, number> = new Map([
  [0x6e, LF],
  [0x72, CR],
  [0x74, TAB],
  [DOUBLE, DOUBLE],
  [BACKSLASH, BACKSLASH],
  [0x24, 0x24],
  [0x60, 0x60],
])

/**
 * Entries and notes of a dotenv file (grammar: topic `formats`; differences from the peer: topic `compatibility`).
 * Takes the bytes of the file, which stay the caller's to wipe; throws nothing. Time is linear in the size.
 */
export function parseDotenv(file: Uint8Array): Dotenv {
  const found = new Map<string, DotenvEntry>()
  const notes: DotenvNote[] = []
  let line = 1
  let at = file[0] === 0xef && file[1] === 0xbb && file[2] === 0xbf ? 3 : 0
  while (at < file.length) {
    const end = lineEnd(file, at)
    const taken = readLine(file, at, end)
    let next = end + 1
    if (taken !== undefined && 'problem' in taken) {
      notes.push({
        line,
        ...(taken.key === undefined ? {} : { key: taken.key }),
        kind: 'skipped',
        message: taken.problem,
      })
    } else if (taken !== undefined) {
      const { key, value, span } = taken
      const earlier = found.get(key)
      if (earlier !== undefined) {
        earlier.value.wipe()
        notes.push({ line, key, kind: 'redefined', message: 'key redefined in file; last value wins' })
      }
      found.set(key, { key, value, line, at: span })
      next = lineEnd(file, span.to) + 1
    }
    line += countLines(file, at, next)
    at = next
  }
  const entries = [...found.values()].sort((a, b) => (a.key < b.key ? -1 : 1))
  return { entries, notes }
}

type Taken = { key: string; value: Secret; span: Span } | { problem: string; key?: string } | undefined

/** What the line `from`…`end` says; a quoted value may go on over later lines. Undefined for blank lines and comments. */
function readLine(file: Uint8Array, from: number, end: number): Taken {
  let { from: start, to } = trim(file, from, end)
  if (start === to || file[start] === HASH) return undefined
  if (startsWithExport(file, start, to)) ({ from: start, to } = trim(file, start + 6, to))
  const equals = indexBefore(file, EQUALS, start, to)
  if (equals <= start) return { problem: 'skipped unsupported line without KEY=VALUE assignment' }
  const name = trim(file, start, equals)
  // The text is not shown: in a broken multi-line value this "name" is a piece of the value.
  const key = name.to - name.from <= 255 ? String.fromCharCode(...file.subarray(name.from, name.to)) : ''
  if (!isKey(key)) return { problem: 'skipped line whose name is not a valid secret key' }
  const raw = trim(file, equals + 1, to)
  const first = raw.from < raw.to ? file[raw.from] : undefined
  if (first === DOUBLE || first === SINGLE) return readQuoted(file, key, raw.from, first)
  const span = { from: raw.from, to: endOfBare(file, raw) }
  // A copy, also of a Buffer, whose slice would be the same memory.
  return { key, value: new Secret(new Uint8Array(file.subarray(span.from, span.to))), span }
}

/** `export` and then a space or a tab, the ways a shell allows it. */
function startsWithExport(file: Uint8Array, at: number, end: number): boolean {
  const word = [0x65, 0x78, 0x70, 0x6f, 0x72, 0x74]
  return (
    end - at > 6 && word.every((byte, i) => file[at + i] === byte) && (file[at + 6] === SPACE || file[at + 6] === TAB)
  )
}

/** The value without its comment: a `#` counts at the start and after a space or tab. */
function endOfBare(file: Uint8Array, raw: Span): number {
  for (let i = raw.from; i < raw.to; i++) {
    const before = file[i - 1]
    if (file[i] === HASH && (i === raw.from || before === SPACE || before === TAB)) return trim(file, raw.from, i).to
  }
  return raw.to
}

/** A value in quotes that opens at `open`. After the closing quote only blanks and a comment may stand. */
function readQuoted(file: Uint8Array, key: string, open: number, quote: number): Taken {
  const close = closingQuote(file, open + 1, quote)
  if (close === -1) return { key, problem: UNTERMINATED }
  const end = lineEnd(file, close)
  const rest = trim(file, close + 1, end)
  if (rest.from < rest.to && file[rest.from] !== HASH) {
    const sameLine = lineEnd(file, open) === end
    return {
      key,
      problem: sameLine ? 'skipped value with text after its closing quote' : UNTERMINATED,
    }
  }
  // In a file with Windows line ends the lines of the value end that way too, and the value means LF. The line on
  // which the value ends tells which kind of file it is; our own printer always ends it with a bare LF.
  const windows = end === file.length || file[end - 1] === CR
  const value = unquote(file.subarray(open + 1, close), quote === DOUBLE, windows)
  return { key, value, span: { from: open, to: close + 1 } }
}

function closingQuote(file: Uint8Array, from: number, quote: number): number {
  for (let i = from; i < file.length; i++) {
    if (file[i] === quote) return i
    if (quote === DOUBLE && file[i] === BACKSLASH) i++
  }
  return -1
}

/** The bytes that stand between the quotes, escapes resolved and, if asked, CR LF as LF. */
function unquote(inner: Uint8Array, escapes: boolean, windows: boolean): Secret {
  const whole = new Uint8Array(inner.length)
  let size = 0
  for (let i = 0; i < inner.length; i++) {
    let byte = inner[i]!
    if (windows && byte === CR && inner[i + 1] === LF) continue
    if (escapes && byte === BACKSLASH) {
      const stands = ESCAPES.get(inner[i + 1] ?? -1)
      if (stands !== undefined) {
        byte = stands
        i++
      }
    }
    whole[size++] = byte
  }
  const value = new Secret(whole.slice(0, size))
  whole.fill(0)
  return value
}

/** Position of the LF that ends the line of `at`, or the size of the file. */
function lineEnd(file: Uint8Array, at: number): number {
  const found = file.indexOf(LF, at)
  return found === -1 ? file.length : found
}

function indexBefore(file: Uint8Array, byte: number, from: number, to: number): number {
  for (let i = from; i < to; i++) if (file[i] === byte) return i
  return -1
}

function countLines(file: Uint8Array, from: number, to: number): number {
  let lines = 0
  for (let i = from; i < to; i++) if (file[i] === LF) lines++
  return lines
}
