// Processes that open, commit and close at the same time lose nothing. Without the lock on the file itself (swap.ts)
// LMDB loses a commit in every other round of this, or dies.
import { afterAll, expect, test } from 'bun:test'
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text, utf8 } from '../../src/lib/bytes.ts'
import { openLmdb } from '../../src/store/lmdb.ts'

const PROCESSES = 8
const TIMES = 25
const ROUNDS = 5
const folder = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'tvault-together-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

async function count(round: number): Promise<[number, string[]]> {
  const path = join(folder, String(round), 'vault.db')
  mkdirSync(join(folder, String(round)))
  await (await openLmdb(path, { tables: ['a'], mode: 'create' })).close()
  const children = Array.from({ length: PROCESSES }, () =>
    Bun.spawn([process.execPath, join(import.meta.dir, 'together.ts'), path, String(TIMES)], { stderr: 'pipe' }),
  )
  const faults = await Promise.all(
    children.map(async (child) => {
      const said = await child.stderr.text()
      return (await child.exited) === 0 ? '' : `${child.signalCode ?? child.exitCode} ${said.slice(0, 200)}`
    }),
  )
  const store = await openLmdb(path, { tables: ['a'], mode: 'read' })
  const counted = Number(text(store.get('a', utf8('count')) ?? utf8('0')))
  await store.close()
  return [counted, faults.filter((fault) => fault !== '')]
}

test(`${PROCESSES} processes, each opening and committing ${TIMES} times`, async () => {
  for (let round = 0; round < ROUNDS; round++) expect(await count(round)).toEqual([PROCESSES * TIMES, []])
}, 120_000)
