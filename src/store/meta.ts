// The two meta pages of an LMDB file, read and checked without LMDB: where the trees are and how big the file must be.
import { constants, fstatSync, openSync, readSync } from 'node:fs'

export interface FileState {
  state: 'absent' | 'ok' | 'empty' | 'bbolt' | 'foreign' | 'truncated' | 'corrupt' | 'not-regular' | 'unreadable'
  /** What was found, in words; empty when ok. */
  detail: string
}

/** The root of one tree, as a meta page names it. */
export interface Root {
  /** -1 for an empty tree. */
  page: number
  depth: number
  flags: number
}

/** What a meta page says (LMDB data version 2; little-endian; fields after the 24-byte page header). */
export interface Meta {
  pageSize: number
  lastPage: number
  transaction: bigint
  /** The tree of free pages, then the tree of tables. */
  roots: readonly [Root, Root]
}

const PAGE_SIZES = [4096, 8192, 16_384, 32_768, 65_536]
export const PAGE_HEADER = 24
/** Kinds of pages. */
export const BRANCH = 1
export const LEAF = 2
/** In front of every node: size of its value or page number, flags, size of its key. */
export const NODE_HEADER = 8
/** Flag of a node whose value is the record of a table, and the bytes of that record. */
export const TABLE = 2
export const TREE_RECORD = 48
const META_FLAG = 8
const MAGIC = 0xbeefc0de
const DATA_VERSION = 2
const FREE_TREE_FLAGS = 0x4008
/** Behind the page header. */
const PAGE_SIZE_AT = 24
const TRANSACTION_AT = 128
export const MAX_DEPTH = 32
const MAX_MAP = 2 ** 40

const BBOLT_MAGIC = 0xed0cdaed
const BBOLT_MAGIC_AT = 16

/** A file that LMDB must not open. */
export class Unfit extends Error {
  readonly found: FileState

  constructor(state: FileState['state'], detail: string) {
    super(detail)
    this.found = { state, detail }
  }
}

/** Opens without following a symbolic link and without waiting for the other end of a FIFO. */
export function openQuietly(path: string): number {
  return openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
}

/** The newest meta page of the open file `fd`. Throws Unfit when LMDB must not open it. */
export function readMeta(fd: number): Meta {
  const stats = fstatSync(fd)
  if (!stats.isFile()) throw new Unfit('not-regular', 'not a regular file')
  if (stats.size === 0) throw new Unfit('empty', 'the file is empty')
  const first = Buffer.alloc(PAGE_SIZES[0] ?? 0)
  const read = readSync(fd, first, 0, first.length, 0)
  if (read >= BBOLT_MAGIC_AT + 4 && first.readUInt32LE(BBOLT_MAGIC_AT) === BBOLT_MAGIC) {
    throw new Unfit('bbolt', 'a database of the Go TinyVault')
  }
  const looksLikeLmdb = read > PAGE_HEADER + 4 && first.readUInt32LE(PAGE_HEADER) === MAGIC
  if (!looksLikeLmdb) {
    if (isBbolt(fd, stats.size)) throw new Unfit('bbolt', 'a database of the Go TinyVault')
    // A damaged first page of a real vault still has its twin, the second meta page.
    const twin = Buffer.alloc(8)
    readSync(fd, twin, 0, twin.length, 4096 + PAGE_HEADER)
    if (twin.readUInt32LE(0) === MAGIC) throw new Unfit('corrupt', 'the first page is damaged')
    throw new Unfit('foreign', 'not a tvault database')
  }
  const pageSize = first.readUInt32LE(PAGE_HEADER + PAGE_SIZE_AT)
  if (!PAGE_SIZES.includes(pageSize)) throw new Unfit('corrupt', 'the page size is not one of LMDB')
  if (stats.size < 2 * pageSize) throw new Unfit('truncated', `${stats.size} bytes are too few`)
  const second = Buffer.alloc(4096)
  readSync(fd, second, 0, second.length, pageSize)
  const metas = [parseMeta(first, pageSize, 0), parseMeta(second, pageSize, 1)]
  const [a, b] = metas
  if (a === undefined || b === undefined) throw new Unfit('corrupt', 'a meta page is damaged')
  const newest = a.transaction >= b.transaction ? a : b
  // The file may be shorter than the last page says: pages at the end that were never used are not written. Whether
  // every page in use is there, only the walk can tell.
  return newest
}

/** The transaction numbers of both meta pages of the open file `fd`, which `readMeta` accepted. */
export function transactionsOf(fd: number): readonly [bigint, bigint] {
  const word = Buffer.alloc(8)
  const read = (at: number): void => {
    if (readSync(fd, word, 0, 8, at) !== 8) throw new Unfit('truncated', 'a meta page is cut off')
  }
  read(PAGE_HEADER + PAGE_SIZE_AT)
  const pageSize = word.readUInt32LE(0)
  return [0, pageSize].map((start) => {
    read(start + PAGE_HEADER + TRANSACTION_AT)
    return word.readBigUInt64LE(0)
  }) as [bigint, bigint]
}

function isBbolt(fd: number, size: number): boolean {
  const word = Buffer.alloc(4)
  return PAGE_SIZES.some(
    (pageSize) =>
      pageSize + BBOLT_MAGIC_AT + 4 <= size &&
      readSync(fd, word, 0, 4, pageSize + BBOLT_MAGIC_AT) === 4 &&
      word.readUInt32LE(0) === BBOLT_MAGIC,
  )
}

function parseMeta(page: Buffer, pageSize: number, number: number): Meta | undefined {
  const at = PAGE_HEADER
  if (page.readBigUInt64LE(0) !== BigInt(number) || page.readUInt16LE(18) !== META_FLAG) return undefined
  if (page.readUInt32LE(at) !== MAGIC || page.readUInt32LE(at + 4) !== DATA_VERSION) return undefined
  const mapSize = Number(page.readBigUInt64LE(at + 16))
  const lastPage = Number(page.readBigUInt64LE(at + 120))
  const root = (index: number): Root => {
    const tree = at + 24 + index * 48
    return {
      flags: page.readUInt16LE(tree + 4),
      depth: page.readUInt16LE(tree + 6),
      page: Number(page.readBigInt64LE(tree + 40)),
    }
  }
  const roots = [root(0), root(1)] as const
  if (page.readUInt32LE(at + PAGE_SIZE_AT) !== pageSize || roots[0].flags !== FREE_TREE_FLAGS || roots[1].flags !== 0)
    return undefined
  if (mapSize > MAX_MAP || lastPage < 1 || lastPage >= MAX_MAP / pageSize || (lastPage + 1) * pageSize > mapSize)
    return undefined
  for (const { page: place, depth } of roots) {
    if (place === -1 ? depth !== 0 : place < 2 || place > lastPage || depth < 1 || depth > MAX_DEPTH) return undefined
  }
  return { pageSize, lastPage, transaction: page.readBigUInt64LE(at + TRANSACTION_AT), roots }
}
