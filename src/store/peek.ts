// One row of a vault file, read without LMDB and without a lock, long before LMDB is loaded: a guess at what is in there,
// good for work that is thrown away when the guess was wrong. Whoever decides something by it asks the store.
import { closeSync, readSync } from 'node:fs'
import { compare, utf8 } from '../lib/bytes.ts'
import { BRANCH, LEAF, MAX_DEPTH, NODE_HEADER, PAGE_HEADER, TABLE, TREE_RECORD, openQuietly, readMeta } from './meta.ts'
import type { Meta } from './meta.ts'

/**
 * The bytes of row `key` of `table` in the file at `path`, or undefined when it is not there, not small enough to lie in
 * a page of its tree, or when anything about the file is odd. Reads two meta pages and one page for each level. Never
 * throws, never waits.
 */
export function peek(path: string, table: string, key: Uint8Array): Uint8Array | undefined {
  let fd: number | undefined
  try {
    fd = openQuietly(path)
    const meta = readMeta(fd)
    const [, tables] = meta.roots
    // lmdb-js ends the names with a zero byte.
    const record = find(fd, meta, tables.page, utf8(`${table}\0`), TABLE)
    if (record?.length !== TREE_RECORD) return undefined
    return find(fd, meta, Number(record.readBigInt64LE(40)), key, 0)
  } catch {
    return undefined
  } finally {
    if (fd !== undefined) closeSync(fd)
  }
}

/** The value of `key` in the tree below page `root`, when its node has exactly these `flags`. */
function find(fd: number, { pageSize }: Meta, root: number, key: Uint8Array, flags: number): Buffer | undefined {
  let number = root
  const page = Buffer.alloc(pageSize)
  for (let depth = 0; depth < MAX_DEPTH && number >= 2; depth++) {
    if (readSync(fd, page, 0, pageSize, number * pageSize) !== pageSize) return undefined
    const kind = page.readUInt16LE(18)
    const count = page.readUInt16LE(20) / 2
    let place = -1
    for (let index = 0; index < count; index++) {
      const order = compare(keyOf(page, index), key)
      // The first key of a branch is empty, and so the least.
      if (kind === BRANCH ? order <= 0 || index === 0 : order === 0) place = index
    }
    if (place === -1 || (kind !== LEAF && kind !== BRANCH)) return undefined
    const at = nodeOf(page, place)
    const word = page.readUInt16LE(at) + page.readUInt16LE(at + 2) * 0x1_0000
    const more = page.readUInt16LE(at + 4)
    if (kind === LEAF) {
      const data = at + NODE_HEADER + page.readUInt16LE(at + 6)
      return more === flags && data + word <= pageSize ? page.subarray(data, data + word) : undefined
    }
    number = word + more * 2 ** 32
  }
  return undefined
}

const nodeOf = (page: Buffer, index: number): number => PAGE_HEADER + page.readUInt16LE(PAGE_HEADER + index * 2)

function keyOf(page: Buffer, index: number): Buffer {
  const at = nodeOf(page, index)
  return page.subarray(at + NODE_HEADER, at + NODE_HEADER + page.readUInt16LE(at + 6))
}
