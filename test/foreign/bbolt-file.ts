// Writes bbolt files for tests, by the layout that the reader expects and independently of it: any page size, small
// buckets in the root page, big ones with branches, values with overflow pages, free pages with old bytes in them.
import { compare, concat, utf8 } from '../../src/lib/bytes.ts'

export type Bytes = string | Uint8Array

/** One bucket: rows in any order. `inline` puts it into the root page. */
export interface Bucket {
  name: string
  rows: readonly (readonly [Bytes, Bytes])[]
  inline?: boolean
}

interface Item {
  flags: number
  key: Uint8Array
  value: Uint8Array
  child: number
}

const HEAD = 16
const LEAF = 2
const BRANCH = 1

export function bboltFile(
  buckets: readonly Bucket[],
  { pageSize = 4096, free = 2, transaction = 7n } = {},
): Uint8Array {
  const writer = new Writer(pageSize)
  const roots = buckets.map(({ name, rows, inline = false }) => {
    const items = sorted(rows.map(([key, value]) => ({ flags: 0, key: bytes(key), value: bytes(value), child: 0 })))
    const head = new Uint8Array(16)
    if (inline) return { flags: 1, key: utf8(name), value: concat(head, page(0, LEAF, items, 0)), child: 0 }
    new DataView(head.buffer).setBigUint64(0, BigInt(writer.tree(items)), true)
    return { flags: 1, key: utf8(name), value: head, child: 0 }
  })
  const root = writer.tree(sorted(roots))
  return writer.finish(root, free, transaction)
}

/** A file for the reader that is not on the disk. */
export function inMemory(file: Uint8Array): { size: number; read(at: number, length: number): Uint8Array } {
  return {
    size: file.length,
    read(at, length) {
      if (at + length > file.length) throw new RangeError('a read behind the end')
      return file.slice(at, at + length)
    },
  }
}

class Writer {
  readonly #pageSize: number
  readonly #pages: Uint8Array[] = []
  /** 0 and 1 are meta pages, 2 is the list of free pages. */
  #next = 3

  constructor(pageSize: number) {
    this.#pageSize = pageSize
  }

  /** The page id of a tree with `items` in its leaves. */
  tree(items: readonly Item[]): number {
    let level = this.#split(items).map((part) => ({
      key: part[0]?.key ?? new Uint8Array(0),
      id: this.#put(LEAF, part),
    }))
    while (level.length > 1) {
      const branches = level.map(({ key, id }) => ({ flags: 0, key, value: new Uint8Array(0), child: id }))
      level = this.#split(branches).map((part) => ({ key: part[0]!.key, id: this.#put(BRANCH, part) }))
    }
    return level[0]!.id
  }

  #split(items: readonly Item[]): Item[][] {
    const parts: Item[][] = [[]]
    let size = HEAD
    for (const item of items) {
      const more = HEAD + item.key.length + item.value.length
      const part = parts.at(-1)!
      // Two of a kind stay together, so that branches get fewer on every level.
      if (part.length >= 2 && size + more > this.#pageSize) {
        parts.push([item])
        size = HEAD + more
      } else {
        part.push(item)
        size += more
      }
    }
    return parts
  }

  #put(flags: number, items: readonly Item[]): number {
    const id = this.#next
    const content = page(id, flags, items, 0)
    const run = Math.ceil(content.length / this.#pageSize)
    this.#pages.push(padded(page(id, flags, items, run - 1), run * this.#pageSize))
    this.#next += run
    return id
  }

  finish(root: number, free: number, transaction: bigint): Uint8Array {
    // What lies in a free page looks like a leaf that once was good.
    for (let index = 0; index < free; index++) {
      const id = this.#next++
      this.#pages.push(padded(page(id, LEAF, [], 0), this.#pageSize))
    }
    const ids = Array.from({ length: free }, (_, index) => this.#next - free + index)
    const list = new Uint8Array(HEAD + ids.length * 8)
    const view = new DataView(list.buffer)
    view.setBigUint64(0, 2n, true)
    view.setUint16(8, 16, true)
    view.setUint16(10, ids.length, true)
    ids.forEach((id, index) => view.setBigUint64(HEAD + index * 8, BigInt(id), true))
    const metas = [0, 1].map((id) => this.#meta(id, root, transaction - BigInt(id)))
    return concat(...metas, padded(list, this.#pageSize), ...this.#pages)
  }

  #meta(id: number, root: number, transaction: bigint): Uint8Array {
    const content = new Uint8Array(this.#pageSize)
    const view = new DataView(content.buffer)
    view.setBigUint64(0, BigInt(id), true)
    view.setUint16(8, 4, true)
    view.setUint32(16, 0xed0cdaed, true)
    view.setUint32(20, 2, true)
    view.setUint32(24, this.#pageSize, true)
    view.setBigUint64(32, BigInt(root), true)
    view.setBigUint64(48, 2n, true)
    view.setBigUint64(56, BigInt(this.#next), true)
    view.setBigUint64(64, transaction, true)
    sign(content, 0)
    return content
  }
}

/** Makes the checksum of the meta page at `at` right again. */
export function sign(file: Uint8Array, at: number): void {
  let hash = 0xcbf29ce484222325n
  for (const byte of file.subarray(at + 16, at + 72)) {
    hash = ((hash ^ BigInt(byte)) * 0x100000001b3n) & 0xffffffffffffffffn
  }
  new DataView(file.buffer, file.byteOffset).setBigUint64(at + 72, hash, true)
}

function page(id: number, flags: number, items: readonly Item[], overflow: number): Uint8Array {
  const head = new Uint8Array(HEAD + items.length * HEAD)
  const view = new DataView(head.buffer)
  view.setBigUint64(0, BigInt(id), true)
  view.setUint16(8, flags, true)
  view.setUint16(10, items.length, true)
  view.setUint32(12, overflow, true)
  let end = head.length
  items.forEach(({ flags: kind, key, value, child }, index) => {
    const at = HEAD + index * HEAD
    if (flags === BRANCH) {
      view.setUint32(at, end - at, true)
      view.setUint32(at + 4, key.length, true)
      view.setBigUint64(at + 8, BigInt(child), true)
    } else {
      view.setUint32(at, kind, true)
      view.setUint32(at + 4, end - at, true)
      view.setUint32(at + 8, key.length, true)
      view.setUint32(at + 12, value.length, true)
    }
    end += key.length + value.length
  })
  return concat(head, ...items.flatMap(({ key, value }) => [key, value]))
}

function sorted(items: Item[]): Item[] {
  return items.toSorted((a, b) => compare(a.key, b.key))
}

function bytes(value: Bytes): Uint8Array {
  return typeof value === 'string' ? utf8(value) : value
}

function padded(content: Uint8Array, size: number): Uint8Array {
  return concat(content, new Uint8Array(size - content.length))
}
