// The look at a vault file before LMDB may see it: LMDB maps the file into memory and dies with a signal on anything
// that is not one of its own. `preflight` is the cheap half (two small reads), `deepCheck` walks every tree page.
import { closeSync } from 'node:fs'
import { Failure, systemCode } from '../lib/errors.ts'
import { Unfit, openQuietly, readMeta } from './meta.ts'
import type { FileState, Meta } from './meta.ts'
import { isStamped, stamp } from './stamp.ts'
import { walk } from './walk.ts'
import type { Depth } from './walk.ts'

export type { FileState } from './meta.ts'

/** What kind of file is at `path`. Never throws, never waits, never follows a symbolic link. */
export function preflight(path: string): FileState {
  let fd: number
  try {
    fd = openQuietly(path)
  } catch (error) {
    const code = systemCode(error) ?? 'unknown error'
    if (code === 'ENOENT') return { state: 'absent', detail: 'there is no file' }
    if (code === 'ELOOP' || code === 'ENXIO') return { state: 'not-regular', detail: 'not a regular file' }
    return { state: 'unreadable', detail: code }
  }
  try {
    readMeta(fd)
    return { state: 'ok', detail: '' }
  } catch (error) {
    if (error instanceof Unfit) return error.found
    return { state: 'unreadable', detail: systemCode(error) ?? 'unknown error' }
  } finally {
    closeSync(fd)
  }
}

const WALK_TRIES = 100

/**
 * Walks every page of both trees of the open file `fd`, or its trunk. A writer may go on meanwhile: LMDB reuses pages of
 * a state only two commits later, so a walk that stumbles is repeated as long as the state moved. Throws `corrupt`, also
 * when the file has not exactly the given tables.
 */
function checkDescriptor(fd: number, tables: readonly string[] | undefined, depth: Depth): void {
  for (let attempt = 0; ; attempt++) {
    const meta = readMetaOrFail(fd)
    const problem = walk(fd, meta, tables, depth)
    if (problem === undefined) return
    if (readMetaOrFail(fd).transaction === meta.transaction || attempt === WALK_TRIES) {
      throw new Failure('corrupt', `the vault file is damaged: ${problem}`, {
        hint: 'tvault restore FILE puts a backup in its place',
      })
    }
  }
}

/**
 * The check at every open of the vault at `path`, with the lock on the open file `fd` held: all of it, unless it was
 * walked in this very state before (stamp.ts). Throws `corrupt`.
 */
export function checkBeforeUse(path: string, fd: number, tables: readonly string[]): void {
  if (isStamped(path, fd)) {
    checkDescriptor(fd, tables, 'trunk')
    return
  }
  checkDescriptor(fd, tables, 'whole')
  stamp(path, fd)
}

function readMetaOrFail(fd: number): Meta {
  try {
    return readMeta(fd)
  } catch (error) {
    if (!(error instanceof Unfit)) throw error
    throw new Failure('corrupt', `the vault file is damaged: ${error.message}`, {
      hint: 'tvault restore FILE puts a backup in its place',
    })
  }
}

/** Preflight and walk of the file at `path`. Throws `corrupt` with what is wrong. */
export function deepCheck(path: string, tables?: readonly string[]): void {
  const { state, detail } = preflight(path)
  if (state !== 'ok') throw new Failure('corrupt', `the file is not an intact vault: ${detail}`)
  const fd = openQuietly(path)
  try {
    checkDescriptor(fd, tables, 'whole')
  } finally {
    closeSync(fd)
  }
}
