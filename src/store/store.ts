// The contract of a store: rows and commits, no meaning. Two backends keep it (lmdb.ts, memory.ts) and one
// conformance suite (test/contract/store.ts) holds both to every sentence below.

/** A named table of byte keys and byte values. The set of tables is fixed when the store is created. */
export type TableName = string

export interface Row {
  key: Uint8Array
  value: Uint8Array
}

export interface Span {
  /** First key, inclusive. */
  from?: Uint8Array
  /** End key, exclusive. */
  to?: Uint8Array
}

export interface Range extends Span {
  /** Walk from the end to the start. */
  reverse?: boolean
  /** At most so many rows. */
  limit?: number
}

/** Looks at rows. Every array returned is a copy that belongs to the caller. */
export interface Reader {
  get(table: TableName, key: Uint8Array): Uint8Array | undefined
  /** Rows in byte order of their keys; stable while it is walked. */
  range(table: TableName, range?: Range): Iterable<Row>
  /** Keys only, without reading values. */
  keys(table: TableName, range?: Range): Iterable<Uint8Array>
  /** Number of rows in the table, or of those in `span`: counted by the store, which gives nobody the keys. */
  count(table: TableName, span?: Span): number
}

export interface Writer extends Reader {
  put(table: TableName, key: Uint8Array, value: Uint8Array): void
  /** Removes the row if it is there. */
  delete(table: TableName, key: Uint8Array): void
}

export interface Store extends Reader {
  /** The file, or undefined for a store without one. */
  readonly path: string | undefined

  /** Runs `look` on one consistent state that later commits do not change. */
  snapshot<T>(look: (reader: Reader) => T): T

  /**
   * Runs `change` in one write transaction: all of it is on disk when this returns, or none of it ever is (also
   * when `change` throws). Waits for other writers up to the deadline of the store, then throws `busy`.
   * `change` must not wait for anything: no prompt, no key derivation, no promise. A commit inside `change` becomes
   * part of the outer one: undone alone when it throws, on disk with all the rest when the outer one returns.
   */
  commit<T>(change: (writer: Writer) => T): T

  /**
   * The write lock, if nobody has it: until what is returned is called, commits and replacements of this store do not
   * wait for it. Undefined when it would have to be waited for. For whoever must not stand still meanwhile.
   */
  reserve(): (() => void) | undefined

  /**
   * Copy-on-write replacement (decision D5): `build` fills a fresh file from the present rows while the write
   * lock is held, `verify` looks at the finished file, then it takes the place of the old one atomically. Killed
   * at any point, the old or the new state is there, never a mixture; no page of the new file ever held an old row.
   * With `keepAs` the replaced file stays under that path (which must not exist) as a hard link.
   */
  replace(
    build: (from: Reader, to: Writer) => void,
    verify: (fresh: Reader) => void,
    options?: { keepAs?: string },
  ): Promise<void>

  /**
   * Writes a compact copy of one consistent state to `path`, 0600, durable before it returns: temporary file,
   * fsync, rename. Writers go on meanwhile. Replaces an existing file at `path` only when `overwrite` is set.
   */
  copyTo(path: string, options?: { overwrite?: boolean }): Promise<void>

  /**
   * Opens the newest file when another process replaced the one that is open. Commits do this by themselves; whoever
   * keeps a store open for long calls it before reading. Throws like opening.
   */
  refresh(): void

  /** The same text means the same rows; it differs after every commit, of whatever process. Undefined: cannot be told. */
  state(): string | undefined

  /** True when the file at `path` is no longer the one that is open (another process replaced it). */
  isStale(): boolean

  /** Releases everything. Calling it twice is harmless. */
  close(): Promise<void>
}

/** How to open a store. */
export interface OpenOptions {
  /** The tables it has; all are made when it is created. */
  tables: readonly TableName[]
  /** Longest wait for the write lock, in milliseconds; default 10,000. */
  lockMilliseconds?: number
}
