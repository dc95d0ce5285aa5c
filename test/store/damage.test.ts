// LMDB dies with a signal on damaged files. Here bytes of a small vault file are flipped, and the file is cut at every
// 512 bytes: opening must end in a clean failure or in rows that are right or were changed as values, never in a
// crash. The tries run in a child process, so that a crash is a red test and not the end of the test run.
import { afterAll, expect, test } from 'bun:test'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { existsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { preflight } from '../../src/store/check.ts'
import { openLmdb } from '../../src/store/lmdb.ts'
import { damageAll, sample } from './damage-sample.ts'

// Thirty thousand files with a synced write each: in memory where there is such a place.
const folder = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'tvault-damage-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('damaged bytes and cuts end cleanly', async () => {
  const path = join(folder, 'vault.db')
  await sample(path)
  // Every byte is the slow suite's: a quarter of a minute here, two minutes there.
  const counts = damageAll(path, 11)
  console.log(`damage: ${JSON.stringify(counts)}`)
  expect(counts.tries).toBeGreaterThan(5000)
  expect(counts.refused).toBeGreaterThan(200)
  expect(counts.opened).toBeGreaterThan(1000)
}, 120_000)

test('what is no vault is recognised without LMDB', async () => {
  const at = (name: string): string => join(folder, name)
  writeFileSync(at('text'), 'hello world\n'.repeat(1000))
  writeFileSync(at('zeros'), new Uint8Array(65_536))
  writeFileSync(at('empty'), '')
  writeFileSync(at('sqlite'), `SQLite format 3\0${'x'.repeat(8192)}`)
  const bbolt = Buffer.alloc(16_384)
  bbolt.writeUInt32LE(0xed0cdaed, 16)
  writeFileSync(at('bbolt'), bbolt)
  mkdirSync(at('directory'))
  symlinkSync(at('text'), at('link'))
  Bun.spawnSync(['mkfifo', at('fifo')])
  const states = ['text', 'zeros', 'sqlite', 'empty', 'bbolt', 'directory', 'link', 'fifo', 'nothing'].map(
    (name) => preflight(at(name)).state,
  )
  expect(states).toEqual([
    'foreign',
    'foreign',
    'foreign',
    'empty',
    'bbolt',
    'not-regular',
    'not-regular',
    'not-regular',
    'absent',
  ])
  for (const name of ['text', 'zeros', 'empty', 'bbolt', 'directory', 'link', 'fifo']) {
    expect(openLmdb(at(name), { tables: ['a'], mode: 'read' })).rejects.toMatchObject({ kind: 'corrupt' })
  }
})
