// Child of damage.test.ts: damages the file at argv[2] in memory, writes each variant beside it, opens it, reads every
// row and writes one. argv[3] is the step from one damaged byte to the next. Prints how often it was refused or opened as JSON. Only a clean Failure may come out.
import { copyFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { utf8 } from '../../src/lib/bytes.ts'
import { Failure } from '../../src/lib/errors.ts'
import { openLmdb } from '../../src/store/lmdb.ts'

const [, , path = '', step = '1'] = process.argv
const intact = readFileSync(path)
const victim = `${path}.damaged`
const counts = { tries: 0, refused: 0, opened: 0 }

async function attempt(bytes: Uint8Array, mayWrite: boolean): Promise<void> {
  counts.tries += 1
  rmSync(`${victim}-lock`, { force: true })
  // A new inode each time: LMDB knows files that are open in this process by it.
  rmSync(victim, { force: true })
  writeFileSync(victim, bytes)
  let store
  try {
    store = await openLmdb(victim, { tables: ['a', 'b'], mode: mayWrite ? 'write' : 'read' })
    for (const table of ['a', 'b'])
      for (const row of store.range(table)) if (row.key.length > 2000) throw new Error('a key that cannot be')
    if (mayWrite) {
      store.commit((writer) => {
        writer.put('a', utf8('new'), new Uint8Array(5000))
        writer.delete('a', utf8('key140'))
      })
    }
    counts.opened += 1
  } catch (error) {
    if (!(error instanceof Failure)) {
      copyFileSync(victim, `${path}.culprit`)
      throw error
    }
    counts.refused += 1
  } finally {
    await store?.close()
  }
}

const changed = Uint8Array.from(intact)
for (let at = 0; at < intact.length; at += Number(step)) {
  const before = intact[at] ?? 0
  // Bits that matter differ from field to field: the low bit, the high bit, and all of them, in turn.
  changed[at] = before ^ ([0x01, 0x80, 0xff][counts.tries % 3] ?? 1)
  await attempt(changed, counts.tries % 2 === 0)
  changed[at] = before
}
for (let size = 0; size < intact.length; size += 512) await attempt(intact.subarray(0, size), true)
console.log(JSON.stringify(counts))
