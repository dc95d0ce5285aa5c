// Both backends keep the same promises.
import { afterAll } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
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
