// What must not be written, asked before LMDB or the file system can say it in their own way, and their errors in ours.
import { accessSync, constants, existsSync, lstatSync, statSync, statfsSync } from 'node:fs'
import { basename, dirname } from 'node:path'
import { Failure, systemCode } from '../lib/errors.ts'
import { lockPath } from './swap.ts'

const EIO = 5
const ENOSPC = 28
/** A lock file that has to be made must find its blocks, or LMDB dies of SIGBUS; in bytes, with a reserve. */
const LOCK_ROOM = 65_536

/**
 * LMDB dies with a signal when it cannot open its lock file, so whether it can is asked before. A reader does without
 * one that it may not touch, but not without one that is no file. Throws `failed`.
 */
export function refuseUnfit(path: string, readOnly: boolean): void {
  const lock = lockPath(path)
  const stats = statSync(lock, { throwIfNoEntry: false })
  if (stats !== undefined && !stats.isFile()) {
    throw new Failure('failed', `${basename(lock)} is not a regular file`, {
      hint: `rm -r ${basename(lock)} beside the vault`,
    })
  }
  const { bavail, bsize } = statfsSync(dirname(path))
  if (stats === undefined && bavail * bsize < LOCK_ROOM) {
    throw new Failure('failed', `the disk is full: there is no room for ${basename(lock)}`, { hint: 'df -h shows it' })
  }
  if (readOnly) return
  try {
    const present = [path, lock].filter((file) => existsSync(file))
    for (const file of present.length === 2 ? present : [dirname(path), ...present]) {
      accessSync(file, constants.R_OK | constants.W_OK)
    }
  } catch (error) {
    throw writeFailure(error)
  }
}

/** A copy target must be new, or a plain file that may be overwritten and is not the live vault itself. */
export function refuseTarget(path: string, liveInode: number, overwrite: boolean): void {
  const stats = lstatSync(path, { throwIfNoEntry: false })
  if (stats === undefined) return
  if (!stats.isFile()) throw new Failure('failed', 'the target is not a regular file')
  if (stats.ino === liveInode)
    throw new Failure('usage', 'the target is the vault itself', { hint: 'name another file' })
  if (!overwrite) throw new Failure('conflict', 'the target exists already', { hint: 'name another file' })
}

/** A failure of writing in words of ours; what is not known comes back as it is. */
export function writeFailure(error: unknown): unknown {
  if (error instanceof Failure) return error
  const number = (error as { code?: unknown } | undefined)?.code
  const code = systemCode(error)
  if (number === EIO || number === ENOSPC || code === 'ENOSPC' || code === 'EDQUOT') {
    return new Failure('failed', 'the vault could not be written; nothing was changed', {
      hint: 'is the disk full? df -h shows it',
      cause: error,
    })
  }
  if (code === 'EACCES' || code === 'EROFS' || code === 'EPERM' || code === 'ENOENT' || code === 'EEXIST') {
    return new Failure('failed', `the vault could not be written: ${code}`, {
      hint: 'check the directory and its mode',
      cause: error,
    })
  }
  return error
}
