// The thorough look at an LMDB file: every page of both trees, before LMDB follows a single pointer. It checks kinds,
// bounds, key order, that no page is used twice and that the free list names only free pages. Values in overflow
// pages are not read: their bytes cannot lead LMDB astray, and the vault's own authentication covers them.
import { fstatSync, readSync } from 'node:fs'
import { compare } from '../lib/bytes.ts'
import { BRANCH, LEAF, MAX_DEPTH, NODE_HEADER, PAGE_HEADER, TABLE, TREE_RECORD } from './meta.ts'
import type { Meta, Root } from './meta.ts'

const OVERFLOW = 4
const BIG_VALUE = 1
const CHUNK = 1 << 18
/** What the record of a table counts, in its order: pages by kind, then rows. */
const COUNTED = ['branch', 'leaf', 'overflow', 'entries'] as const

class Damage extends Error {}

/** Everything, or only what every use of the file goes through: the list of tables and the free list. */
export type Depth = 'whole' | 'trunk'

/**
 * What is wrong with the file, or undefined. `meta` is the state to walk. With `tables` there must be exactly these: to
 * LMDB a table whose name was damaged is one that has to be made, empty. Cost measured: some milliseconds per MiB of
 * tree pages in a fresh process; the trunk is a handful of pages however large the file is.
 */
export function walk(fd: number, meta: Meta, tables?: readonly string[], depth: Depth = 'whole'): string | undefined {
  try {
    const found = new Walker(fd, meta, depth).run()
    if (tables === undefined) return undefined
    const missing = tables.find((name) => !found.has(name))
    if (missing !== undefined) return `table ${missing} is missing`
    return found.size === tables.length ? undefined : 'there is a table that does not belong there'
  } catch (error) {
    if (error instanceof Damage) return error.message
    if (error instanceof RangeError) return 'a field points outside its page'
    throw error
  }
}

class Walker {
  readonly #fd: number
  readonly #meta: Meta
  readonly #whole: boolean
  /** Bytes that are read at once. */
  readonly #chunk: number
  readonly #used: Uint8Array
  readonly #chunks = new Map<number, Buffer>()
  readonly #free: number[] = []
  readonly #tables = new Set<string>()
  readonly #pages: number
  readonly #seen = { branch: 0, leaf: 0, overflow: 0, entries: 0 }

  constructor(fd: number, meta: Meta, depth: Depth) {
    this.#fd = fd
    this.#meta = meta
    this.#whole = depth === 'whole'
    this.#chunk = this.#whole ? CHUNK : meta.pageSize
    this.#used = new Uint8Array(meta.lastPage + 1)
    this.#pages = Math.min(meta.lastPage + 1, Math.floor(fstatSync(fd).size / meta.pageSize))
  }

  /** Looks at everything; the names of the tables. */
  run(): ReadonlySet<string> {
    const [free, tables] = this.#meta.roots
    this.#tree(free, 'free')
    this.#tree(tables, 'tables')
    for (const page of this.#free) {
      if (page < 2 || page > this.#meta.lastPage) throw new Damage(`free page ${page} does not exist`)
      if (this.#used[page] === 1) throw new Damage(`page ${page} is free and in use`)
      this.#used[page] = 1
    }
    return this.#tables
  }

  #tree({ page, depth }: Root, kind: 'free' | 'tables' | 'rows'): void {
    if (page === -1) return
    this.#page(page, 1, depth, kind, undefined, undefined)
  }

  /** The bytes of page `number`, out of chunks that are read once. */
  #bytes(number: number): Buffer {
    const { pageSize } = this.#meta
    const offset = number * pageSize
    const index = Math.floor(offset / this.#chunk)
    let chunk = this.#chunks.get(index)
    if (chunk === undefined) {
      chunk = Buffer.alloc(this.#chunk)
      const size = readSync(this.#fd, chunk, 0, this.#chunk, index * this.#chunk)
      chunk = chunk.subarray(0, size)
      this.#chunks.set(index, chunk)
    }
    const start = offset - index * this.#chunk
    if (start + pageSize > chunk.length) throw new Damage(`page ${number} lies behind the end`)
    return chunk.subarray(start, start + pageSize)
  }

  #use(number: number, count = 1): void {
    if (!Number.isSafeInteger(number) || number < 2 || number + count > this.#pages) {
      throw new Damage(`page ${number} does not exist`)
    }
    for (let page = number; page < number + count; page++) {
      if (this.#used[page] === 1) throw new Damage(`page ${page} is used twice`)
      this.#used[page] = 1
    }
  }

  /** One page and everything below it; its keys must lie in [low, high). */
  #page(
    number: number,
    level: number,
    depth: number,
    kind: 'free' | 'tables' | 'rows',
    low: Buffer | undefined,
    high: Buffer | undefined,
  ): void {
    this.#use(number)
    const { pageSize, transaction } = this.#meta
    const page = this.#bytes(number)
    const lower = page.readUInt16LE(20)
    const upper = page.readUInt16LE(22)
    const body = pageSize - PAGE_HEADER
    const leaf = level === depth
    if (Number(page.readBigUInt64LE(0)) !== number) throw new Damage(`page ${number} has the number of another`)
    if (page.readBigUInt64LE(8) > transaction) throw new Damage(`page ${number} is from the future`)
    if (page.readUInt16LE(18) !== (leaf ? LEAF : BRANCH)) throw new Damage(`page ${number} is of the wrong kind`)
    if (lower % 2 === 1 || lower > upper || upper > body) throw new Damage(`page ${number} has wrong bounds`)
    const count = lower / 2
    if (count < (leaf ? 1 : 2)) throw new Damage(`page ${number} is too empty`)

    const nodes = Array.from({ length: count }, (_, index) => {
      const offset = page.readUInt16LE(PAGE_HEADER + index * 2)
      if (offset < upper || offset % 2 === 1 || offset + NODE_HEADER > body)
        throw new Damage(`page ${number} has a wrong node`)
      const at = PAGE_HEADER + offset
      const keySize = page.readUInt16LE(at + 6)
      if (offset + NODE_HEADER + keySize > body) throw new Damage(`page ${number} has a wrong key size`)
      return { at, offset, keySize, key: page.subarray(at + NODE_HEADER, at + NODE_HEADER + keySize) }
    })
    this.#spans(number, page, nodes, leaf)
    this.#seen[leaf ? 'leaf' : 'branch'] += 1
    if (leaf) this.#seen.entries += count

    for (const [index, node] of nodes.entries()) {
      const first = index === 0 && !leaf
      if (!first) {
        if (node.keySize === 0 || (kind === 'free' && node.keySize !== 8))
          throw new Damage(`page ${number} has a wrong key`)
        const before = index > 0 && !(index === 1 && !leaf) ? nodes[index - 1]?.key : low
        if (before !== undefined && order(kind, before, node.key) > (before === low ? 0 : -1)) {
          throw new Damage(`page ${number} is out of order`)
        }
        if (high !== undefined && order(kind, node.key, high) >= 0) throw new Damage(`page ${number} is out of order`)
      }
      const word = page.readUInt16LE(node.at) + page.readUInt16LE(node.at + 2) * 0x1_0000
      const flags = page.readUInt16LE(node.at + 4)
      if (leaf) this.#leafNode(number, page, node, word, flags, kind, body)
      else {
        const next = nodes[index + 1]?.key ?? high
        this.#page(word + flags * 2 ** 32, level + 1, depth, kind, first ? low : node.key, next)
      }
    }
  }

  /** Nodes of a page must not overlap: LMDB moves them as blocks when it deletes one. */
  #spans(
    number: number,
    page: Buffer,
    nodes: readonly { at: number; offset: number; keySize: number }[],
    leaf: boolean,
  ): void {
    const spans = nodes
      .map(({ at, offset, keySize }) => {
        const size = page.readUInt16LE(at) + page.readUInt16LE(at + 2) * 0x1_0000
        const data = !leaf ? 0 : (page.readUInt16LE(at + 4) & BIG_VALUE) !== 0 ? PAGE_HEADER : size
        return { start: offset, end: offset + NODE_HEADER + keySize + data }
      })
      .sort((a, b) => a.start - b.start)
    for (const [index, { end }] of spans.entries()) {
      const next = spans[index + 1]?.start ?? Infinity
      if (end > next) throw new Damage(`page ${number} has overlapping nodes`)
    }
  }

  #leafNode(
    number: number,
    page: Buffer,
    node: { at: number; offset: number; keySize: number; key: Buffer },
    size: number,
    flags: number,
    kind: 'free' | 'tables' | 'rows',
    body: number,
  ): void {
    const data = node.at + NODE_HEADER + node.keySize
    const room = body - (node.offset + NODE_HEADER + node.keySize)
    if (flags === BIG_VALUE) {
      if (kind === 'tables' || room < PAGE_HEADER) throw new Damage(`page ${number} has a wrong value`)
      const start = Number(page.readBigUInt64LE(data))
      const pages = Number(page.readBigUInt64LE(data + 16))
      const { pageSize, lastPage } = this.#meta
      if (pages < 1 || pages > lastPage || pages * pageSize < size + PAGE_HEADER)
        throw new Damage(`page ${number} has a wrong value size`)
      this.#use(start, pages)
      this.#seen.overflow += pages
      const overflow = this.#bytes(start)
      if (
        Number(overflow.readBigUInt64LE(0)) !== start ||
        overflow.readUInt16LE(18) !== OVERFLOW ||
        overflow.readUInt32LE(20) !== pages
      ) {
        throw new Damage(`page ${start} does not hold the value it should`)
      }
      if (kind === 'free') this.#freePages(start, size)
      return
    }
    if (size > room) throw new Damage(`page ${number} has a wrong value size`)
    if (kind === 'tables') {
      if (flags !== TABLE || size !== TREE_RECORD) throw new Damage(`page ${number} names a table wrongly`)
      const root = {
        flags: page.readUInt16LE(data + 4),
        depth: page.readUInt16LE(data + 6),
        page: Number(page.readBigInt64LE(data + 40)),
      }
      if (root.flags !== 0 || root.depth > MAX_DEPTH) throw new Damage(`page ${number} names a table wrongly`)
      if ((root.page === -1) !== (root.depth === 0)) throw new Damage(`page ${number} names a table wrongly`)
      // lmdb-js ends the names with a zero byte.
      this.#tables.add(node.key.toString('latin1').replace(/\0$/, ''))
      if (!this.#whole) {
        if (root.page !== -1) this.#use(root.page)
        return
      }
      const before = { ...this.#seen }
      this.#tree(root, 'rows')
      for (const [index, what] of COUNTED.entries()) {
        const counted = this.#seen[what] - before[what]
        if (page.readBigUInt64LE(data + 8 + index * 8) !== BigInt(counted))
          throw new Damage(`page ${number} counts a table wrongly`)
      }
      return
    }
    if (flags !== 0) throw new Damage(`page ${number} has wrong flags`)
    if (kind === 'free') this.#freeList((index) => page.readBigInt64LE(data + index * 8), size)
  }

  /** A free list that is too long for its page. Its overflow pages are contiguous in the file. */
  #freePages(start: number, size: number): void {
    const bytes = Buffer.alloc(size)
    const { pageSize } = this.#meta
    if (readSync(this.#fd, bytes, 0, size, start * pageSize + PAGE_HEADER) !== size)
      throw new Damage(`page ${start} is cut off`)
    this.#freeList((index) => bytes.readBigInt64LE(index * 8), size)
  }

  /** Count, then page numbers. A negative entry is a run: its amount of pages, starting at the number after it. */
  #freeList(entry: (index: number) => bigint, size: number): void {
    const count = Number(entry(0))
    if (count < 0 || count * 8 + 8 > size) throw new Damage('the free list is too long')
    for (let index = 1; index <= count; index++) {
      const value = Number(entry(index))
      if (value === 0) continue
      if (value > 0) {
        this.#free.push(value)
        continue
      }
      index += 1
      const start = index <= count ? Number(entry(index)) : 0
      if (-value > this.#meta.lastPage) throw new Damage('the free list has a run that is too long')
      for (let page = start; page < start - value; page++) this.#free.push(page)
    }
  }
}

/** Order of two keys: numbers in the free tree, bytes elsewhere. */
function order(kind: 'free' | 'tables' | 'rows', a: Buffer, b: Buffer): number {
  if (kind !== 'free') return compare(a, b)
  if (a.length !== 8 || b.length !== 8) throw new Damage('the free list has a wrong key')
  const difference = a.readBigUInt64LE(0) - b.readBigUInt64LE(0)
  return difference < 0n ? -1 : difference > 0n ? 1 : 0
}
