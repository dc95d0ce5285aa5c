// A million files that no other program would write: no importer crashes or hangs, keys stay valid and different, what is
// refused names the file, and no value gets into a message. SEED repeats a run.
import { expect, test } from 'bun:test'
import { fuzz } from './fuzz.ts'
import { SEED } from './room.ts'

const CASES = Number(process.env['CASES'] ?? 1_000_000)

test(`${CASES} mutated files of other programs (seed ${SEED})`, async () => {
  const [done = 0, taken = 0] = await fuzz('importers-fuzz.ts', CASES, 120, /^\d+ cases, \d+ read/)
  expect(done).toBe(CASES)
  // Files of which none or all could be read would try little.
  expect(taken / CASES).toBeGreaterThan(0.1)
  expect(taken / CASES).toBeLessThan(0.9)
})
