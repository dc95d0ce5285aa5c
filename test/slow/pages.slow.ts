// Every byte of a small vault file flipped, one at a time, and opened, read and written by the store.
import { afterAll, expect, test } from 'bun:test'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { damageAll, sample } from '../store/damage-sample.ts'

const folder = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'tvault-pages-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('no damaged byte crashes the store', async () => {
  const path = join(folder, 'vault.db')
  await sample(path)
  const counts = damageAll(path, 1)
  console.log(`pages: ${JSON.stringify(counts)}`)
  expect(counts.tries).toBeGreaterThan(50_000)
}, 600_000)
