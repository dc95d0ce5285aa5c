// The bbolt reader on files of every shape, and on files that lie: cut off, looped, overlapping, with counts and
// sizes beyond all bounds. Every answer is the rows that were written, or damage that is named with its page.
import { describe, expect, test } from 'bun:test'
import { Bbolt } from '../../src/foreign/bbolt.ts'
import { concat, text, utf8 } from '../../src/lib/bytes.ts'
import { Failure } from '../../src/lib/errors.ts'
import { bboltFile, inMemory, sign } from './bbolt-file.ts'
import type { Bucket } from './bbolt-file.ts'

const PAGE = 4096

function open(file: Uint8Array): Bbolt {
  return new Bbolt(inMemory(file))
}

function rows(db: Bbolt, name: string): [string, string][] {
  return Array.from(db.rows(utf8(name)), ({ key, value }) => [text(key) ?? '', text(value) ?? ''])
}

function faultOf(act: () => unknown): string {
  try {
    act()
  } catch (error) {
    if (error instanceof Failure) return `${error.kind}: ${error.message}`
    throw error
  }
  return 'nothing'
}

const many = Array.from({ length: 900 }, (_, i) => [`key${String(i).padStart(5, '0')}`, `value ${i}`] as const)
const big = [
  ['a', 'x'.repeat(3 * PAGE)],
  ['b', 'short'],
  ['c', 'y'.repeat(50_000)],
] as const
const BUCKETS: Bucket[] = [
  { name: 'many', rows: many },
  { name: 'big', rows: big },
  {
    name: 'small',
    rows: [
      ['k', 'v'],
      ['l', ''],
    ],
    inline: true,
  },
  { name: 'empty', rows: [], inline: true },
  { name: 'bare', rows: [] },
]

describe('reads', () => {
  test.each([1024, 4096, 16_384, 65_536])(
    'pages of %d bytes: branches, overflow, small and empty buckets',
    (pageSize) => {
      const db = open(bboltFile(BUCKETS, { pageSize }))
      db.check()
      expect(db.buckets().map(text)).toEqual(['bare', 'big', 'empty', 'many', 'small'])
      expect(rows(db, 'many')).toEqual(many.map(([key, value]) => [key, value]))
      expect(rows(db, 'big')).toEqual(big.map(([key, value]) => [key, value]))
      expect(rows(db, 'small')).toEqual([
        ['k', 'v'],
        ['l', ''],
      ])
      expect(rows(db, 'empty')).toEqual([])
      expect(rows(db, 'bare')).toEqual([])
      expect(rows(db, 'missing')).toEqual([])
      expect(db.hasLostMeta).toBeFalse()
    },
  )

  test('the meta page with the higher transaction, and the other one when that is damaged', () => {
    const newer = bboltFile([{ name: 'b', rows: [['k', 'new']], inline: true }], { transaction: 9n, free: 0 })
    const older = bboltFile([{ name: 'b', rows: [['k', 'old']], inline: true }], { transaction: 5n, free: 0 })
    // Both roots in one file: the older one's pages behind the newer one's.
    const file = concat(newer, older.subarray(3 * PAGE))
    const view = new DataView(file.buffer)
    view.setBigUint64(4 * PAGE, 4n, true)
    file.set(older.subarray(PAGE, 2 * PAGE), PAGE)
    view.setBigUint64(PAGE + 32, 4n, true)
    view.setBigUint64(PAGE + 56, 5n, true)
    sign(file, PAGE)
    expect(rows(open(file), 'b')).toEqual([['k', 'new']])
    file[40] = 1
    const db = open(file)
    expect(rows(db, 'b')).toEqual([['k', 'old']])
    expect(db.hasLostMeta).toBeTrue()
  })

  test.each([1024, 4096, 65_536])('finds the page size when page 0 is gone (%d)', (pageSize) => {
    const file = bboltFile(BUCKETS, { pageSize })
    file.fill(0xff, 0, 512)
    expect(rows(open(file), 'many')).toHaveLength(900)
  })

  test('a list of free pages that is not stored', () => {
    const file = bboltFile(BUCKETS)
    const view = new DataView(file.buffer)
    for (const at of [0, PAGE]) {
      view.setBigUint64(at + 48, 0xffffffffffffffffn, true)
      sign(file, at)
    }
    open(file).check()
  })
})

/** A change to a good file, and what must be said about it. */
type Lie = (view: DataView, file: Uint8Array) => void
/** The page of the first branch, or of the first leaf, in the file. */
function find(view: DataView, flags: number): number {
  for (let at = 2 * PAGE; at < view.byteLength; at += PAGE) {
    if (view.getBigUint64(at, true) === BigInt(at / PAGE) && view.getUint16(at + 8, true) === flags) return at
  }
  throw new Error('no such page')
}

const LIES: [string, Lie, RegExp][] = [
  ['a branch to itself', (v) => v.setBigUint64(find(v, 1) + 24, BigInt(find(v, 1) / PAGE), true), /used twice/],
  ['a branch to page 0', (v) => v.setBigUint64(find(v, 1) + 24, 0n, true), /there is no page 0/],
  ['a branch beyond the file', (v) => v.setBigUint64(find(v, 1) + 24, 1n << 62n, true), /there is no page/],
  ['a branch to the free list', (v) => v.setBigUint64(find(v, 1) + 24, 2n, true), /no branch or leaf page/],
  [
    'two branches to one leaf',
    (v) => v.setBigUint64(find(v, 1) + 40, v.getBigUint64(find(v, 1) + 24, true), true),
    /used twice/,
  ],
  ['a count of 65535', (v) => v.setUint16(find(v, 2) + 10, 0xffff, true), /count of elements is 65535/],
  [
    'a count of one less',
    (v) => v.setUint16(find(v, 2) + 10, v.getUint16(find(v, 2) + 10, true) - 1, true),
    /does not lie where/,
  ],
  ['a leaf without its elements', (v) => v.setUint16(find(v, 2) + 10, 0, true), /more than it counts/],
  [
    'a last value cut short',
    (v) => v.setUint32(find(v, 2) + 16 * v.getUint16(find(v, 2) + 10, true) + 12, 1, true),
    /more than it counts/,
  ],
  ['a branch without elements', (v) => v.setUint16(find(v, 1) + 10, 0, true), /count of elements is 0/],
  ['a key of 4 GiB', (v) => v.setUint32(find(v, 2) + 24, 0xffffffff, true), /does not lie where/],
  ['a value of 4 GiB', (v) => v.setUint32(find(v, 2) + 28, 0xffffffff, true), /does not lie where/],
  ['a value before its page', (v) => v.setUint32(find(v, 2) + 20, 0x80000000, true), /does not lie where/],
  ['an overflow of 4 billion pages', (v) => v.setUint32(find(v, 2) + 12, 0xffffffff, true), /pages belong to it/],
  [
    'an overflow into the neighbour',
    (v) => v.setUint32(find(v, 2) + 12, 1, true),
    /used twice|in use and free|more than it counts/,
  ],
  ['another page id', (v) => v.setBigUint64(find(v, 2), 77n, true), /no branch or leaf/],
  ['two flags at once', (v) => v.setUint16(find(v, 2) + 8, 3, true), /no branch or leaf/],
  ['unknown flags of an element', (v) => v.setUint32(find(v, 2) + 16, 2, true), /holds another one/],
  [
    'keys out of order',
    (v, file) => file.set(utf8('zzzz'), find(v, 2) + 16 + v.getUint32(find(v, 2) + 20, true)),
    /out of order/,
  ],
  ['a free page in use', (v) => v.setBigUint64(2 * PAGE + 16, BigInt(find(v, 2) / PAGE), true), /in use and free/],
  ['a free page that is none', (v) => v.setBigUint64(2 * PAGE + 16, 1n << 40n, true), /there is no page/],
  ['a page that nothing leads to', (v) => v.setUint16(2 * PAGE + 10, 1, true), /is lost/],
  [
    'a long list of free pages without end',
    (v) => v.setUint16(2 * PAGE + 10, 0xffff, true),
    /too long|in use and free|is lost|there is no page/,
  ],
]

describe('damage is named', () => {
  test.each(LIES)('%s', (_, lie, words) => {
    const file = bboltFile(BUCKETS)
    lie(new DataView(file.buffer), file)
    const found = faultOf(() => open(file).check())
    expect(found).toStartWith('corrupt: the Go vault is damaged: ')
    expect(found).toMatch(words)
  })

  test.each(LIES)('and passed over on request: %s', (_, lie) => {
    const file = bboltFile(BUCKETS)
    lie(new DataView(file.buffer), file)
    const told: Failure[] = []
    const db = open(file)
    db.check((failure) => told.push(failure))
    expect(told.length).toBeGreaterThan(0)
    const intact = new Map<string, string>([...many, ...big])
    for (const name of ['many', 'big']) {
      for (const { key, value } of db.rows(utf8(name), () => undefined)) {
        const known = intact.get(text(key) ?? '')
        // A value that is cut short is no JSON any more.
        if (known !== undefined) expect(known).toStartWith(text(value) ?? '?')
      }
    }
  })

  test('a chain of branches without end', () => {
    const depth = 100
    const file = bboltFile([{ name: 'b', rows: [['k', 'v']] }], { free: depth })
    const view = new DataView(file.buffer)
    // The root of the bucket, page 3, becomes the first of a hundred branches with one child each.
    const chain = [3, ...Array.from({ length: depth }, (_, index) => 5 + index)]
    chain.forEach((id, index) => {
      const at = id * PAGE
      file.fill(0, at, at + PAGE)
      view.setBigUint64(at, BigInt(id), true)
      view.setUint16(at + 8, 1, true)
      view.setUint16(at + 10, 1, true)
      view.setUint32(at + 16, 16, true)
      view.setUint32(at + 20, 1, true)
      view.setBigUint64(at + 24, BigInt(chain[index + 1] ?? 3), true)
      file[at + 32] = 0x6b
    })
    expect(faultOf(() => open(file).check())).toMatch(/lies too deep/)
  })
})

describe('what is no bbolt file, or not all of one', () => {
  const file = bboltFile(BUCKETS)

  test('cut off at every 512 bytes', () => {
    for (let size = 0; size < file.length; size += 512) {
      const found = faultOf(() => open(file.subarray(0, size)))
      expect(found).toMatch(size < 80 ? /^failed: the file is not a vault/ : /^corrupt: .*ends at byte/)
    }
  })

  test('both meta pages damaged', () => {
    const broken = file.slice()
    broken[70] = (broken[70] ?? 0) ^ 1
    broken[PAGE + 70] = (broken[PAGE + 70] ?? 0) ^ 1
    expect(faultOf(() => open(broken))).toBe('corrupt: the Go vault is damaged: both of its meta pages are')
  })

  test.each([
    ['nothing', new Uint8Array(0)],
    ['zeros', new Uint8Array(65_536)],
    ['text', utf8('not a database\n'.repeat(1000))],
  ])('%s', (_, bytes) => {
    expect(faultOf(() => open(bytes))).toBe('failed: the file is not a vault of the Go TinyVault')
  })

  test('a file too big to be one', () => {
    const found = faultOf(() => new Bbolt({ size: 2 ** 40, read: () => new Uint8Array(0) }))
    expect(found).toMatch(/^failed: .*too big/)
  })

  test('page counts that no file has', () => {
    const lying = file.slice()
    const view = new DataView(lying.buffer)
    for (const at of [0, PAGE]) {
      view.setBigUint64(at + 56, 0xfffffffffffffff0n, true)
      sign(lying, at)
    }
    expect(faultOf(() => open(lying))).toMatch(/^corrupt: .*ends at byte/)
  })
})
