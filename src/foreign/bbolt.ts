// Reads a bbolt file, the store of the Go TinyVault, and never writes to it. Its data pages carry no checksum, so
// nothing they say is believed: every offset is checked against its page, every page against the file, its neighbours
// and the list of free pages, and no page is read twice in one walk. Memory: one page with its overflow per level.
import { fstatSync, readSync } from 'node:fs'
import { compare } from '../lib/bytes.ts'
import { Failure } from '../lib/errors.ts'

/** Where the bytes are. `read` gives exactly `length` bytes at `at`, or throws `corrupt`. */
export interface Bytes {
  readonly size: number
  read(at: number, length: number): Uint8Array
}

export interface Row {
  key: Uint8Array
  value: Uint8Array
}

/** Hears of damage. One that throws ends the walk; one that returns lets it go on behind the damaged part. */
export type Tell = (damage: Failure) => void

/** Largest file: its pages must fit into a bitmap. */
const MAX_FILE_BYTES = 2 ** 36
/** Largest page with its overflow: a value of 128 MiB in base64 and more. */
const MAX_RUN_BYTES = 2 ** 28
const MAX_DEPTH = 64
const MIN_PAGE_SIZE = 1024
const MAX_PAGE_SIZE = 2 ** 24

const MAGIC = 0xed0cdaed
const FORMAT = 2
const META_BYTES = 80
const CHECKSUM_AT = 72
const NO_FREELIST = 0xffffffffffffffffn
/** Size of a page's head, of an element in it, and of the head of a bucket's value. */
const HEAD = 16
const FLAGS = { branch: 1, leaf: 2, freelist: 16 } as const
const BUCKET = 1
/** The count field of a freelist that is too long for it; the first word then holds the number. */
const LONG_LIST = 0xffff

/** What a valid meta page says. */
interface Meta {
  pageSize: number
  root: number
  /** Undefined when the list of free pages is not stored. */
  freelist: number | undefined
  /** One more than the highest page id in use. */
  pages: number
  transaction: bigint
}

interface Element extends Row {
  flags: number
  /** Branches only. */
  child: number
}

/** A page in memory: where it was, for messages, and its bytes with all overflow. */
interface Page {
  where: string
  bytes: Uint8Array
  isLeaf: boolean
}

/** What one walk has seen. */
interface Walk {
  seen: Uint8Array
  tell: Tell
  last?: Uint8Array | undefined
}

/** The open file `fd` as Bytes. Does not close it. */
export function bytesOf(fd: number): Bytes {
  const { size } = fstatSync(fd)
  return {
    size,
    read(at, length) {
      const bytes = new Uint8Array(length)
      for (let done = 0; done < length;) {
        const count = readSync(fd, bytes, done, length - done, at + done)
        if (count === 0) throw damage(`it ends at byte ${at + done}`)
        done += count
      }
      return bytes
    },
  }
}

/** A `corrupt` failure about a vault of the Go TinyVault. */
export function damage(what: string): Failure {
  return new Failure('corrupt', `the Go vault is damaged: ${what}`, {
    hint: 'tvault migrate --dry-run lists all damage; --salvage moves the rest',
  })
}

export class Bbolt {
  readonly #bytes: Bytes
  readonly #meta: Meta
  /** True when only one of the two meta pages is valid: the last change to the file may be missing. */
  readonly hasLostMeta: boolean

  /** Throws `failed` when `bytes` are no bbolt file at all, `corrupt` when no meta page is valid or the file is cut off. */
  constructor(bytes: Bytes) {
    this.#bytes = bytes
    if (bytes.size > MAX_FILE_BYTES) throw new Failure('failed', 'the file is too big for a vault of the Go TinyVault')
    const metas = findMetas(bytes)
    const [newest] = metas.toSorted((a, b) => (a.transaction > b.transaction ? -1 : 1))
    if (!newest) throw damage('both of its meta pages are')
    this.#meta = newest
    this.hasLostMeta = metas.length < 2
    const { pages, pageSize } = newest
    if (pages < 4 || pages * pageSize > bytes.size) {
      throw damage(`it has ${pages} pages of ${pageSize} bytes and ends at byte ${bytes.size}`)
    }
  }

  /** Names of all buckets, in byte order. */
  buckets(tell: Tell = refuse): Uint8Array[] {
    return Array.from(this.#roots(this.#walk(tell)), ({ key }) => key)
  }

  /** The rows of bucket `name` in byte order of their keys; none when there is no such bucket. */
  *rows(name: Uint8Array, tell: Tell = refuse): Generator<Row> {
    const walk = this.#walk(tell)
    for (const { key, value } of [...this.#roots(walk)]) if (compare(key, name) === 0) yield* this.#bucket(value, walk)
  }

  /** Walks the whole file once: every bucket, the list of free pages, and whether each page is used exactly once. */
  check(tell: Tell = refuse): void {
    const walk = this.#walk(tell)
    for (const { value } of [...this.#roots(walk)]) for (const _ of this.#bucket(value, walk));
    attempt(tell, () => this.#account(walk))
  }

  #walk(tell: Tell): Walk {
    return { seen: new Uint8Array(Math.ceil(this.#meta.pages / 8)), tell }
  }

  /** The values of the root bucket: heads of the buckets. */
  *#roots(walk: Walk): Generator<Row> {
    for (const element of this.#elements(this.#meta.root, walk, 0)) {
      if (element.flags === BUCKET) yield element
      else walk.tell(damage('the list of its tables holds something else'))
    }
    walk.last = undefined
  }

  *#bucket(value: Uint8Array, walk: Walk): Generator<Row> {
    walk.last = undefined
    const found = attempt(walk.tell, () => {
      if (value.length < HEAD) throw damage('a table has no head')
      const root = page64(value, 0)
      return root === 0 ? inlineElements(value.subarray(HEAD)) : this.#elements(root, walk, 0)
    })
    for (const element of found ?? []) {
      if (element.flags !== 0) walk.tell(damage('a table holds another one'))
      else yield { key: element.key, value: element.value }
    }
    walk.last = undefined
  }

  /** The leaf elements under page `id`, with every key between `low` and `high`. */
  *#elements(id: number, walk: Walk, depth: number, low?: Uint8Array, high?: Uint8Array): Generator<Element> {
    const found = attempt(walk.tell, () => {
      if (depth > MAX_DEPTH) throw damage(`page ${id} lies too deep`)
      const page = this.#page(id, walk, ['branch', 'leaf'])
      return { page, ...packed(page.where, page.bytes, page.isLeaf) }
    })
    if (!found) return
    const { page, elements, end } = found
    // bbolt writes zeros behind the last element; other bytes there are elements that the count leaves out.
    if (page.bytes.subarray(end).some((byte) => byte !== 0))
      walk.tell(damage(`${page.where}: there is more than it counts`))
    for (const [index, element] of elements.entries()) {
      const { key } = element
      const next = elements[index + 1]?.key ?? high
      if (page.isLeaf) {
        const inOrder = (!walk.last || compare(walk.last, key) < 0) && (!low || compare(low, key) <= 0)
        if (key.length === 0 || !inOrder || (high && compare(key, high) >= 0)) {
          walk.tell(damage(`${page.where}: key ${index} is out of order`))
        }
        walk.last = key
        yield element
      } else {
        if (next && next !== high && compare(key, next) >= 0) {
          walk.tell(damage(`${page.where}: branch ${index} is out of order`))
        }
        // The first branch of the leftmost path may have any key below.
        yield* this.#elements(element.child, walk, depth + 1, index === 0 && !low ? undefined : key, next)
      }
    }
  }

  /** Page `id` with its overflow, marked as seen. Throws `corrupt` when it is not one of `kinds`, or was seen before. */
  #page(id: number, walk: Walk, kinds: readonly (keyof typeof FLAGS)[]): Page {
    const { pageSize, pages } = this.#meta
    if (id < 2 || id >= pages) throw damage(`there is no page ${id}; it has ${pages}`)
    const where = `page ${id} at byte ${id * pageSize}`
    const head = fields(this.#bytes.read(id * pageSize, HEAD))
    const flags = head.getUint16(8, true)
    const kind = kinds.find((name) => FLAGS[name] === flags)
    if (page64(head, 0) !== id || kind === undefined) throw damage(`${where} is no ${kinds.join(' or ')} page`)
    const run = 1 + head.getUint32(12, true)
    if (id + run > pages || run * pageSize > MAX_RUN_BYTES) throw damage(`${where} says that ${run} pages belong to it`)
    for (let page = id; page < id + run; page++) {
      if (isMarked(walk.seen, page)) throw damage(`${where}: page ${page} is used twice`)
      mark(walk.seen, page)
    }
    return { where, bytes: this.#bytes.read(id * pageSize, run * pageSize), isLeaf: kind === 'leaf' }
  }

  /** Every page must be used or free, and none both: a lost branch, or one that leads to an old page, shows here. */
  #account(walk: Walk): void {
    const { freelist, pages } = this.#meta
    if (freelist === undefined) return
    const page = this.#page(freelist, walk, ['freelist'])
    const view = fields(page.bytes)
    const short = view.getUint16(10, true)
    const first = short === LONG_LIST ? HEAD + 8 : HEAD
    const count = short === LONG_LIST ? page64(view, HEAD) : short
    if (first + count * 8 > page.bytes.length) throw damage(`${page.where}: its list of free pages is too long`)
    for (let at = first; at < first + count * 8; at += 8) {
      const free = page64(view, at)
      if (free < 2 || free >= pages) walk.tell(damage(`${page.where}: there is no page ${free}`))
      else if (isMarked(walk.seen, free)) walk.tell(damage(`page ${free} is in use and free at the same time`))
      else mark(walk.seen, free)
    }
    for (let id = 2; id < pages; id++) {
      if (!isMarked(walk.seen, id)) walk.tell(damage(`page ${id} is lost: nothing leads to it, and it is not free`))
    }
  }
}

function refuse(damaged: Failure): never {
  throw damaged
}

/** What `work` returns; undefined when it failed with a Failure that `tell` let pass. */
function attempt<T>(tell: Tell, work: () => T): T | undefined {
  try {
    return work()
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    tell(error)
    return undefined
  }
}

/** The elements of a bucket that is small enough to lie in its own head: a leaf page of exactly its size. */
function inlineElements(image: Uint8Array): Element[] {
  const where = 'a small table'
  if (image.length < HEAD) throw damage(`${where} has no page`)
  const head = fields(image)
  if (page64(head, 0) !== 0 || head.getUint16(8, true) !== FLAGS.leaf || head.getUint32(12, true) !== 0) {
    throw damage(`${where} is no leaf page`)
  }
  const { elements, end } = packed(where, image, true)
  if (end !== image.length) throw damage(`${where} does not end where its page ends`)
  return elements
}

/**
 * The elements of a page. bbolt writes keys and values one behind the other, right after the table of elements, so any
 * gap or overlap is damage; and the work is bounded by the size of the page.
 */
function packed(where: string, bytes: Uint8Array, isLeaf: boolean): { elements: Element[]; end: number } {
  const view = fields(bytes)
  const count = view.getUint16(10, true)
  let end = HEAD + count * HEAD
  if (end > bytes.length || (count === 0 && !isLeaf)) throw damage(`${where}: its count of elements is ${count}`)
  const elements: Element[] = []
  for (let index = 0; index < count; index++) {
    const at = HEAD + index * HEAD
    const position = view.getUint32(isLeaf ? at + 4 : at, true)
    const keySize = view.getUint32(isLeaf ? at + 8 : at + 4, true)
    const valueSize = isLeaf ? view.getUint32(at + 12, true) : 0
    const keyEnd = end + keySize
    if (at + position !== end || keyEnd + valueSize > bytes.length) {
      throw damage(`${where}: element ${index} does not lie where it should`)
    }
    elements.push({
      flags: isLeaf ? view.getUint32(at, true) : 0,
      child: isLeaf ? 0 : page64(view, at + 8),
      key: bytes.subarray(end, keyEnd),
      value: bytes.subarray(keyEnd, keyEnd + valueSize),
    })
    end = keyEnd + valueSize
  }
  return { elements, end }
}

/** The valid ones of the two meta pages. Throws `failed` when there is no trace of one. */
function findMetas(bytes: Bytes): Meta[] {
  const first = metaAt(bytes, 0)
  const sizes = first.meta ? [first.meta.pageSize] : powers()
  let trace = first.magic
  const metas = first.meta ? [first.meta] : []
  for (const pageSize of sizes) {
    const { meta, magic } = metaAt(bytes, pageSize)
    trace ||= magic
    if (meta?.pageSize !== pageSize) continue
    metas.push(meta)
    break
  }
  if (!trace) throw new Failure('failed', 'the file is not a vault of the Go TinyVault')
  return metas
}

function powers(): number[] {
  const sizes: number[] = []
  for (let size = MIN_PAGE_SIZE; size <= MAX_PAGE_SIZE; size *= 2) sizes.push(size)
  return sizes
}

function metaAt(bytes: Bytes, at: number): { meta: Meta | undefined; magic: boolean } {
  if (at + META_BYTES > bytes.size) return { meta: undefined, magic: false }
  const page = bytes.read(at, META_BYTES)
  const view = fields(page)
  const magic = view.getUint32(HEAD, true) === MAGIC
  const pageSize = view.getUint32(24, true)
  const valid =
    magic &&
    view.getUint32(20, true) === FORMAT &&
    view.getBigUint64(CHECKSUM_AT, true) === fnv1a(page.subarray(HEAD, CHECKSUM_AT)) &&
    powers().includes(pageSize)
  if (!valid) return { meta: undefined, magic }
  const freelist = view.getBigUint64(48, true)
  return {
    magic,
    meta: {
      pageSize,
      root: page64(view, 32),
      freelist: freelist === NO_FREELIST ? undefined : Number(freelist),
      pages: page64(view, 56),
      transaction: view.getBigUint64(64, true),
    },
  }
}

/** FNV-1a, 64 bits. */
function fnv1a(bytes: Uint8Array): bigint {
  let hash = 0xcbf29ce484222325n
  for (const byte of bytes) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n)
  return hash
}

function fields(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/** A page id. One that no number holds exactly comes out too big for every file. */
function page64(bytes: Uint8Array | DataView, at: number): number {
  return Number((bytes instanceof DataView ? bytes : fields(bytes)).getBigUint64(at, true))
}

function isMarked(bits: Uint8Array, index: number): boolean {
  return ((bits[index >> 3] ?? 0) & (1 << (index & 7))) !== 0
}

function mark(bits: Uint8Array, index: number): void {
  bits[index >> 3] = (bits[index >> 3] ?? 0) | (1 << (index & 7))
}
