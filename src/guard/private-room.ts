// Two directories for one confined program, which go when it has ended: one that it may write to, and one, in memory
// where there is such a place, with files that it is given.
import { chmodSync, lstatSync, mkdtempSync, readdirSync, realpathSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Failure } from '../lib/errors.ts'
import { fileFailure } from '../lib/files.ts'
import { printable } from '../lib/names.ts'

const FILE_NAME = /^(?!\.{1,2}$)[A-Za-z0-9._-]{1,64}$/
/** Files there are on no disk. */
const IN_MEMORY = '/dev/shm'

export class PrivateRoom {
  /** For temporary files of the program. */
  readonly temporary: string
  /** For files that it may only read; undefined until the first one is put there. */
  #given: string | undefined
  readonly #directory: string
  readonly #sizes = new Map<string, number>()

  /** Makes the directory for temporary files, 0700, in `directory`. Throws `failed`. */
  constructor(directory: string) {
    this.#directory = directory
    this.temporary = made(directory)
  }

  /** The directory with files that it may only read, or undefined when there are none. */
  get given(): string | undefined {
    return this.#given
  }

  /** Writes a file (0600) that the program may read; its path. Throws `usage` for a name with more than letters. */
  put(name: string, bytes: Uint8Array): string {
    if (!FILE_NAME.test(name)) {
      throw new Failure('usage', `${printable(name)} cannot be the name of a private file`, {
        hint: 'a name has letters, digits, dots, - and _',
      })
    }
    this.#given ??= made(isDirectory(IN_MEMORY) ? IN_MEMORY : this.#directory)
    const path = join(this.#given, name)
    try {
      writeFileSync(path, bytes, { flag: 'wx', mode: 0o600 })
    } catch (error) {
      throw fileFailure(error, path, 'write')
    }
    this.#sizes.set(path, bytes.length)
    return path
  }

  /** Removes everything, after the given files were overwritten. The directories that could not be removed. */
  remove(): string[] {
    for (const [path, size] of this.#sizes) {
      try {
        writeFileSync(path, new Uint8Array(size), { flag: 'r+' })
      } catch {
        // It is removed all the same.
      }
    }
    return [this.#given, this.temporary].filter((path): path is string => path !== undefined && !isRemoved(path))
  }
}

function made(parent: string): string {
  try {
    return mkdtempSync(join(realpathSync(parent), 'tvault-'))
  } catch (error) {
    throw fileFailure(error, parent, 'create')
  }
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true
}

/** Tries twice: the program may have taken rights to its own directories away. */
function isRemoved(path: string): boolean {
  for (const prepare of [() => undefined, () => openUp(path)]) {
    try {
      prepare()
      rmSync(path, { recursive: true, force: true })
      return true
    } catch {
      // Said by the caller.
    }
  }
  return false
}

function openUp(path: string): void {
  if (!lstatSync(path).isDirectory()) return
  chmodSync(path, 0o700)
  for (const name of readdirSync(path)) openUp(join(path, name))
}
