// Replacing vault.db as a whole. LMDB's lock file (vault.db-lock) belongs to one inode of vault.db: paired with another
// it would make LMDB read from the wrong meta page. So data and lock change together, and no kill point mixes them:
//
//   1. the new state is built in vault.db.building (nobody looks at it; a leftover is deleted by the next writer);
//   2. checked and fsynced, it is renamed to vault.db.next: THE COMMIT POINT. From here the new state is the vault;
//   3. under an exclusive flock on the old vault.db: delete vault.db-lock, rename vault.db.next to vault.db.
//
// Whoever opens the vault and finds vault.db.next finishes step 3 first. Openers hold an exclusive flock on the
// vault.db they open and look again afterwards whether it still has that name, so none pairs the old lock with the new
// file. Commits hold it at their end, and closes, because LMDB does not keep the three apart on its own (lmdb 3.5.6, measured):
// an open that overlaps a commit sets the shared transaction number back, and the next writer overwrites that commit;
// an open that overlaps the last close finds destroyed mutexes. Reading from an open file needs no lock.
// Processes that have the old file open go on reading it; before they write they notice the new one.
import {
  closeSync,
  existsSync,
  fstatSync,
  fsyncSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { Failure, systemCode } from '../lib/errors.ts'
import { lockWithin, turnOf } from './lock.ts'

/** Commits are short, but the one of a large import may take seconds. */
const PLACE_MILLISECONDS = 30_000
/** More than LMDB's table of readers takes (8,272). */
const LOCK_BYTES = 16_384

export const buildingPath = (path: string): string => `${path}.building`
const nextPath = (path: string): string => `${path}.next`
export const lockPath = (path: string): string => `${path}-lock`

/**
 * Makes the lock file of a database that only this process knows, with its blocks. LMDB would make a sparse one and
 * write to it through memory, and on a full disk that is a SIGBUS instead of an error. Throws ENOSPC.
 */
export function reserveLock(path: string): void {
  writeFileSync(lockPath(path), Buffer.alloc(LOCK_BYTES), { mode: 0o600 })
}

/** Makes names in `directory` durable. */
export function syncDirectory(directory: string): void {
  const fd = openSync(directory, 'r')
  try {
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}

/** Makes the bytes of the file durable. */
export function syncFile(path: string): void {
  const fd = openSync(path, 'r+')
  try {
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}

/** True when a committed replacement waits for step 3. */
export function hasReplacement(path: string): boolean {
  return existsSync(nextPath(path))
}

/** Removes what a killed writer left of step 1. Call it with the write lock held. */
export function removeLeftovers(path: string): void {
  rmSync(buildingPath(path), { force: true })
  rmSync(lockPath(buildingPath(path)), { force: true })
}

/** Step 2: the finished, fsynced building file becomes the vault. Call it with the write lock held. */
export function commitReplacement(path: string, directory: string): void {
  rmSync(lockPath(buildingPath(path)), { force: true })
  renameSync(buildingPath(path), nextPath(path))
  syncDirectory(directory)
}

/** Step 3. Call it with the write lock held; harmless when there is nothing to finish. */
export function finishReplacement(path: string, directory: string): void {
  if (!hasReplacement(path)) return
  const fd = openExisting(path)
  try {
    if (fd !== undefined) lockWithin(fd, 'exclusive', PLACE_MILLISECONDS, () => lastWrite(path))
    rmSync(lockPath(path), { force: true })
    renameSync(nextPath(path), path)
    syncDirectory(directory)
  } catch (error) {
    if (error instanceof Failure) throw error
    throw new Failure(
      'failed',
      `a replacement of the vault waits to be finished, but ${systemCode(error) ?? 'it failed'}`,
      {
        hint: 'make the vault directory writable once',
        cause: error,
      },
    )
  } finally {
    if (fd !== undefined) closeSync(fd)
  }
}

/** The lock on the file at `path` itself, taken; call what is returned to let go. Throws `busy`, or the system error. */
export function holdPlace(path: string): { fd: number; release: () => void } {
  const fd = openSync(path, 'r')
  try {
    lockWithin(fd, 'exclusive', PLACE_MILLISECONDS, () => lastWrite(path))
  } catch (error) {
    closeSync(fd)
    throw error
  }
  return { fd, release: () => closeSync(fd) }
}

/**
 * Runs `open` on the file at `path` while nobody can replace it or commit to it. Returns what `open` returns, or
 * undefined when the file was replaced meanwhile or a replacement waits, so that the caller finishes it and tries again.
 */
export function whileInPlace<T>(path: string, open: (fd: number) => T): T | undefined {
  const { fd, release } = holdPlace(path)
  try {
    if (hasReplacement(path) || !isSameFile(path, fstatSync(fd).ino)) return undefined
    return open(fd)
  } finally {
    release()
  }
}

/** Whether the file named `path` is the one with this inode number. */
export function isSameFile(path: string, inode: number): boolean {
  try {
    return statSync(path).ino === inode
  } catch {
    return false
  }
}

/** Changes with every commit and with every turn: while it does, nobody is stuck. */
function lastWrite(path: string): string {
  return `${statSync(path, { throwIfNoEntry: false })?.mtimeMs} ${turnOf(path)}`
}

function openExisting(path: string): number | undefined {
  try {
    return openSync(path, 'r')
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined
    throw error
  }
}
