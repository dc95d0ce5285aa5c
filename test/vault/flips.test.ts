// One flipped byte anywhere in a vault file: the right answer or `corrupt`, never a wrong or a missing name or value.
// Every byte is the slow suite's (test/slow/flips.slow.ts); here it is a sample.
import { afterAll, expect, test } from 'bun:test'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { flipAll, flipSample } from './flips-sample.ts'

const folder = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'tvault-flips-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('W33: a flipped byte hides nothing', async () => {
  const path = join(folder, 'vault.db')
  await flipSample(path)
  const { faults, ...counts } = flipAll(path, 127)
  console.log(`flips: ${JSON.stringify(counts)}`)
  expect(faults).toEqual([])
  expect(counts.refused).toBeGreaterThan(10)
  expect(counts.answered).toBeGreaterThan(100)
}, 120_000)
