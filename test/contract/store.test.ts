// Both backends keep the same promises.
import { afterAll, expect, test } from 'bun:test'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text, utf8 } from '../../src/lib/bytes.ts'
import { openAside } from '../../src/store/aside.ts'
import { openLmdb } from '../../src/store/lmdb.ts'
import { openMemory } from '../../src/store/memory.ts'
import { CONTRACT_TABLES, storeSuite } from './store.ts'

const folder = mkdtempSync(join(tmpdir(), 'tvault-contract-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

let number = 0
storeSuite('memory', async () => openMemory({ tables: CONTRACT_TABLES }))
storeSuite('lmdb', async () => {
  number += 1
  return openLmdb(join(folder, `${number}.db`), { tables: CONTRACT_TABLES, mode: 'create' })
})

test('lmdb, opened for reading: rows may be looked up while others are walked, in a table that nobody touched yet', async () => {
  const path = join(folder, 'walked.db')
  const made = await openLmdb(path, { tables: CONTRACT_TABLES, mode: 'create' })
  made.commit((writer) => {
    for (const table of CONTRACT_TABLES)
      for (const key of ['1', '2', '3']) writer.put(table, utf8(key), utf8(`${table}${key}`))
  })
  await made.close()
  const [first = '', second = ''] = CONTRACT_TABLES
  for (const walk of ['keys', 'range'] as const) {
    const store = await openLmdb(path, { tables: CONTRACT_TABLES, mode: 'read' })
    const found = store.snapshot((reader) => {
      const walked: Iterable<unknown> = reader[walk](first)
      return Array.from(walked, () => text(reader.get(second, utf8('2')) ?? new Uint8Array()))
    })
    expect([walk, found]).toEqual([walk, [`${second}2`, `${second}2`, `${second}2`]])
    await store.close()
  }
})

test('lmdb, looked at aside: nothing is left beside the file, also when it is no vault', async () => {
  const there = join(folder, 'aside')
  mkdirSync(there)
  const path = join(there, 'copy.db')
  const made = await openLmdb(join(folder, 'made.db'), { tables: CONTRACT_TABLES, mode: 'create' })
  made.commit((writer) => writer.put('a', utf8('key'), utf8('value')))
  await made.copyTo(path)
  await made.close()
  writeFileSync(`${path}-lock`, 'of somebody else')
  const store = await openAside(path, { tables: CONTRACT_TABLES })
  expect(text(store.get('a', utf8('key')) ?? new Uint8Array())).toBe('value')
  await store.close()
  expect(readdirSync(there).toSorted()).toEqual(['copy.db', 'copy.db-lock'])
  writeFileSync(path, 'no vault')
  await expect(openAside(path, { tables: CONTRACT_TABLES })).rejects.toThrow()
  expect(readdirSync(there).toSorted()).toEqual(['copy.db', 'copy.db-lock'])
})
