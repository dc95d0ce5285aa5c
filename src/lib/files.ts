// Reading and writing files that somebody else may have prepared. A path is opened once and judged by its open
// descriptor, never by name twice; no symlink is followed at the last step, and nothing can make us wait.
import {
  chmodSync,
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  fsyncSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  realpathSync,
  renameSync,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs'
import type { BigIntStats, Stats } from 'node:fs'
import { basename, dirname, join, sep } from 'node:path'
import { Failure, systemCode } from './errors.ts'
import { printable } from './names.ts'

/** What was read, and whose it was at that moment. */
export interface Found {
  bytes: Uint8Array
  uid: number
  /** Permission bits. */
  mode: number
}

/**
 * The whole content of a regular file of at most `maxBytes` bytes. Throws `failed` with the reason when it is
 * missing, a symbolic link, a directory, FIFO, socket or device, not readable, too big, or changes while it is read.
 */
export function readSafely(path: string, maxBytes: number): Uint8Array {
  return readFound(path, maxBytes, { followLink: false }).bytes
}

/** Like `readSafely`, and says whose the file is. `followLink` is for files that our own settings name. */
export function readFound(path: string, maxBytes: number, options: { followLink: boolean }): Found {
  const fd = openForeign(path, options.followLink)
  try {
    const before = fstatSync(fd, { bigint: true })
    checkRegular(path, before)
    if (before.size > BigInt(maxBytes)) {
      throw new Failure('failed', `${printable(path)} exceeds the limit of ${maxBytes} bytes`)
    }
    // One byte more than announced, so that a growing file is seen.
    const buffer = new Uint8Array(Number(before.size) + 1)
    let size = 0
    for (;;) {
      const count = readSync(fd, buffer, size, buffer.length - size, null)
      size += count
      if (count === 0 || size === buffer.length) break
    }
    const after = fstatSync(fd, { bigint: true })
    if (BigInt(size) !== before.size || after.size !== before.size || after.mtimeNs !== before.mtimeNs) {
      buffer.fill(0)
      // As in /proc: trying again would not help.
      if (before.size === 0n && after.size === 0n)
        throw new Failure('failed', `${printable(path)} holds more than its size says: it is no ordinary file`)
      throw new Failure('failed', `${printable(path)} changed while it was read`, { hint: 'try again' })
    }
    return { bytes: buffer.subarray(0, size), uid: Number(before.uid), mode: Number(before.mode & 0o7777n) }
  } catch (error) {
    throw fileFailure(error, path, 'read')
  } finally {
    closeSync(fd)
  }
}

/**
 * Copies a regular file to `to`, which must not exist (0600), a piece at a time, and returns the SHA-256 of what was
 * copied, in hex. Refuses the same files as `readSafely`, at any size.
 */
export function copySafely(path: string, to: string): string {
  const from = openForeign(path, false)
  const hash = new Bun.CryptoHasher('sha256')
  const chunk = new Uint8Array(1 << 20)
  try {
    checkRegular(path, fstatSync(from))
    const fd = openSync(to, 'wx', 0o600)
    try {
      for (let count = readSync(from, chunk); count > 0; count = readSync(from, chunk)) {
        hash.update(chunk.subarray(0, count))
        for (let at = 0; at < count;) at += writeSync(fd, chunk, at, count - at)
      }
    } finally {
      closeSync(fd)
    }
    return hash.digest('hex')
  } catch (error) {
    throw fileFailure(error, path, 'copy')
  } finally {
    closeSync(from)
  }
}

/** A descriptor, for reading, of a regular file that somebody else may have prepared. Refuses what `readSafely` refuses. */
export function openRegular(path: string): number {
  const fd = openForeign(path, false)
  try {
    checkRegular(path, fstatSync(fd))
    return fd
  } catch (error) {
    closeSync(fd)
    throw fileFailure(error, path, 'read')
  }
}

/** Opens for reading without waiting for the other end of a FIFO. */
function openForeign(path: string, followLink: boolean): number {
  const link = followLink ? 0 : constants.O_NOFOLLOW
  try {
    return openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY | link)
  } catch (error) {
    throw fileFailure(error, path, 'read')
  }
}

/** Throws `failed`, with what it is instead, unless `stats` is of a regular file. */
export function checkRegular(path: string, stats: Stats | BigIntStats): void {
  const kind = irregularity(stats)
  if (kind !== undefined) throw new Failure('failed', `${printable(path)} is ${kind}, not a regular file`)
}

function irregularity(stats: Stats | BigIntStats): string | undefined {
  if (stats.isFile()) return undefined
  if (stats.isDirectory()) return 'a directory'
  if (stats.isSymbolicLink()) return 'a symbolic link'
  if (stats.isFIFO()) return 'a FIFO'
  if (stats.isSocket()) return 'a socket'
  return 'a device'
}

/**
 * Writes a file whole or not at all, durable before it returns: temporary file in the same directory, fsync, put in
 * place, fsync of the directory. Never follows a link at the last step. The file gets mode `mode` (default 0600) also
 * when it replaces one with a looser mode. Throws `conflict` when it exists and `overwrite` is not set, `failed` when
 * something other than a regular file is there or when it would lie in the directory `outside`.
 */
export function writeAtomically(
  path: string,
  bytes: Uint8Array,
  options: { overwrite: boolean; mode?: number; outside?: string },
): void {
  const directory = dirname(path)
  const target = join(resolved(directory, path), basename(path))
  if (options.outside !== undefined) refuseInside(target, options.outside)
  const present = lstatOrNothing(target)
  if (present) {
    checkRegular(path, present)
    if (!options.overwrite) throw exists(path)
  }
  const temporary = join(dirname(target), `.${basename(target).slice(0, 100)}.${crypto.randomUUID()}.tmp`)
  try {
    writeNew(temporary, bytes, options.mode ?? 0o600)
    if (options.overwrite) renameSync(temporary, target)
    else moveWithoutReplacing(temporary, target)
    syncDirectory(dirname(target))
  } catch (error) {
    removeQuietly(temporary)
    throw systemCode(error) === 'EEXIST' ? exists(path) : fileFailure(error, path, 'write')
  }
}

/** Throws `failed` when `path` would lie in the directory `outside`, also through links, or its own is missing. */
export function checkOutside(path: string, outside: string): void {
  refuseInside(join(resolved(dirname(path), path), basename(path)), outside)
}

/** Makes the directories in front of the last part of `path` that are missing. Throws `failed`. */
export function makeParents(path: string): void {
  try {
    mkdirSync(dirname(path), { recursive: true })
  } catch (error) {
    throw fileFailure(error, dirname(path), 'create')
  }
}

/** The directory `directory` with every link resolved; `failed` when it is missing. */
function resolved(directory: string, path: string): string {
  try {
    return realpathSync(directory)
  } catch (error) {
    throw fileFailure(error, systemCode(error) === 'ENOENT' ? directory : path, 'write')
  }
}

function refuseInside(target: string, outside: string): void {
  let root: string
  try {
    root = realpathSync(outside)
  } catch {
    return
  }
  if (dirname(target) === root || target.startsWith(root + sep)) {
    throw new Failure('failed', `${printable(target)} lies in the vault directory, where only the vault itself writes`)
  }
}

function exists(path: string): Failure {
  return new Failure('conflict', `${printable(path)} exists already`)
}

/** Creates `path`, which must not exist, with exactly `mode`, and brings its content to the disk. */
function writeNew(path: string, bytes: Uint8Array, mode: number): void {
  const fd = openSync(path, 'wx', mode)
  try {
    fchmodSync(fd, mode)
    for (let at = 0; at < bytes.length;) at += writeSync(fd, bytes, at)
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}

/**
 * Gives the file `from` the name `to`, which must not exist: a system error EEXIST otherwise, and then `from` is
 * still there. Both lie on one file system.
 */
export function moveWithoutReplacing(from: string, to: string): void {
  try {
    linkSync(from, to)
  } catch (error) {
    // FAT and some network file systems have no hard links: reserve the name first, then rename over it.
    if (!['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'].includes(systemCode(error) ?? '')) throw error
    closeSync(openSync(to, 'wx', 0o600))
    renameSync(from, to)
    return
  }
  unlinkSync(from)
}

/** Makes earlier creations, renames and removals in `directory` durable. */
export function syncDirectory(directory: string): void {
  const fd = openSync(directory, constants.O_RDONLY | constants.O_DIRECTORY)
  try {
    fsyncSync(fd)
  } catch (error) {
    // Some file systems cannot sync a directory; there is nothing more to be done there.
    if (!['EINVAL', 'ENOTSUP', 'EBADF'].includes(systemCode(error) ?? '')) throw error
  } finally {
    closeSync(fd)
  }
}

/**
 * Makes sure that `path` is a directory for secrets: created 0700 (parents too) when missing; an empty one of ours
 * becomes 0700. Throws `failed` for a symbolic link, for somebody else's, and for a directory that holds other things
 * and is open to others: changing the mode of that one is left to its owner. Returns whether it was created.
 */
export function ensureDirectory(path: string): boolean {
  const present = lstatOrNothing(path)
  if (!present) {
    try {
      mkdirSync(path, { recursive: true, mode: 0o700 })
      chmodSync(path, 0o700)
      return true
    } catch (error) {
      throw fileFailure(error, path, 'create')
    }
  }
  checkDirectory(path, present)
  if (present.uid !== process.geteuid?.()) throw new Failure('failed', `${printable(path)} belongs to somebody else`)
  if ((present.mode & 0o077) === 0) return false
  try {
    if (readdirSync(path).length === 0) {
      chmodSync(path, 0o700)
      return false
    }
  } catch (error) {
    throw fileFailure(error, path, 'read')
  }
  throw new Failure('failed', `${printable(path)} is open to other users and holds other files`, {
    hint: `chmod 700 ${printable(path)}, or choose a directory of its own with --vault`,
  })
}

/** Throws `failed` unless `stats` (of lstat) is of a real directory. */
export function checkDirectory(path: string, stats: Stats): void {
  if (stats.isDirectory()) return
  throw new Failure('failed', `${printable(path)} is ${irregularity(stats) ?? 'a file'}, not a directory`)
}

/** lstat, or undefined when there is nothing of that name. Other errors become `failed`. */
export function lstatOrNothing(path: string): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false })
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined
    throw fileFailure(error, path, 'read')
  }
}

/** Whether both names lead to one and the same file. False when one of them is missing. */
export function isSameFile(a: string, b: string): boolean {
  try {
    const [first, second] = [statSync(a, { bigint: true }), statSync(b, { bigint: true })]
    return first.dev === second.dev && first.ino === second.ino
  } catch {
    return false
  }
}

/** Removes a file when it is there; never throws. */
export function removeQuietly(path: string): void {
  try {
    unlinkSync(path)
  } catch {
    // It was not there, or it cannot be removed: either way the caller has something more important to report.
  }
}

const REASONS: Record<string, string> = {
  ENOENT: 'it does not exist',
  ENOTDIR: 'a part of the path is not a directory',
  EACCES: 'permission denied',
  EPERM: 'not permitted',
  ELOOP: 'it is a symbolic link',
  EISDIR: 'it is a directory',
  ENXIO: 'it is not a regular file',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EROFS: 'the file system is read-only',
  ENAMETOOLONG: 'the name is too long',
  EIO: 'input/output error',
}

/** A system error about `path` as `failed`, in plain words; a Failure or anything else stays what it is. */
export function fileFailure(error: unknown, path: string, act: 'read' | 'write' | 'create' | 'copy'): unknown {
  const code = systemCode(error)
  if (error instanceof Failure || code === undefined) return error
  return new Failure('failed', `cannot ${act} ${printable(path)}: ${REASONS[code] ?? code}`, { cause: error })
}
