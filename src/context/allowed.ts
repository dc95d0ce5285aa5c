// Which directories may load secrets into a shell by themselves. Allowed is a file `.tvaultrc` at one path with one
// content: whoever changes it must be allowed anew. The list is one empty file each, named by the hash of both, in the
// vault directory.
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { Failure } from '../lib/errors.ts'
import { fileFailure, readFound } from '../lib/files.ts'
import { printable } from '../lib/names.ts'

export const RC_NAME = '.tvaultrc'
const MAX_RC_BYTES = 65_536

/** A `.tvaultrc` that was found. */
export interface FoundRc {
  path: string
  /** SHA-256 of path and content, in hex. */
  id: string
  bytes: Uint8Array
}

/** The nearest `.tvaultrc` in `directory` or above it. Throws `failed` for one that others can change. */
export function findRc(directory: string): FoundRc | undefined {
  for (let at = directory; ; at = dirname(at)) {
    const path = join(at, RC_NAME)
    if (existsSync(path)) return readRc(path)
    if (dirname(at) === at) return undefined
  }
}

/** The file at `path` as it is. Throws `failed` for one that others can change. */
export function readRc(path: string): FoundRc {
  const { bytes, uid, mode } = readFound(path, MAX_RC_BYTES, { followLink: false })
  if (uid !== process.geteuid?.() || (mode & 0o022) !== 0) {
    throw new Failure('failed', `${printable(path)} can be changed by others`, {
      hint: `chmod go-w ${printable(path)}`,
    })
  }
  const hash = new Bun.CryptoHasher('sha256').update(path).update('\0').update(bytes)
  return { path, id: hash.digest('hex'), bytes }
}

const place = (vault: string, id: string): string => join(vault, 'allowed', id)

export function isAllowed(vault: string, { id }: FoundRc): boolean {
  return existsSync(place(vault, id))
}

/** Allows the file as it is now. */
export function allow(vault: string, { id, path }: FoundRc): void {
  try {
    mkdirSync(join(vault, 'allowed'), { mode: 0o700, recursive: true })
    writeFileSync(place(vault, id), `${path}\n`, { mode: 0o600 })
  } catch (error) {
    throw fileFailure(error, join(vault, 'allowed'), 'write')
  }
}

/** Whether it was allowed before. */
export function deny(vault: string, found: FoundRc): boolean {
  const before = isAllowed(vault, found)
  rmSync(place(vault, found.id), { force: true })
  return before
}
