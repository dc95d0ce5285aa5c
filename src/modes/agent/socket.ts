// The place of the agent: its socket, and the lock file that makes it the only one. The lock (flock on agent.lock, which
// the Go agent honours too) is the authority; the socket file and agent.pid only follow it. Nothing of another owner and
// nothing that is no socket is ever removed.
import { closeSync, constants, fstatSync, lstatSync, openSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { utf8 } from '../../lib/bytes.ts'
import { Failure, systemCode } from '../../lib/errors.ts'
import { writeAtomically } from '../../lib/files.ts'
import { printable } from '../../lib/names.ts'
import { flock } from '../../lib/native.ts'
import { MAX_SOCKET_PATH } from '../../lib/unix-socket.ts'
import { socketPath } from './socket-path.ts'

export const pidPath = (directory: string): string => join(directory, 'agent.pid')
/** Not longer than the name of the socket, so that it fits where that one does. */
const BIND_NAME = 'agent.new'
const lockFile = (directory: string): string => join(directory, 'agent.lock')

/** The place, held by this process until `release`. */
export interface Place {
  path: string
  /** Where the socket is bound before it gets its name. */
  bindPath: string
  /** Whether the socket and the lock are still where clients look for them. */
  holds: () => boolean
  /** Removes socket, pid file and lock file, as far as they are ours. */
  release: () => void
}

/**
 * Takes the place in the vault `directory`, which must be ours alone (0700). Throws `conflict` when an agent has it,
 * `failed` when something that is not ours stands there.
 */
export function takePlace(directory: string): Place {
  const path = socketPath(directory)
  const bindPath = join(directory, BIND_NAME)
  if (Buffer.byteLength(path) > MAX_SOCKET_PATH) {
    throw new Failure('failed', `the path of the socket is longer than ${MAX_SOCKET_PATH} bytes: ${printable(path)}`, {
      hint: 'use a vault directory with a shorter name (--vault, TVAULT_DIR)',
    })
  }
  refuseShared(directory)
  const fd = takeLock(directory)
  try {
    removeStale(path)
    removeStale(bindPath)
    writeAtomically(pidPath(directory), utf8(String(process.pid)), { overwrite: true })
  } catch (error) {
    closeSync(fd)
    throw error
  }
  const release = (): void => {
    // Without our lock file somebody else may have taken the place: then all of this is theirs.
    if (hasName(fd, lockFile(directory))) {
      removeQuietly(path, 'socket')
      removeQuietly(pidPath(directory), 'file')
      removeQuietly(lockFile(directory), 'file')
    }
    closeSync(fd)
  }
  const holds = (): boolean =>
    hasName(fd, lockFile(directory)) && lstatSync(path, { throwIfNoEntry: false })?.isSocket() === true
  return { path, bindPath, holds, release }
}

/** Who may write here could put a socket of their own in the place of ours. */
function refuseShared(directory: string): void {
  const { uid, mode } = statSync(directory)
  if (uid === process.geteuid?.() && (mode & 0o077) === 0) return
  throw new Failure('failed', `${printable(directory)} can be used by others, or is not yours`, {
    hint: `chmod 700 ${printable(directory)}`,
  })
}

/** What somebody else put in the place meanwhile stays there, and stops nobody from leaving. */
function removeQuietly(path: string, kind: 'socket' | 'file'): void {
  try {
    const stats = lstatSync(path)
    const right = kind === 'socket' ? stats.isSocket() : stats.isFile()
    if (right && stats.uid === process.geteuid?.()) rmSync(path)
  } catch {
    // It is gone already.
  }
}

/** Runs `listen` so that the socket it makes is 0600 from its birth. */
export function bornPrivate<T>(listen: () => T): T {
  const before = process.umask(0o177)
  try {
    return listen()
  } finally {
    process.umask(before)
  }
}

/** The lock on the file that has the name now: an agent that ends removes its file, maybe after it was opened here. */
function takeLock(directory: string): number {
  for (;;) {
    const fd = openLock(directory)
    if (!flock(fd, 'exclusive', false)) {
      closeSync(fd)
      throw new Failure('conflict', 'an agent is running already', { hint: 'tvault agent status' })
    }
    if (hasName(fd, lockFile(directory))) return fd
    closeSync(fd)
  }
}

/** Whether the open file `fd` is the one that is called `path` now. */
function hasName(fd: number, path: string): boolean {
  const [named, open] = [lstatSync(path, { throwIfNoEntry: false }), fstatSync(fd)]
  return named !== undefined && named.ino === open.ino && named.dev === open.dev
}

function openLock(directory: string): number {
  const path = lockFile(directory)
  const flags = constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW | constants.O_NONBLOCK
  let fd: number
  try {
    fd = openSync(path, flags, 0o600)
  } catch (error) {
    throw new Failure('failed', `cannot open ${printable(path)}: ${systemCode(error) ?? 'unknown error'}`, {
      hint: `ls -l ${printable(path)}`,
    })
  }
  const stats = fstatSync(fd)
  if (stats.isFile() && stats.uid === process.geteuid?.()) return fd
  closeSync(fd)
  throw foreign(path)
}

/** With the lock held: a socket that lies here belongs to an agent that was killed. */
function removeStale(path: string): void {
  const stats = lstatSync(path, { throwIfNoEntry: false })
  if (!stats) return
  if (!stats.isSocket() || stats.uid !== process.geteuid?.()) throw foreign(path)
  rmSync(path)
}

function foreign(path: string): Failure {
  return new Failure('failed', `${printable(path)} is not ours`, {
    hint: `ls -l ${printable(path)}; move it away if you know what it is`,
  })
}
