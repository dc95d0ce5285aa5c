import { expect, test } from 'bun:test'
import { runnableIn, runnableThreads } from '../../src/lib/load.ts'

test.each([
  ['0.20 0.18 0.12 1/80 11206\n', 1],
  ['96.00 50.25 20.01 97/512 7\n', 97],
  ['', 1],
  ['something else', 1],
])('%j', (line, count) => {
  expect(runnableIn(line)).toBe(count)
})

test('whoever asks runs', () => {
  expect(runnableThreads()).toBeGreaterThan(0)
})
