// Putting a backup in place. Everything is judged on a private copy, so that nobody can change the file between the
// look and the use; the vault itself is touched by one last step, and what it replaces stays beside it.
import { linkSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Restored } from '../commands/context.ts'
import { Failure } from '../lib/errors.ts'
import { copySafely, fileFailure, isSameFile } from '../lib/files.ts'
import type { Asker } from '../lib/gate.ts'
import { printable } from '../lib/names.ts'
import { vaultFile } from '../lib/paths.ts'
import type { FileState } from '../store/check.ts'
import type { Reader, Store, Writer } from '../store/store.ts'
import { Opened } from './opened.ts'
import type { Passphrase } from './passphrase.ts'
import { fillAside, makeVault } from './place.ts'
import { stateFailure } from './states.ts'

export interface Restoring {
  directory: string
  dryRun: boolean
  lockMilliseconds: number
  /** The passphrase, when there is a source or a person to ask; without one only the structure is checked. */
  passphrase: () => Promise<Passphrase | undefined>
  asker: Asker
  note: (text: string) => void
  progress: (done: number, total: number) => void
  /** SHA-256 of files whose values were opened by this command already: the real run after a dry one asks nobody. */
  verified: Set<string>
}

/**
 * Checks the backup `path` and, unless `dryRun`, makes it the vault of `directory`. Throws `corrupt` or `failed` for
 * what is not a sound vault, `wrong_passphrase`, `usage` for the vault itself; the vault is as it was then.
 */
export async function restore(path: string, options: Restoring): Promise<Restored> {
  if (isSameFile(path, vaultFile(options.directory))) {
    throw new Failure('usage', `${printable(path)} is the vault itself`, { hint: 'name a file made by tvault backup' })
  }
  const { preflight } = await import('../store/check.ts')
  const failure = backupFailure(path, preflight(path))
  if (failure) throw failure

  const workshop = makeWorkshop(options.directory)
  const copy = new Opened(workshop, 'none', 0)
  try {
    const sum = copySafely(path, vaultFile(workshop))
    const copied = backupFailure(path, preflight(vaultFile(workshop)))
    if (copied) throw copied
    const found = await verify(copy, sum, options).catch((error: unknown) => {
      throw damage(path, error)
    })
    const kept = options.dryRun ? undefined : await putInPlace(await copy.store(), options)
    return { ...found, kept }
  } finally {
    await copy.close()
    rmSync(workshop, { recursive: true, force: true })
  }
}

/** The words for a damaged vault, said about the backup instead. */
function damage(path: string, error: unknown): unknown {
  if (!(error instanceof Failure) || error.kind !== 'corrupt') return error
  return new Failure('corrupt', `${printable(path)} is damaged: ${error.message}`, { hint: 'take an older backup' })
}

function backupFailure(path: string, found: FileState): Failure | undefined {
  const name = printable(path)
  switch (found.state) {
    case 'ok':
      return undefined
    case 'absent':
      return new Failure('failed', `${name} does not exist`)
    case 'unreadable':
      return new Failure('failed', `cannot read ${name}: ${found.detail}`)
    case 'bbolt':
      return new Failure('failed', `${name} is a vault of the Go TinyVault`, { hint: 'tvault migrate moves it over' })
    case 'truncated':
    case 'corrupt':
      return new Failure('corrupt', `${name} is damaged: ${found.detail}`, { hint: 'take an older backup' })
    default:
      return new Failure('failed', `${name} is not a backup of a vault: ${found.detail}`, {
        hint: 'name a file made by tvault backup',
      })
  }
}

/** A private directory for the copy: beside the vault when that is possible, so that a big one fits. */
function makeWorkshop(directory: string): string {
  try {
    return mkdtempSync(join(directory, '.restore-'))
  } catch {
    return mkdtempSync(join(tmpdir(), 'tvault-restore-'))
  }
}

/** Looks at everything in the copy that can be looked at. */
async function verify(copy: Opened, sum: string, options: Restoring): Promise<Omit<Restored, 'kept'>> {
  const { verifyStructure } = await import('../vault/verify.ts')
  await copy.vault()
  const structure = (await copy.store()).snapshot(verifyStructure)
  if (!options.verified.has(sum)) {
    const first = await options.passphrase()
    if (!first) return { ...structure, verified: 'structure' }
    await openEveryValue(copy, first, options)
    options.verified.add(sum)
  }
  return { ...structure, verified: 'values' }
}

async function openEveryValue(copy: Opened, first: Passphrase, options: Restoring): Promise<void> {
  let given: Passphrase | undefined = first
  const next = async () => {
    const passphrase = given ?? (await options.passphrase())
    given = undefined
    if (passphrase) return passphrase
    throw new Failure('locked', 'a passphrase is needed')
  }
  try {
    const vault = await copy.unlocked(next, options.note)
    vault.view(options.asker).verifyAll(options.progress)
  } catch (error) {
    if (!(error instanceof Failure) || error.kind !== 'wrong_passphrase') throw error
    throw new Failure('wrong_passphrase', `the passphrase (${first.source}) does not open this backup`, {
      hint: 'a backup keeps the passphrase of its time',
    })
  }
}

/** Returns where the replaced vault is kept, or undefined when there was none. */
async function putInPlace(copy: Store, { directory, lockMilliseconds }: Restoring): Promise<string | undefined> {
  const live = vaultFile(directory)
  const [{ preflight }, { copyRows }, { verifyStructure }] = await Promise.all([
    import('../store/check.ts'),
    import('../vault/rotate.ts'),
    import('../vault/verify.ts'),
  ])
  const fill = (store: Store) => {
    copy.snapshot((rows) => store.commit((writer) => copyRows(rows, writer)))
    store.snapshot(verifyStructure)
  }
  const kept = `${live}.before-restore-${new Date().toISOString().replace(/[-:]/g, '')}`
  const found = preflight(live)
  if (found.state === 'absent') {
    await makeVault(directory, lockMilliseconds, fill)
    return undefined
  }
  const failure = stateFailure(directory, found)
  if (failure && failure.kind !== 'corrupt') throw failure
  if (failure || !(await isSound(live))) await replaceBroken(directory, lockMilliseconds, fill, kept)
  else await replaceSound(live, lockMilliseconds, copy, kept)
  return kept
}

async function isSound(path: string): Promise<boolean> {
  const { deepCheck } = await import('../store/check.ts')
  try {
    deepCheck(path)
    return true
  } catch (error) {
    if (error instanceof Failure && error.kind === 'corrupt') return false
    throw error
  }
}

/** The store's own protocol, under the write lock: other processes notice the new file. */
async function replaceSound(live: string, lockMilliseconds: number, copy: Store, keepAs: string): Promise<void> {
  const [{ openLmdb }, { TABLES }, { copyRows }, { verifyStructure }] = await Promise.all([
    import('../store/lmdb.ts'),
    import('../vault/schema.ts'),
    import('../vault/rotate.ts'),
    import('../vault/verify.ts'),
  ])
  const store = await openLmdb(live, { tables: TABLES, lockMilliseconds, mode: 'write' })
  try {
    const build = (_: Reader, to: Writer) => copy.snapshot((rows) => copyRows(rows, to))
    await store.replace(build, (fresh) => void verifyStructure(fresh), { keepAs })
  } finally {
    await store.close()
  }
}

/** The same protocol for a file that LMDB must not see: no working process has that one open. */
async function replaceBroken(
  directory: string,
  lockMilliseconds: number,
  fill: (store: Store) => void,
  kept: string,
): Promise<void> {
  const live = vaultFile(directory)
  await fillAside(directory, lockMilliseconds, fill, (temporary, swap) => {
    // A replacement that was cut short would otherwise be finished later, over the restored vault.
    swap.finishReplacement(live, directory)
    swap.removeLeftovers(live)
    try {
      linkSync(live, kept)
      renameSync(temporary, swap.buildingPath(live))
    } catch (error) {
      throw fileFailure(error, kept, 'write')
    }
    swap.commitReplacement(live, directory)
    swap.finishReplacement(live, directory)
  })
}
