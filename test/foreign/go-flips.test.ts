// A sample of what test/slow/bbolt-fuzz.slow.ts does at length: every 31st byte of a small Go vault changed, and
// the file cut at many places.
import { expect, test } from 'bun:test'
import { judge, sampleFile, valuesOf } from './go-flips.ts'
import { readGo } from './go-moved.ts'

const file = sampleFile()
const values = valuesOf(readGo(file))

test('the sample is whole', () => {
  expect(values).toHaveLength(5)
  expect(judge(file, values)).toBe('whole')
})

test('changed bytes end in the right answer or in a failure', () => {
  const counts = { refused: 0, damaged: 0, whole: 0 }
  const changed = file.slice()
  for (let at = 0; at < file.length; at += 31) {
    const before = changed[at] ?? 0
    changed[at] = before ^ ([0x01, 0x80, 0xff][at % 3] ?? 1)
    counts[judge(changed, values, at % 11 === 0)]++
    changed[at] = before
  }
  expect(counts.damaged + counts.refused).toBeGreaterThan(counts.whole / 10)
  expect(counts.whole).toBeGreaterThan(0)
}, 60_000)

test('a file that is cut', () => {
  for (let size = 0; size < file.length; size += 128) expect(judge(file.subarray(0, size), values)).toBe('refused')
})
