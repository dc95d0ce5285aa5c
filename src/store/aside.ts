// Looking into a vault file that lies anywhere, such as a fresh backup. LMDB makes a lock file beside what it opens, and
// writes over a file that has that name already; so the file gets a second name in a folder of its own.
import { copyFileSync, linkSync, mkdtempSync, rmSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { openLmdb } from './lmdb.ts'
import type { OpenOptions, Store } from './store.ts'

/** Opens `path` for reading and leaves nothing beside it, also not after `close`. Throws what `openLmdb` throws. */
export async function openAside(path: string, options: OpenOptions): Promise<Store> {
  const workshop = mkdtempSync(join(dirname(path), `.${basename(path).slice(0, 100)}.`))
  const remove = (): void => rmSync(workshop, { recursive: true, force: true })
  try {
    const second = join(workshop, 'vault.db')
    try {
      linkSync(path, second)
    } catch {
      // A file system without hard links, as on a memory stick.
      copyFileSync(path, second)
    }
    const store = await openLmdb(second, { ...options, mode: 'read' })
    const close = store.close.bind(store)
    return Object.assign(store, { close: () => close().finally(remove) })
  } catch (error) {
    remove()
    throw error
  }
}
