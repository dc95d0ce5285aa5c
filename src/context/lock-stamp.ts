// How `tvault lock` reaches servers that unlocked the vault by themselves: it renews a file beside the vault, and they look
// at it before every use and once a second. The file says nothing; that it is another one than before is the message.
import { join } from 'node:path'
import { systemCode } from '../lib/errors.ts'
import { lstatOrNothing, writeAtomically } from '../lib/files.ts'

const NAME = 'locked-at'
/** Where nothing can be written, no server can use a value either: each use writes its row first. */
const UNWRITABLE = ['EROFS', 'EACCES', 'EPERM']

/** What the stamp of the vault directory is like now, for comparing. */
export function lockStamp(directory: string): string {
  const stats = lstatOrNothing(join(directory, NAME))
  return stats ? [stats.dev, stats.ino, stats.mtimeMs, stats.ctimeMs].join() : ''
}

/** Tells every server of the vault directory to forget the key. Throws `failed` where that cannot be written. */
export function stampLock(directory: string): void {
  if (!lstatOrNothing(directory)) return
  const path = join(directory, NAME)
  try {
    writeAtomically(path, new TextEncoder().encode(`${new Date().toISOString()}\n`), { mode: 0o600, overwrite: true })
  } catch (error) {
    const code = systemCode(error) ?? systemCode((error as Error).cause)
    if (code === undefined || !UNWRITABLE.includes(code)) throw error
  }
}
