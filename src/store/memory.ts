// A store that lives in memory: for tests and throw-away vaults. It keeps every promise of store.ts but durability.
import { compare } from '../lib/bytes.ts'
import { Failure } from '../lib/errors.ts'
import type { OpenOptions, Range, Reader, Row, Span, Store, TableName, Writer } from './store.ts'

type Tables = Map<TableName, Row[]>

/** Index of the first row whose key is not below `key`. */
function position(rows: readonly Row[], key: Uint8Array): number {
  let low = 0
  let high = rows.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (compare(rows[middle]!.key, key) < 0) low = middle + 1
    else high = middle
  }
  return low
}

/** Reads and writes one set of tables. */
class Rows implements Writer {
  readonly tables: Tables

  constructor(tables: Tables) {
    this.tables = tables
  }

  #rows(table: TableName): Row[] {
    const rows = this.tables.get(table)
    if (rows === undefined) throw new Error(`unknown table ${table}`)
    return rows
  }

  get(table: TableName, key: Uint8Array): Uint8Array | undefined {
    const rows = this.#rows(table)
    const row = rows[position(rows, key)]
    return row !== undefined && compare(row.key, key) === 0 ? row.value.slice() : undefined
  }

  *range(table: TableName, range: Range = {}): Iterable<Row> {
    const chosen = this.#within(table, range)
    if (range.reverse === true) chosen.reverse()
    for (const row of chosen.slice(0, range.limit)) yield { key: row.key.slice(), value: row.value.slice() }
  }

  *keys(table: TableName, range: Range = {}): Iterable<Uint8Array> {
    for (const row of this.range(table, range)) yield row.key
  }

  count(table: TableName, span: Span = {}): number {
    return this.#within(table, span).length
  }

  #within(table: TableName, { from, to }: Span): Row[] {
    const rows = this.#rows(table)
    const start = from === undefined ? 0 : position(rows, from)
    const end = to === undefined ? rows.length : position(rows, to)
    return rows.slice(start, Math.max(start, end))
  }

  put(table: TableName, key: Uint8Array, value: Uint8Array): void {
    const rows = this.#rows(table)
    const at = position(rows, key)
    const present = rows[at]
    const row = { key: key.slice(), value: value.slice() }
    rows.splice(at, present !== undefined && compare(present.key, key) === 0 ? 1 : 0, row)
  }

  delete(table: TableName, key: Uint8Array): void {
    const rows = this.#rows(table)
    const at = position(rows, key)
    const present = rows[at]
    if (present !== undefined && compare(present.key, key) === 0) rows.splice(at, 1)
  }

  copy(): Rows {
    return new Rows(new Map([...this.tables].map(([name, rows]) => [name, [...rows]])))
  }

  /** Takes over the tables of `from`. */
  take(from: Rows): void {
    for (const [name, rows] of from.tables) this.tables.set(name, rows)
  }
}

class MemoryStore extends Rows implements Store {
  readonly path = undefined

  snapshot<T>(look: (reader: Reader) => T): T {
    return look((this.#writing ?? this).copy())
  }

  /** The rows of the commit that runs. */
  #writing: Rows | undefined
  #reserved = false

  commit<T>(change: (writer: Writer) => T): T {
    const outer = this.#writing
    const next = (outer ?? this).copy()
    this.#writing = next
    try {
      const result = change(next)
      ;(outer ?? this).take(next)
      return result
    } finally {
      this.#writing = outer
    }
  }

  reserve(): (() => void) | undefined {
    if (this.#reserved) return undefined
    this.#reserved = true
    return () => {
      this.#reserved = false
    }
  }

  async replace(build: (from: Reader, to: Writer) => void, verify: (fresh: Reader) => void): Promise<void> {
    const fresh = new Rows(new Map([...this.tables.keys()].map((name) => [name, []])))
    build(this.copy(), fresh)
    verify(fresh)
    this.take(fresh)
  }

  async copyTo(): Promise<void> {
    throw new Failure('failed', 'a vault in memory has no file to copy')
  }

  refresh(): void {}

  state(): undefined {
    return undefined
  }

  isStale(): boolean {
    return false
  }

  async close(): Promise<void> {}
}

/** An empty store in memory with the given tables. */
export function openMemory(options: OpenOptions): Store {
  return new MemoryStore(new Map(options.tables.map((name) => [name, []])))
}
