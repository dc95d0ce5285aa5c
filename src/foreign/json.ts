// Reads JSON (RFC 8259) as places in its bytes: a text is decoded only when it is asked for, so that wiping the file
// wipes the values, and a number keeps its digits. Strict, bounded in depth and size, and no name stands twice.
import { isUtf8 } from 'node:buffer'
import { Failure } from '../lib/errors.ts'
import { printable } from '../lib/names.ts'
import { lineEnds, lineOf } from './lines.ts'

/** A value and where it stands: `from` is its first byte, `to` the byte behind it. */
export type Json = { from: number; to: number } & (
  | { kind: 'text'; escaped: boolean }
  | { kind: 'number' | 'true' | 'false' | 'null' }
  | { kind: 'list'; items: Json[] }
  | { kind: 'map'; members: Map<string, Json> }
)

const MAX_DEPTH = 100
/** Values of one file; each takes some tens of bytes beside the file. */
const MAX_VALUES = 2_000_000

const DECODER = new TextDecoder('utf-8', { ignoreBOM: true })
const QUOTE = 0x22
const BACKSLASH = 0x5c
const ESCAPES: ReadonlyMap<number, number> = new Map([
  [0x22, 0x22],
  [0x5c, 0x5c],
  [0x2f, 0x2f],
  [0x62, 0x08],
  [0x66, 0x0c],
  [0x6e, 0x0a],
  [0x72, 0x0d],
  [0x74, 0x09],
])
const NUMBER = /^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/
/** A longer one is none that anybody meant. */
const LONGEST_NUMBER = 64

/** A parsed file. Everything it gives out beside `text` is a copy that belongs to the caller. */
export class JsonFile {
  readonly #bytes: Uint8Array
  readonly root: Json
  #ends: readonly number[] | undefined

  constructor(bytes: Uint8Array, root: Json) {
    this.#bytes = bytes
    this.root = root
  }

  /** The value behind one name after the other, or undefined when one is missing. */
  at(node: Json | undefined, ...names: readonly string[]): Json | undefined {
    let found = node
    for (const name of names) found = found?.kind === 'map' ? found.members.get(name) : undefined
    return found
  }

  items(node: Json | undefined): readonly Json[] {
    return node?.kind === 'list' ? node.items : []
  }

  members(node: Json | undefined): [string, Json][] {
    return node?.kind === 'map' ? [...node.members] : []
  }

  /** A text as a string, for names and other things that are no secret; '' when it is none. */
  text(node: Json | undefined): string {
    if (node?.kind !== 'text') return ''
    const bytes = this.value(node)
    return DECODER.decode(bytes)
  }

  /** The bytes of a text; digits, `true` and `false` as they stand; JSON for lists and maps; none for null. */
  value(node: Json | undefined): Uint8Array {
    if (node === undefined || node.kind === 'null') return new Uint8Array(0)
    if (node.kind !== 'text') return this.#bytes.slice(node.from, node.to)
    const inner = this.#bytes.subarray(node.from + 1, node.to - 1)
    return node.escaped ? unescape(inner) : inner.slice()
  }

  /** The line, from 1, on which a value begins. Quick also when many are asked for. */
  line(node: Json): number {
    this.#ends ??= lineEnds(this.#bytes)
    let [low, high] = [0, this.#ends.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.#ends[middle]! < node.from) low = middle + 1
      else high = middle
    }
    return low + 1
  }
}

/**
 * Parses the bytes of `path`, which must stay as they are while the result is in use. Throws `failed` naming line and
 * column of what is no JSON, of a name that stands twice in one object, and of nesting beyond 100 levels.
 */
export function parseJson(bytes: Uint8Array, path: string): JsonFile {
  let at = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0
  let values = 0
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)

  function fail(what: string, place = at): never {
    const line = lineOf(bytes, place)
    const column = place === 0 ? 1 : place - bytes.lastIndexOf(0x0a, place - 1)
    throw new Failure('failed', `${printable(path)} is not valid JSON: line ${line}, column ${column}: ${what}`)
  }

  function blanks(): void {
    for (let byte = bytes[at]; byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09; byte = bytes[at]) at++
  }

  function value(depth: number): Json {
    if (depth > MAX_DEPTH) fail(`nested deeper than ${MAX_DEPTH} levels`)
    if (++values > MAX_VALUES) fail(`more than ${MAX_VALUES} values`)
    blanks()
    const byte = bytes[at]
    if (byte === QUOTE) return string()
    if (byte === 0x7b) return map(depth)
    if (byte === 0x5b) return list(depth)
    for (const kind of ['true', 'false', 'null'] as const)
      if (word(kind)) return { kind, from: at - kind.length, to: at }
    return number()
  }

  function word(text: string): boolean {
    for (let i = 0; i < text.length; i++) if (bytes[at + i] !== text.charCodeAt(i)) return false
    at += text.length
    return true
  }

  function number(): Json {
    const from = at
    while (at - from < LONGEST_NUMBER && isNumeric(bytes[at])) at++
    const digits = view.toString('latin1', from, at)
    if (digits === '') fail(at >= bytes.length ? 'the file ends early' : 'a value is expected')
    const length = NUMBER.exec(digits)?.[0].length ?? 0
    if (length === LONGEST_NUMBER) fail('a number is too long', from)
    if (length === 0) fail('a value is expected', from)
    at = from + length
    return { kind: 'number', from, to: at }
  }

  function string(): Json & { kind: 'text' } {
    const from = at
    let escaped = false
    for (at++; ; at++) {
      const byte = bytes[at]
      if (byte === undefined) fail('a text is not closed', from)
      if (byte === QUOTE) break
      if (byte < 0x20) fail('a control character stands in a text')
      if (byte !== BACKSLASH) continue
      escaped = true
      at++
      if (bytes[at] === 0x75) escapedUnit()
      else if (!ESCAPES.has(bytes[at] ?? -1)) fail('an unknown escape stands in a text')
    }
    at++
    return { kind: 'text', from, to: at, escaped }
  }

  /** Checks `uXXXX`, and that the half of a pair has its other half. Leaves `at` on the last digit. */
  function escapedUnit(): void {
    const first = unit(bytes, at + 1)
    if (first === undefined) fail('an unknown escape stands in a text')
    at += 4
    if (first < 0xd800 || first > 0xdfff) return
    const second = bytes[at + 1] === BACKSLASH && bytes[at + 2] === 0x75 ? unit(bytes, at + 3) : undefined
    if (first > 0xdbff || second === undefined || second < 0xdc00 || second > 0xdfff)
      fail('half a character is escaped')
    at += 6
  }

  function list(depth: number): Json {
    const from = at++
    const items: Json[] = []
    blanks()
    if (bytes[at] !== 0x5d) {
      do {
        items.push(value(depth + 1))
        blanks()
      } while (bytes[at] === 0x2c && at++ >= 0)
      if (bytes[at] !== 0x5d) fail('a comma or ] is expected')
    }
    at++
    return { kind: 'list', from, to: at, items }
  }

  function map(depth: number): Json {
    const from = at++
    const members = new Map<string, Json>()
    blanks()
    if (bytes[at] !== 0x7d) {
      do {
        blanks()
        if (bytes[at] !== QUOTE) fail('a name in quotes is expected')
        const start = at
        const name = nameOf(string())
        blanks()
        if (bytes[at] !== 0x3a) fail('a colon is expected')
        at++
        if (members.has(name)) fail(`the name ${printable(JSON.stringify(name))} stands twice`, start)
        members.set(name, value(depth + 1))
        blanks()
      } while (bytes[at] === 0x2c && at++ >= 0)
      if (bytes[at] !== 0x7d) fail('a comma or } is expected')
    }
    at++
    return { kind: 'map', from, to: at, members }
  }

  function nameOf({ from, to, escaped }: Json & { kind: 'text' }): string {
    if (!escaped) return view.toString('utf8', from + 1, to - 1)
    return DECODER.decode(unescape(bytes.subarray(from + 1, to - 1)))
  }

  if (!isUtf8(bytes)) throw new Failure('failed', `${printable(path)} is not valid JSON: it is not UTF-8 text`)
  const root = value(0)
  blanks()
  if (at < bytes.length) fail('something stands behind the end')
  return new JsonFile(bytes, root)
}

/** Whether the first byte that is no blank opens an object or a list. */
export function looksLikeJson(bytes: Uint8Array): boolean {
  let at = bytes[0] === 0xef ? 3 : 0
  while (at < bytes.length && bytes[at]! <= 0x20) at++
  return bytes[at] === 0x7b || bytes[at] === 0x5b
}

const parsed = new WeakMap<Uint8Array, JsonFile | Failure>()

/** `parseJson`, once for each array of bytes: several importers look at the same file. */
export function jsonOf(bytes: Uint8Array, path: string): JsonFile {
  let known = parsed.get(bytes)
  if (known === undefined) {
    try {
      known = parseJson(bytes, path)
    } catch (error) {
      if (!(error instanceof Failure)) throw error
      known = error
    }
    parsed.set(bytes, known)
  }
  if (known instanceof Failure) throw known
  return known
}

/** The file as JSON, or undefined when it is none. */
export function maybeJson(bytes: Uint8Array, path: string): JsonFile | undefined {
  if (!looksLikeJson(bytes)) return undefined
  try {
    return jsonOf(bytes, path)
  } catch {
    return undefined
  }
}

/** Digits, signs, point, and the letter of the exponent. */
function isNumeric(byte: number | undefined): boolean {
  if (byte === undefined) return false
  return (byte >= 0x30 && byte <= 0x39) || [0x2b, 0x2d, 0x2e, 0x45, 0x65].includes(byte)
}

/** The UTF-16 unit of four hex digits. */
function unit(bytes: Uint8Array, at: number): number | undefined {
  let value = 0
  for (let i = at; i < at + 4; i++) {
    const digit = Number.parseInt(String.fromCharCode(bytes[i] ?? 0x20), 16)
    if (Number.isNaN(digit)) return undefined
    value = value * 16 + digit
  }
  return value
}

/** The bytes of a checked text without its escapes. */
function unescape(inner: Uint8Array): Uint8Array {
  const whole = new Uint8Array(inner.length)
  let size = 0
  for (let i = 0; i < inner.length; i++) {
    const byte = inner[i]!
    if (byte !== BACKSLASH) {
      whole[size++] = byte
      continue
    }
    const kind = inner[++i]!
    if (kind !== 0x75) {
      whole[size++] = ESCAPES.get(kind)!
      continue
    }
    let point = unit(inner, i + 1)!
    i += 4
    if (point >= 0xd800 && point <= 0xdfff) {
      point = 0x10000 + ((point - 0xd800) << 10) + (unit(inner, i + 3)! - 0xdc00)
      i += 6
    }
    size += encodePoint(point, whole, size)
  }
  const bytes = whole.slice(0, size)
  whole.fill(0)
  return bytes
}

/** Writes the UTF-8 of `point` (RFC 3629 section 3) and returns how many bytes it has. An escape is never shorter. */
function encodePoint(point: number, into: Uint8Array, at: number): number {
  if (point < 0x80) {
    into[at] = point
    return 1
  }
  const size = point < 0x800 ? 2 : point < 0x10000 ? 3 : 4
  const lead = [0, 0, 0xc0, 0xe0, 0xf0][size]!
  for (let i = size - 1; i > 0; i--) {
    into[at + i] = 0x80 | (point & 0x3f)
    point >>= 6
  }
  into[at] = lead | point
  return size
}
