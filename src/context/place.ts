// Making a vault where there is none. The whole file is made under a temporary name and then given its own name
// with link(2), which never replaces: of two that race exactly one wins, and the other has touched nothing.
import { rmSync, rmdirSync } from 'node:fs'
import { Failure, systemCode } from '../lib/errors.ts'
import { ensureDirectory, lstatOrNothing, moveWithoutReplacing, removeQuietly, syncDirectory } from '../lib/files.ts'
import { printable } from '../lib/names.ts'
import { vaultFile } from '../lib/paths.ts'
import type { Store } from '../store/store.ts'

/**
 * Makes the vault of `directory` with what `fill` writes into a fresh store. Throws `conflict` when something is
 * there already, before and after the filling; what `fill` throws otherwise. Nothing stays behind on failure.
 */
export async function makeVault<T>(
  directory: string,
  lockMilliseconds: number,
  fill: (store: Store) => T | Promise<T>,
): Promise<T> {
  refuseExisting(directory)
  const created = ensureDirectory(directory)
  try {
    return await fillAside(directory, lockMilliseconds, fill, (temporary, { lockPath }) => {
      refuseExisting(directory)
      // A lock file without its vault belongs to one that was deleted, and must not meet another file.
      rmSync(lockPath(vaultFile(directory)), { force: true })
      moveWithoutReplacing(temporary, vaultFile(directory))
    })
  } catch (error) {
    if (created) removeEmpty(directory)
    throw systemCode(error) === 'EEXIST' ? taken(directory) : error
  }
}

/** Throws `conflict` when anything of the name of a vault is there, whatever it is. */
export function refuseExisting(directory: string): void {
  const path = vaultFile(directory)
  if (lstatOrNothing(path) || lstatOrNothing(`${path}.next`)) throw taken(directory)
}

function taken(directory: string): Failure {
  return new Failure('conflict', `there is a vault already in ${printable(directory)}`, {
    hint: 'tvault status shows it; --vault DIR names another place',
  })
}

/** Removes the directory if nothing is in it: somebody else may have won the race into it. */
function removeEmpty(directory: string): void {
  try {
    rmdirSync(directory)
  } catch {
    // Not empty, or gone.
  }
}

/**
 * Fills a fresh store beside the vault, closes it and hands the path of the finished file to `publish`, which moves it
 * to where it belongs while this process holds the write lock. Temporary files are removed in every case.
 */
export async function fillAside<T>(
  directory: string,
  lockMilliseconds: number,
  fill: (store: Store) => T | Promise<T>,
  publish: (temporary: string, swap: typeof import('../store/swap.ts')) => void,
): Promise<T> {
  const [{ openLmdb }, { WriteLock }, swap, { TABLES }] = await Promise.all([
    import('../store/lmdb.ts'),
    import('../store/lock.ts'),
    import('../store/swap.ts'),
    import('../vault/schema.ts'),
  ])
  const temporary = `${vaultFile(directory)}.new-${crypto.randomUUID()}`
  try {
    const store = await openLmdb(temporary, { tables: TABLES, lockMilliseconds, mode: 'create' })
    let result: T
    try {
      result = await fill(store)
    } finally {
      await store.close()
    }
    const release = new WriteLock(directory, lockMilliseconds).take()
    try {
      publish(temporary, swap)
    } finally {
      release()
    }
    syncDirectory(directory)
    return result
  } finally {
    removeQuietly(temporary)
    removeQuietly(swap.lockPath(temporary))
  }
}
