// The write lock of a vault: flock(2) on its directory. Not on an LMDB file: closing any descriptor of the lock file
// would drop LMDB's own fcntl locks. It is held only while rows are written or the file is replaced, never while a
// person is asked or a key is derived.
import { closeSync, existsSync, openSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { Failure } from '../lib/errors.ts'
import { flock } from '../lib/native.ts'

const LOCKS = '/proc/locks'
const LONGEST_NAP_MILLISECONDS = 16
/** Who has waited for long naps longer, up to this part of it: a hundred who wait must not fill the machine with asking. */
const NAP_PART = 1 / 20
const LONGEST_NAP_OF_A_CROWD = 80
const MOST_TURNS = 12

/** Holds nothing until `take`. One per open store. */
export class WriteLock {
  readonly #directory: string
  readonly #milliseconds: number
  #fd: number | undefined
  /** Held by `reserve`, and not in use by a `take` yet. */
  #reserved = false

  constructor(directory: string, milliseconds: number) {
    this.#directory = directory
    this.#milliseconds = milliseconds
  }

  /** Waits until it is ours; returns the release. Throws `busy` when nobody wrote for the whole deadline, also when this process holds it already. */
  take(): () => void {
    if (this.#reserved) {
      this.#reserved = false
      return () => {
        this.#reserved = this.#fd !== undefined
      }
    }
    if (this.#fd !== undefined) throw busy()
    const fd = openSync(this.#directory, 'r')
    try {
      lockWithin(fd, 'exclusive', this.#milliseconds, () => this.#state())
    } catch (error) {
      closeSync(fd)
      throw error
    }
    this.#fd = fd
    return () => {
      if (this.#fd === fd) this.#fd = undefined
      closeSync(fd)
    }
  }

  /** What changes when somebody has written, or had a turn: which file it is, since when, and who holds the locks. */
  #state(): string {
    const stats = statSync(join(this.#directory, 'vault.db'), { throwIfNoEntry: false })
    return `${stats?.ino} ${stats?.mtimeMs} ${turnOf(this.#directory, join(this.#directory, 'vault.db'))}`
  }

  /** Takes it without waiting, for the `take`s until the release; undefined when somebody has it. */
  reserve(): (() => void) | undefined {
    if (this.#fd !== undefined) return undefined
    const fd = openSync(this.#directory, 'r')
    if (!flock(fd, 'exclusive', false)) {
      closeSync(fd)
      return undefined
    }
    this.#fd = fd
    this.#reserved = true
    return () => {
      this.#fd = undefined
      this.#reserved = false
      closeSync(fd)
    }
  }
}

/**
 * The processes that hold locks on these files, as the kernel lists them; empty where it does not. When many wait on a
 * busy machine most turns are openings, which write nothing: who holds the lock is then all that changes.
 */
export function holders(...paths: readonly string[]): string {
  try {
    const inodes = new Set(paths.map((path) => String(statSync(path).ino)))
    return readFileSync(LOCKS, 'latin1')
      .split('\n')
      .map((line) => /^\d+: FLOCK +\S+ +\S+ +(\d+) [^ ]*:(\d+) /.exec(line))
      .flatMap((found) => (found && inodes.has(found[2] ?? '') ? [found[1]] : []))
      .join(' ')
  } catch {
    return ''
  }
}

/** What changes from turn to turn. When nobody holds the locks at this moment, nobody is stuck with them either. */
export function turnOf(...paths: readonly string[]): string {
  const held = holders(...paths)
  return held === '' && existsSync(LOCKS) ? `free at ${performance.now()}` : held
}

/** Whether nobody holds the lock on the file at `path`. True when there is none: who wants it will be told. */
export function isFree(path: string): boolean {
  let fd: number
  try {
    fd = openSync(path, 'r')
  } catch {
    return true
  }
  try {
    return flock(fd, 'exclusive', false)
  } finally {
    closeSync(fd)
  }
}

/**
 * flock with a deadline, by naps of growing length so that a short write of somebody else is noticed at once. The time
 * begins anew, at most a dozen times, when `state` is another one: then others had their turn, and nobody is stuck.
 */
export function lockWithin(
  fd: number,
  mode: 'shared' | 'exclusive',
  milliseconds: number,
  state: () => string = () => '',
): void {
  // Nearly always, and then there is nothing to compare.
  if (flock(fd, mode, false)) return
  const nap = new Int32Array(new SharedArrayBuffer(4))
  let [deadline, before, turns] = [performance.now() + milliseconds, state(), MOST_TURNS]
  const began = performance.now()
  for (let length = 0.25; !flock(fd, mode, false); length = Math.min(longest(performance.now() - began), length * 2)) {
    if (performance.now() >= deadline) {
      const now = state()
      if (now === before || --turns === 0) throw busy()
      ;[deadline, before] = [performance.now() + milliseconds, now]
    }
    Atomics.wait(nap, 0, 0, length)
  }
}

function longest(waited: number): number {
  return Math.min(LONGEST_NAP_OF_A_CROWD, Math.max(LONGEST_NAP_MILLISECONDS, waited * NAP_PART))
}

function busy(): Failure {
  return new Failure('busy', 'another process is writing to the vault', {
    hint: 'try again; TVAULT_LOCK_TIMEOUT sets how many seconds to wait',
  })
}
