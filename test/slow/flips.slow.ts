// Every byte of a small vault file, flipped one at a time, with all eight bits in turn over the run.
import { afterAll, expect, test } from 'bun:test'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { flipAll, flipSample } from '../vault/flips-sample.ts'

const folder = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'tvault-flips-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('every flipped byte', async () => {
  const path = join(folder, 'vault.db')
  await flipSample(path)
  const { faults, ...counts } = flipAll(path, 1)
  console.log(`   ${JSON.stringify(counts)}`)
  expect(faults).toEqual([])
  expect(counts.refused).toBeGreaterThan(1000)
}, 1_800_000)
