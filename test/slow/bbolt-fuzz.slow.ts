// A million changed Go vaults, read in process: bytes, bits, words, page numbers and whole pages, one to eight changes
// each, with checksums made right again now and then so that a lie gets past the meta pages. Each ends in the right
// answer or in a failure (go-flips.ts says what is right); one in a thousand is moved as well. And one byte after the
// other over a whole file. CASES and SEED change number and course.
import { expect, test } from 'bun:test'
import { sign } from '../foreign/bbolt-file.ts'
import { judge, sampleFile, valuesOf } from '../foreign/go-flips.ts'
import { readGo } from '../foreign/go-moved.ts'
import { randomFrom, SEED } from './room.ts'

const CASES = Number(process.env['CASES'] ?? 1_000_000)
const SLOWEST_MILLISECONDS = 5000
const PAGE = 1024

const file = sampleFile(PAGE)
const values = valuesOf(readGo(file))
/** Offsets of what matters: most of a small file is empty. */
const busy = Array.from(file.keys()).filter((at) => file[at] !== 0)
const random = randomFrom(SEED)

function place(): number {
  return random(4) === 0 ? random(file.length) : (busy[random(busy.length)] ?? 0)
}

/** Numbers that are just right, or much too big. */
const NUMBERS = [0, 1, 2, 3, 0xff, 0xffff, 0x7fffffff, 0xffffffff, PAGE, file.length / PAGE]

const CHANGES: ((bytes: Uint8Array, view: DataView) => void)[] = [
  (bytes) => {
    const at = place()
    bytes[at] = (bytes[at] ?? 0) ^ (1 << random(8))
  },
  (bytes) => void (bytes[place()] = random(256)),
  (bytes, view) =>
    view.setUint16(Math.min(place() & ~1, bytes.length - 2), NUMBERS[random(NUMBERS.length)]! & 0xffff, true),
  (bytes, view) => view.setUint32(Math.min(place() & ~3, bytes.length - 4), NUMBERS[random(NUMBERS.length)]!, true),
  // The head of a page, an element in it, and what it points at.
  (_, view) => view.setUint32(PAGE * random(file.length / PAGE) + 4 * random(12), random(64), true),
  (_, view) => view.setBigUint64(PAGE * random(file.length / PAGE) + 8 * random(8), BigInt(random(24)), true),
  (bytes) => {
    const [from, to] = [random(file.length / PAGE), random(file.length / PAGE)]
    bytes.copyWithin(to * PAGE, from * PAGE, (from + 1) * PAGE)
  },
  (bytes) => {
    const from = place()
    bytes.copyWithin(place(), from, from + random(64))
  },
  (bytes) => {
    const at = place()
    bytes.fill(random(2) * 0xff, at, at + random(32))
  },
]

test('a million changed vaults', () => {
  console.log(`   SEED=${SEED} CASES=${CASES}`)
  const counts = { refused: 0, damaged: 0, whole: 0 }
  let slowest = 0
  for (let index = 0; index < CASES; index++) {
    let changed = file.slice()
    const view = new DataView(changed.buffer)
    for (let count = 1 + random(random(2) === 0 ? 1 : 8); count > 0; count--)
      CHANGES[random(CHANGES.length)]!(changed, view)
    if (random(4) === 0) for (const at of [0, PAGE]) sign(changed, at)
    if (random(50) === 0) changed = changed.subarray(0, random(file.length))
    const start = performance.now()
    try {
      counts[judge(changed, values, index % 1000 === 0)]++
    } catch (error) {
      throw new Error(`case ${index} of SEED=${SEED}: ${String(error)}`, { cause: error })
    }
    slowest = Math.max(slowest, performance.now() - start)
  }
  console.log(`   ${JSON.stringify(counts)}, slowest ${slowest.toFixed(0)} ms`)
  expect(slowest).toBeLessThan(SLOWEST_MILLISECONDS)
  expect(counts.refused + counts.damaged).toBeGreaterThan(CASES / 2)
}, 7_200_000)

test('every byte of a vault, changed in three ways', () => {
  const counts = { refused: 0, damaged: 0, whole: 0 }
  const changed = file.slice()
  for (const mask of [0x01, 0x80, 0xff]) {
    for (let at = 0; at < file.length; at++) {
      changed[at] = (changed[at] ?? 0) ^ mask
      counts[judge(changed, values, at % 101 === 0)]++
      changed[at] = file[at] ?? 0
    }
  }
  console.log(`   ${JSON.stringify(counts)}`)
  expect(counts.refused + counts.damaged).toBeGreaterThan(busy.length)
}, 7_200_000)
