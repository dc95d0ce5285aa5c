// A change that is made up before the lock is taken. To seal very many values takes seconds, in which nobody else could
// write, not even the audit row of a reader; to put finished rows takes a fifth of that.
import { compare } from '../lib/bytes.ts'
import type { Range, Reader, Row, Span, TableName, Writer } from '../store/store.ts'

/** A row as it was found, or as it shall be; undefined where there is none. */
type Entry = readonly [table: TableName, key: Uint8Array, value: Uint8Array | undefined]

/**
 * Keeps what is written and changes nothing: whoever looks sees the rows of `under`, never those that were written here.
 * Good for one snapshot.
 */
export class Draft implements Writer {
  readonly #under: Reader
  /** What `get` found. */
  readonly #found: Entry[] = []
  readonly #written: Entry[] = []

  constructor(under: Reader) {
    this.#under = under
  }

  get(table: TableName, key: Uint8Array): Uint8Array | undefined {
    const value = this.#under.get(table, key)
    this.#found.push([table, key, value])
    return value?.slice()
  }

  range(table: TableName, range?: Range): Iterable<Row> {
    return this.#under.range(table, range)
  }

  keys(table: TableName, range?: Range): Iterable<Uint8Array> {
    return this.#under.keys(table, range)
  }

  count(table: TableName, span?: Span): number {
    return this.#under.count(table, span)
  }

  put(table: TableName, key: Uint8Array, value: Uint8Array): void {
    this.#written.push([table, key, value])
  }

  delete(table: TableName, key: Uint8Array): void {
    this.#written.push([table, key, undefined])
  }

  /** Whether all that `get` found is in `now` as it was. */
  isTrueOf(now: Reader): boolean {
    return this.#found.every(([table, key, value]) => {
      const present = now.get(table, key)
      return present && value ? compare(present, value) === 0 : present === value
    })
  }

  /** Writes what was written here. */
  applyTo(writer: Writer): void {
    for (const [table, key, value] of this.#written) {
      if (value) writer.put(table, key, value)
      else writer.delete(table, key)
    }
  }
}
