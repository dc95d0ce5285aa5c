// The store on LMDB. The only file that knows the package lmdb. Rules that are easy to break (measured): write only in
// `transactionSync` with a body that returns no promise, read with `get` (getBinaryFast returns a shared buffer), keep
// overlappingSync off, and let no file near LMDB that check.ts did not accept.
import { chmodSync, existsSync, linkSync, mkdirSync, renameSync, rmSync, statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { open } from 'lmdb'
import type { Database, DatabaseOptions, RootDatabase } from 'lmdb'
import { Failure } from '../lib/errors.ts'
import { checkBeforeUse, deepCheck, preflight } from './check.ts'
import { WriteLock, isFree } from './lock.ts'
import { isStamped, stamp } from './stamp.ts'
import { bounds, lent, plain } from './forms.ts'
import { refuseTarget, refuseUnfit, writeFailure } from './refuse.ts'
import type { OpenOptions, Range, Reader, Row, Span, Store, TableName, Writer } from './store.ts'
import {
  buildingPath,
  commitReplacement,
  finishReplacement,
  hasReplacement,
  holdPlace,
  isSameFile,
  lockPath,
  removeLeftovers,
  reserveLock,
  syncDirectory,
  syncFile,
  whileInPlace,
} from './swap.ts'

export type OpenMode = 'create' | 'write' | 'read'

type Table = Database<Uint8Array, Uint8Array>

const ENCODING = { encoding: 'binary', keyEncoding: 'binary' } as const
const OPEN_TRIES = 50
const DEFAULT_LOCK_MILLISECONDS = 10_000

/**
 * Opens the vault file at `path`. `create` makes it (it must not exist) with all tables; `write` and `read` check the
 * whole file first. Throws `corrupt` for a damaged file, `not_initialized` for a missing one, `busy`, or `failed`.
 */
export async function openLmdb(path: string, options: OpenOptions & { mode: OpenMode }): Promise<Store> {
  return new LmdbStore(path, options)
}

class Environment {
  readonly root: RootDatabase
  readonly inode: number
  readonly #tables = new Map<TableName, Table>()

  constructor(path: string, readOnly: boolean, tables: readonly TableName[]) {
    this.root = open({
      path,
      noSubdir: true,
      readOnly,
      overlappingSync: false,
      permissionsMode: 0o600,
      maxDbs: tables.length + 1,
      ...ENCODING,
    } as Parameters<typeof open>[0]) as RootDatabase
    this.inode = statSync(path).ino
    // A table that is opened while rows of another one are walked ends the walk with MDB_BAD_TXN.
    if (readOnly) for (const name of tables) this.table(name)
  }

  table(name: TableName): Table {
    let table = this.#tables.get(name)
    if (table === undefined) {
      const described = { name, ...ENCODING } as unknown as DatabaseOptions & { name: string }
      table = this.root.openDB<Uint8Array, Uint8Array>(described)
      if (table === undefined) throw new Failure('corrupt', `the vault file has no table ${name}`)
      this.#tables.set(name, table)
    }
    return table
  }
}

/** Rows of the transaction that is open in `environment`. */
class Rows implements Writer {
  readonly #environment: () => Environment

  constructor(environment: () => Environment) {
    this.#environment = environment
  }

  get(name: TableName, key: Uint8Array): Uint8Array | undefined {
    const value = this.#environment().table(name).get(key)
    return value === undefined ? undefined : plain(value)
  }

  *range(name: TableName, range: Range = {}): Iterable<Row> {
    for (const { key, value } of this.#environment().table(name).getRange(bounds(range))) {
      yield { key: plain(key), value: plain(value) }
    }
  }

  *keys(name: TableName, range: Range = {}): Iterable<Uint8Array> {
    for (const key of this.#environment().table(name).getKeys(bounds(range))) yield plain(key)
  }

  count(name: TableName, span?: Span): number {
    const table = this.#environment().table(name)
    if (span) return table.getKeysCount(bounds(span))
    return (table.getStats() as { entryCount: number }).entryCount
  }

  put(name: TableName, key: Uint8Array, value: Uint8Array): void {
    void this.#environment().table(name).put(key, lent(value))
  }

  delete(name: TableName, key: Uint8Array): void {
    void this.#environment().table(name).remove(key)
  }
}

class LmdbStore implements Store {
  readonly path: string
  readonly #directory: string
  readonly #tables: readonly TableName[]
  readonly #readOnly: boolean
  readonly #lock: WriteLock
  readonly #rows = new Rows(() => this.#environment)
  readonly #closing: Promise<unknown>[] = []
  #environment: Environment
  /** A commit runs. */
  #writing = false
  #closed = false

  constructor(
    path: string,
    { tables, lockMilliseconds = DEFAULT_LOCK_MILLISECONDS, mode }: OpenOptions & { mode: OpenMode },
  ) {
    this.path = path
    this.#directory = dirname(path)
    this.#tables = tables
    this.#readOnly = mode === 'read'
    this.#lock = new WriteLock(this.#directory, lockMilliseconds)
    this.#environment = mode === 'create' ? this.#create() : this.#open(false)
  }

  #create(): Environment {
    if (existsSync(this.path)) throw new Failure('conflict', 'there is a file already where the vault would be made')
    refuseUnfit(this.path, false)
    const environment = new Environment(this.path, false, this.#tables)
    for (const name of this.#tables) environment.table(name)
    chmodSync(this.path, 0o600)
    syncDirectory(this.#directory)
    return environment
  }

  /** Opens the file that has the name now. `locked`: this process holds the write lock already. */
  #open(locked: boolean): Environment {
    for (let attempt = 0; attempt < OPEN_TRIES; attempt++) {
      if (hasReplacement(this.path)) this.#finish(locked)
      const { state, detail } = preflight(this.path)
      if (state === 'absent') throw new Failure('not_initialized', 'there is no vault', { hint: 'tvault init' })
      if (state === 'unreadable') throw new Failure('failed', `cannot read the vault file: ${detail}`)
      if (state !== 'ok') throw new Failure('corrupt', `the vault file is damaged or is not a vault: ${detail}`)
      const environment = this.#inTurn(locked, (fd) => {
        checkBeforeUse(this.path, fd, this.#tables)
        refuseUnfit(this.path, this.#readOnly)
        const opened = new Environment(this.path, this.#readOnly, this.#tables)
        // To LMDB, opening a table for writing is a commit of its own, so it happens under the same lock; and one that is
        // first opened for reading in the middle of a walk over another breaks that walk.
        for (const name of this.#tables) opened.table(name)
        return opened
      })
      if (environment !== undefined) return environment
    }
    throw new Failure('busy', 'the vault file is replaced again and again')
  }

  /**
   * Runs `open` on the file while nobody replaces it or ends a commit. For writing it is also this one's turn to write:
   * LMDB opens tables in a write transaction, which would wait, with the lock on the file, for one that wants that lock.
   */
  #inTurn(locked: boolean, open: (fd: number) => Environment): Environment | undefined {
    const release = this.#readOnly || locked ? undefined : this.#lock.take()
    try {
      return whileInPlace(this.path, open)
    } finally {
      release?.()
    }
  }

  #finish(locked: boolean): void {
    const release = locked ? undefined : this.#lock.take()
    try {
      finishReplacement(this.path, this.#directory)
    } finally {
      release?.()
    }
  }

  refresh(): void {
    if (this.isStale() || hasReplacement(this.path)) this.#reopen(false)
  }

  #reopen(locked: boolean): void {
    const old = this.#environment
    this.#environment = this.#open(locked)
    this.#closing.push(old.root.close())
  }

  /** With the write lock held: the newest file is open, and nothing half-built lies around. */
  #freshen(): void {
    removeLeftovers(this.path)
    if (this.isStale() || hasReplacement(this.path)) this.#reopen(true)
  }

  get(table: TableName, key: Uint8Array): Uint8Array | undefined {
    return this.snapshot((reader) => reader.get(table, key))
  }

  range(table: TableName, range?: Range): Iterable<Row> {
    this.#environment.root.resetReadTxn()
    return this.#rows.range(table, range)
  }

  keys(table: TableName, range?: Range): Iterable<Uint8Array> {
    this.#environment.root.resetReadTxn()
    return this.#rows.keys(table, range)
  }

  count(table: TableName, span?: Span): number {
    return this.snapshot((reader) => reader.count(table, span))
  }

  snapshot<T>(look: (reader: Reader) => T): T {
    // One turn of the event loop reads one state; the reset makes that the newest one.
    this.#environment.root.resetReadTxn()
    return look(this.#rows)
  }

  commit<T>(change: (writer: Writer) => T): T {
    if (this.#writing) return this.#transaction(this.#environment, change, this.#rows)
    const release = this.#lock.take()
    try {
      this.#freshen()
      return this.#commitInPlace(change)
    } finally {
      release()
    }
  }

  /**
   * The lock on the file is taken when all rows are written and LMDB is about to end the transaction, so that nobody who
   * only reads waits for `change`: until then the file is as it was.
   */
  #commitInPlace<T>(change: (writer: Writer) => T): T {
    let place: { fd: number; release: () => void } | undefined
    let sound = false
    try {
      this.#writing = true
      const work = (writer: Writer): T => {
        const result = change(writer)
        place = holdPlace(this.path)
        // What LMDB makes of a sound file is sound, so the stamp goes on with it; a missing one stays missing.
        sound = isStamped(this.path, place.fd)
        return result
      }
      const result = this.#transaction(this.#environment, work, this.#rows)
      if (place && sound) stamp(this.path, place.fd)
      return result
    } finally {
      this.#writing = false
      place?.release()
    }
  }

  reserve(): (() => void) | undefined {
    const release = this.#lock.reserve()
    // Who opens the file holds the lock on it for a moment, and the commit would wait for that too.
    if (!release || isFree(this.path)) return release
    release()
    return undefined
  }

  #transaction<T>(environment: Environment, change: (writer: Writer) => T, rows: Writer): T {
    for (const name of this.#tables) environment.table(name)
    let result: { value: T } | undefined
    try {
      environment.root.transactionSync(() => {
        result = { value: change(rows) }
      })
    } catch (error) {
      throw writeFailure(error)
    }
    if (result === undefined) throw new Failure('failed', 'the write transaction did not run')
    return result.value
  }

  async replace(
    build: (from: Reader, to: Writer) => void,
    verify: (fresh: Reader) => void,
    { keepAs }: { keepAs?: string } = {},
  ): Promise<void> {
    const release = this.#lock.take()
    try {
      this.#freshen()
      const building = buildingPath(this.path)
      try {
        await this.#write(building, (to) => this.snapshot((from) => build(from, to)))
        await this.#verify(building, verify)
        if (keepAs !== undefined) linkSync(this.path, keepAs)
      } catch (error) {
        removeLeftovers(this.path)
        throw writeFailure(error)
      }
      commitReplacement(this.path, this.#directory)
      finishReplacement(this.path, this.#directory)
      this.#freshen()
    } finally {
      release()
    }
  }

  /** A fresh file with what `fill` puts into it, durable. Rows are put one by one, so no page ever held anything else. */
  async #write(path: string, fill: (to: Writer) => void): Promise<void> {
    reserveLock(path)
    const fresh = new Environment(path, false, this.#tables)
    try {
      this.#transaction(fresh, fill, new Rows(() => fresh))
    } finally {
      await fresh.root.close()
    }
    chmodSync(path, 0o600)
    syncFile(path)
    rmSync(lockPath(path), { force: true })
  }

  async #verify(path: string, look: (reader: Reader) => void): Promise<void> {
    deepCheck(path, this.#tables)
    reserveLock(path)
    const fresh = new Environment(path, true, this.#tables)
    try {
      look(new Rows(() => fresh))
    } finally {
      await fresh.root.close()
      rmSync(lockPath(path), { force: true })
    }
  }

  async copyTo(path: string, { overwrite = false }: { overwrite?: boolean } = {}): Promise<void> {
    refuseTarget(path, this.#environment.inode, overwrite)
    const directory = dirname(path)
    // A folder of its own keeps the copy and LMDB's lock file out of sight until the copy has its name.
    const workshop = join(directory, `.${basename(path)}.${crypto.randomUUID()}`)
    try {
      mkdirSync(workshop, { mode: 0o700 })
      const copy = join(workshop, 'vault.db')
      await this.#write(copy, (to) =>
        this.snapshot((from) => {
          for (const name of this.#tables) for (const { key, value } of from.range(name)) to.put(name, key, value)
        }),
      )
      deepCheck(copy, this.#tables)
      refuseTarget(path, this.#environment.inode, overwrite)
      renameSync(copy, path)
      syncDirectory(directory)
    } catch (error) {
      throw writeFailure(error)
    } finally {
      rmSync(workshop, { recursive: true, force: true })
    }
  }

  state(): string | undefined {
    if (this.#writing) return undefined
    const { inode, root } = this.#environment
    // Not in the types of lmdb-js. Asked before the rows are read, so they are of this transaction or a later one.
    const { env } = root as unknown as { env: { info(): { lastTxnId: number } } }
    return `${inode} ${env.info().lastTxnId}`
  }

  isStale(): boolean {
    return !isSameFile(this.path, this.#environment.inode)
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    const place = existsSync(this.path) ? holdPlace(this.path) : undefined
    try {
      await Promise.all([...this.#closing, this.#environment.root.close()])
    } finally {
      place?.release()
    }
  }
}
