// A small vault file with everything LMDB can have in one: tables, overflow pages, deleted rows, a free list.
import { join } from 'node:path'
import { utf8 } from '../../src/lib/bytes.ts'
import { openLmdb } from '../../src/store/lmdb.ts'
import type { Store } from '../../src/store/store.ts'

/** Writes it to `path`. */
export async function sample(path: string): Promise<void> {
  const store = await openLmdb(path, { tables: ['a', 'b'], mode: 'create' })
  const fill = (round: number, it: Store): void =>
    it.commit((writer) => {
      for (let index = 0; index < 60; index++) writer.put('a', utf8(`key${index * 7}`), utf8(`value ${round} ${index}`))
      writer.put('b', utf8('big'), new Uint8Array(9000).fill(round))
      if (round === 2) for (let index = 0; index < 20; index++) writer.delete('a', utf8(`key${index * 7}`))
    })
  for (const round of [0, 1, 2]) fill(round, store)
  await store.close()
}

export interface DamageCounts {
  tries: number
  refused: number
  opened: number
}

/** Damages the file at `path` at every `step`th byte in a child process. Throws when that died or found a fault. */
export function damageAll(path: string, step: number): DamageCounts {
  const child = Bun.spawnSync([process.execPath, join(import.meta.dir, 'damage.ts'), path, String(step)], {
    stdout: 'pipe',
    stderr: 'pipe',
  })
  const said = child.stdout.toString().trim()
  if (child.exitCode !== 0)
    throw new Error(`${child.signalCode ?? child.exitCode}: ${child.stderr.toString().slice(-800)}`)
  return JSON.parse(said)
}
