// A million dotenv files that nobody would write: the parser, the editor and the references neither crash nor hang,
// and keep their laws. SEED repeats a run.
import { expect, test } from 'bun:test'
import { fuzz } from './fuzz.ts'
import { SEED } from './room.ts'

const CASES = Number(process.env['CASES'] ?? 1_000_000)

test(`${CASES} mutated files (seed ${SEED})`, async () => {
  const [done = 0, refused = 0] = await fuzz('dotenv-fuzz.ts', CASES, 60, /^\d+ \d+$/)
  expect(done).toBe(CASES)
  // Edits are refused only where a broken quote stands in the way.
  expect(refused / CASES).toBeLessThan(0.05)
})
