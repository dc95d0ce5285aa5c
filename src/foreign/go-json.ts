// One JSON object of the Go TinyVault, taken apart field by field. A missing field, one of another type or one that
// nobody knows is damage, never a default: a changed letter in a name must not make a project or a recipient vanish.
import { text } from '../lib/bytes.ts'
import { Failure } from '../lib/errors.ts'
import { printable } from '../lib/names.ts'
import { damage } from './bbolt.ts'
import type { Nanoseconds } from '../lib/time.ts'
import type { Tell } from './bbolt.ts'

/** The last moment that 64 bits of nanoseconds hold. */
const LATEST = 0xffffffffffffffffn

export class Fields {
  /** The record, for messages: `secret A of project web`. */
  readonly what: string
  readonly #fields: ReadonlyMap<string, unknown>

  /** Throws `corrupt` for what is no JSON object. Fields outside of `known` are told, and may be passed over. */
  constructor(what: string, json: Uint8Array, known: readonly string[], tell: Tell) {
    this.what = what
    this.#fields = new Map(Object.entries(parseObject(what, json)))
    for (const name of this.#fields.keys()) {
      if (!known.includes(name)) tell(this.wrong(`has the field ${printable(name)}, which this version does not know`))
    }
  }

  /** A `corrupt` failure about this record. */
  wrong(how: string): Failure {
    return damage(`${this.what} ${how}`)
  }

  /** False for null too, which is how Go writes what is not there. */
  has(name: string): boolean {
    return (this.#fields.get(name) ?? undefined) !== undefined
  }

  text(name: string): string {
    const value = this.#fields.get(name)
    // Half a surrogate pair is no text: as bytes it would come back as something else.
    if (typeof value === 'string') return value.toWellFormed()
    throw this.wrong(`has no ${name}`)
  }

  /** An empty text when the field is not there: Go leaves empty ones out. */
  textOrEmpty(name: string): string {
    return this.has(name) ? this.text(name) : ''
  }

  /** Bytes in padded base64, `size` of them or at least `least`. */
  bytes(name: string, bounds: { size: number } | { least: number }): Uint8Array {
    return decodeBase64(this, name, this.text(name), bounds)
  }

  /** A whole number from 1 to `most`. */
  count(name: string, most: number): number {
    const value = this.#fields.get(name)
    if (typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= most) return value
    throw this.wrong(`has no valid ${name}`)
  }

  time(name: string): Nanoseconds {
    const moment = parseTime(this.text(name))
    if (moment === undefined) throw this.wrong(`has no valid ${name}`)
    return moment
  }

  /** The objects of a list; none when the field is not there. */
  list(name: string): Record<string, unknown>[] {
    const value = this.#fields.get(name) ?? []
    if (Array.isArray(value) && value.every(isObject)) return value
    throw this.wrong(`has no valid ${name}`)
  }

  /** The entries of an object; none when the field is not there. */
  entries(name: string): [string, unknown][] {
    const value = this.#fields.get(name) ?? {}
    if (isObject(value)) return Object.entries(value)
    throw this.wrong(`has no valid ${name}`)
  }
}

/** Throws `corrupt` when `value` is no base64 of the wanted size. */
export function decodeBase64(
  record: Fields,
  name: string,
  value: unknown,
  bounds: { size: number } | { least: number },
): Uint8Array {
  let bytes: Uint8Array | undefined
  try {
    if (typeof value === 'string') bytes = Uint8Array.fromBase64(value, { lastChunkHandling: 'strict' })
  } catch {
    bytes = undefined
  }
  const fits = 'size' in bounds ? bytes?.length === bounds.size : (bytes?.length ?? -1) >= bounds.least
  if (bytes && fits) return bytes
  throw record.wrong(`has no valid ${name}`)
}

/** A time as Go writes it (RFC 3339 with up to nine digits of fraction), exactly; undefined for everything else. */
export function parseTime(written: string): Nanoseconds | undefined {
  const parts = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)$/.exec(written)
  if (!parts?.[1]) return undefined
  const local = Date.parse(`${parts[1]}Z`)
  // Some days that do not exist are read as the day after.
  if (Number.isNaN(local) || !new Date(local).toISOString().startsWith(parts[1])) return undefined
  const milliseconds = Date.parse(`${parts[1]}${parts[3]}`)
  if (Number.isNaN(milliseconds)) return undefined
  const moment = BigInt(milliseconds) * 1_000_000n + BigInt((parts[2] ?? '').padEnd(9, '0'))
  return moment >= 0n && moment <= LATEST ? moment : undefined
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function parseObject(what: string, json: Uint8Array): Record<string, unknown> {
  const words = text(json)
  try {
    const value: unknown = words === undefined ? undefined : JSON.parse(words)
    if (isObject(value)) return value
  } catch {
    // Said below, without the words of the parser: they would quote the record.
  }
  throw damage(`${what} is not readable`)
}
