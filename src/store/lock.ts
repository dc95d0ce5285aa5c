// The write lock of a vault: flock(2) on its directory. Not on an LMDB file: closing any descriptor of the lock file
// would drop LMDB's own fcntl locks. It is held only while rows are written or the file is replaced, never while a
// person is asked or a key is derived.
import { closeSync, openSync } from 'node:fs'
import { Failure } from '../lib/errors.ts'
import { flock } from '../lib/native.ts'

const LONGEST_NAP_MILLISECONDS = 16

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

  /** Waits until it is ours; returns the release. Throws `busy` after the deadline, also when this process holds it already. */
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
      lockWithin(fd, 'exclusive', this.#milliseconds)
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

/** flock with a deadline, by naps of growing length so that a short write of somebody else is noticed at once. */
export function lockWithin(fd: number, mode: 'shared' | 'exclusive', milliseconds: number): void {
  const nap = new Int32Array(new SharedArrayBuffer(4))
  const deadline = performance.now() + milliseconds
  for (let length = 0.25; !flock(fd, mode, false); length = Math.min(LONGEST_NAP_MILLISECONDS, length * 2)) {
    if (performance.now() >= deadline) throw busy()
    Atomics.wait(nap, 0, 0, length)
  }
}

function busy(): Failure {
  return new Failure('busy', 'another process is writing to the vault', {
    hint: 'try again; TVAULT_LOCK_TIMEOUT sets how many seconds to wait',
  })
}
