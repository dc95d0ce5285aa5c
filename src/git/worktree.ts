// The files of the work tree: sealed ones are opened in place after a clone, and sealed again when the filter goes. A
// file is only touched when it is exactly what git would have written, so an edit is never lost; and only when no part
// of its path is a link, so that nothing outside of the work tree is written. A door: file contents are written here.
import { dirname } from 'node:path'
import { compare } from '../lib/bytes.ts'
import { Failure } from '../lib/errors.ts'
import { lstatOrNothing, readSafely, writeAtomically } from '../lib/files.ts'
import { Secret } from '../lib/secret.ts'
import type { Objects } from './objects.ts'
import { shown } from './repository.ts'
import type { Entry, Repository } from './repository.ts'
import { MAX_FILE_BYTES, sealedForm } from './seal.ts'
import type { Opener } from './seal.ts'

/** What became of the tracked files. Those that are neither needed nothing. */
export interface Changed {
  done: string[]
  /** The same as entries of the index. */
  entries: Entry[]
  /** Left as they are, each with the reason. */
  left: { path: string; reason: string }[]
}

/** Puts plaintext (mode 0600, or 0700) in place of every tracked file that is still the sealed blob of the index. */
export async function openFiles(repository: Repository, objects: Objects, opener: Opener): Promise<Changed> {
  return change(repository, objects, ({ file, blob }) => {
    if (!sealedForm(file)) return undefined
    if (compare(file, blob) !== 0) return 'it is sealed, but not what the index has'
    if (sealedForm(blob)?.version !== 2) return 'it is sealed with the key of a vault: tvault decrypt-env opens it'
    const opened = opener.open(blob)
    if (typeof opened === 'string')
      return opened === 'damaged' ? 'it is damaged or was changed' : 'it is sealed to others'
    return { content: opened.take(), mode: 0o600 }
  })
}

/** Puts the sealed blob of the index in place of every tracked file that holds what is in it, and nothing else. */
export async function sealFiles(
  repository: Repository,
  objects: Objects,
  opener: Opener | undefined,
): Promise<Changed> {
  return change(repository, objects, ({ file, blob, mode }) => {
    if (sealedForm(file)) return undefined
    if (sealedForm(blob)?.version !== 2) return 'the index has it as plaintext'
    const opened = opener === undefined ? 'not a recipient' : opener.open(blob)
    if (typeof opened === 'string') return 'no identity opens what the index has'
    const same = opened.holds(new Secret(file))
    opened.close()
    return same ? { content: new Secret(blob), mode: mode & 0o666 } : 'it was changed'
  })
}

type Decision = { content: Secret; mode: number } | string | undefined

/** Asks `decide` about each tracked file that is there, and writes what it says. */
async function change(
  repository: Repository,
  objects: Objects,
  decide: (found: { file: Uint8Array; blob: Uint8Array; mode: number }) => Decision,
): Promise<Changed> {
  const changed: Changed = { done: [], entries: [], left: [] }
  const real = new Map<string, boolean>()
  for (const entry of repository.tracked()) {
    if (entry.stage !== 0) continue
    const path = repository.file(entry.path)
    const leave = (reason: string): void => void changed.left.push({ path: shown(entry), reason })
    try {
      const stats = entry.isText && isReal(dirname(path), repository.top, real) ? lstatOrNothing(path) : undefined
      if (!stats?.isFile()) continue
      const decision = await decided(entry, path, objects, stats.mode, decide)
      if (typeof decision === 'string') leave(decision)
      if (typeof decision !== 'object') continue
      // The bit for the owner to execute is the only one that git knows of.
      const mode = decision.mode | ((stats.mode & 0o100) === 0 ? 0 : 0o100)
      writeAtomically(path, decision.content.reveal(), { overwrite: true, mode })
      decision.content.wipe()
      changed.done.push(shown(entry))
      if (!entry.isSetAside) changed.entries.push(entry)
    } catch (error) {
      if (!(error instanceof Failure)) throw error
      leave(error.message)
    }
  }
  repository.forgetFiles(changed.entries)
  return changed
}

async function decided(
  { oid }: Entry,
  path: string,
  objects: Objects,
  mode: number,
  decide: (found: { file: Uint8Array; blob: Uint8Array; mode: number }) => Decision,
): Promise<Decision> {
  const file = readSafely(path, MAX_FILE_BYTES)
  try {
    const found = await objects.find(oid)
    return found ? decide({ file, blob: found.bytes, mode }) : 'git does not have its blob'
  } finally {
    file.fill(0)
  }
}

/** Whether `directory`, at or below `top`, is reached without a link. */
function isReal(directory: string, top: string, known: Map<string, boolean>): boolean {
  if (directory === top) return true
  const before = known.get(directory)
  if (before !== undefined) return before
  const real = lstatOrNothing(directory)?.isDirectory() === true && isReal(dirname(directory), top, known)
  known.set(directory, real)
  return real
}
