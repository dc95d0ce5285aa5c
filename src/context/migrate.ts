// Moving a vault of the Go TinyVault over. Its file is opened for reading, under the shared lock that its own program
// respects, and is never written. The new vault is made aside and compared value by value before it gets its name; the
// old file keeps another one, so that a kill at any point leaves the one or the other. No lock while a person is asked.
import { closeSync, fstatSync, linkSync, lstatSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import type { Migration, Moved } from '../commands/context.ts'
import type { Plan } from '../foreign/go-plan.ts'
import type { GoVault } from '../foreign/go-vault.ts'
import { Failure } from '../lib/errors.ts'
import { ensureDirectory, fileFailure, isSameFile, lstatOrNothing, openRegular, readSafely } from '../lib/files.ts'
import { removeQuietly, syncDirectory, writeAtomically } from '../lib/files.ts'
import { escaped, isIdentityName, printable } from '../lib/names.ts'
import { flock, lockMemory } from '../lib/native.ts'
import { identityDirectory, identityFile, vaultFile } from '../lib/paths.ts'
import type { Store } from '../store/store.ts'
import type { AuditNote } from '../vault/audit.ts'
import type { Passphrase } from './passphrase.ts'
import { fillAside, makeVault, refuseExisting } from './place.ts'

/** How long the Go program waits for the lock of a file that it has opened, and a little more. */
const PEER_PATIENCE_MILLISECONDS = 1100
const MAX_IDENTITY_BYTES = 65_536
const TRIES = 3

export interface Migrating {
  /** The vault.db of the Go TinyVault, or the directory it lies in. */
  from: string
  /** Where the new vault is to be. */
  directory: string
  includeDeleted: boolean
  salvage: boolean
  dryRun: boolean
  lockMilliseconds: number
  /** The passphrase; undefined when there is none to be had and only the structure is to be looked at. */
  passphrase: () => Promise<Passphrase | undefined>
  principal: string
  note: (text: string) => void
  progress: (done: number, total: number) => void
}

/** The vault in `from`, looked at. `close` it. Throws the failure that its file, its place or the passphrase deserve. */
export async function openMigration(options: Migrating): Promise<OpenMigration> {
  const named = sourceFile(options.from)
  const inPlace = isSameFile(named, vaultFile(options.directory))
  const from = inPlace ? vaultFile(options.directory) : named
  if (!inPlace) refuseExisting(options.directory)
  const { preflight } = await import('../store/check.ts')
  if (preflight(from).state === 'ok') {
    throw new Failure('failed', `${printable(from)} is no vault of the Go TinyVault: it was moved over already`)
  }
  const migration = new OpenMigration(openRegular(from), from, inPlace, options)
  try {
    await migration.look()
    return migration
  } catch (error) {
    migration.close()
    throw error
  }
}

function sourceFile(path: string): string {
  try {
    return statSync(path).isDirectory() ? vaultFile(path) : path
  } catch (error) {
    throw fileFailure(error, path, 'read')
  }
}

export class OpenMigration implements Migration {
  readonly from: string
  readonly inPlace: boolean
  readonly #fd: number
  readonly #options: Migrating
  #kek: Uint8Array | undefined
  #plan: Plan | undefined

  constructor(fd: number, from: string, inPlace: boolean, options: Migrating) {
    this.#fd = fd
    this.from = from
    this.inPlace = inPlace
    this.#options = options
  }

  get plan(): Plan {
    if (this.#plan) return this.#plan
    throw new Failure('internal', 'the vault was not looked at')
  }

  get verified(): 'values' | 'structure' {
    return this.#kek ? 'values' : 'structure'
  }

  /** Asks for the passphrase and reads everything. */
  async look(): Promise<void> {
    await this.#unlock()
    const { plan, vault } = await this.#locked(() => this.#read())
    vault.wipe()
    this.#plan = plan
    if (!this.#options.dryRun) await this.#refuseDamage(plan)
  }

  async carryOut(): Promise<Moved> {
    const kek = this.#kek
    if (!kek) throw new Failure('locked', 'a passphrase is needed')
    return this.#locked(async () => {
      const { plan, vault } = await this.#read()
      this.#plan = plan
      const { goSource } = await import('../foreign/go-source.ts')
      const { salvage, directory, lockMilliseconds } = this.#options
      try {
        await this.#refuseDamage(plan)
        const source = goSource(vault, plan, salvage)
        const fill = await this.#filler(kek, vault, plan, source)
        const agent = this.inPlace && lstatOrNothing(join(directory, 'agent.sock')) !== undefined
        if (this.inPlace) return { plan, kept: await this.#replace(fill), identities: [], identitiesLeft: [], agent }
        await makeVault(directory, lockMilliseconds, fill)
        return { plan, kept: undefined, ...copyIdentities(dirname(this.from), directory), agent }
      } finally {
        vault.wipe()
      }
    })
  }

  async #refuseDamage(plan: Plan): Promise<void> {
    if (plan.damages === 0 || this.#options.salvage) return
    const { damageFailure } = await import('../foreign/go-source.ts')
    throw damageFailure(plan)
  }

  /** Forgets the key and lets go of the file. */
  close(): void {
    this.#kek?.fill(0)
    closeSync(this.#fd)
  }

  async #locked<T>(work: () => T | Promise<T>): Promise<T> {
    const { lockWithin } = await import('../store/lock.ts')
    lockWithin(this.#fd, 'shared', this.#options.lockMilliseconds)
    try {
      return await work()
    } finally {
      flock(this.#fd, 'unlock', false)
    }
  }

  /** The file as it is now. With the lock held. */
  async #read(): Promise<{ vault: GoVault; plan: Plan }> {
    const [{ Bbolt, bytesOf, damage }, { GoVault }, { makePlan }, { Damages }] = await Promise.all([
      import('../foreign/bbolt.ts'),
      import('../foreign/go-vault.ts'),
      import('../foreign/go-plan.ts'),
      import('../foreign/go-remarks.ts'),
    ])
    const damages = new Damages()
    const file = new Bbolt(bytesOf(this.#fd))
    if (file.hasLostMeta) damages.tell(damage('one of its two meta pages is, so its last change may be missing'))
    file.check(damages.tell)
    const vault = new GoVault(file, damages.tell)
    if (this.#kek)
      vault.unlock(
        this.#kek,
        vault.projects(() => undefined),
      )
    return { vault, plan: makePlan(vault, this.#kek !== undefined, damages, this.#options) }
  }

  /** One from the terminal may be wrong three times. Nothing is locked while somebody types or a key is derived. */
  async #unlock(): Promise<void> {
    const [{ Bbolt, bytesOf }, { GO_KDF, GoVault }, { deriveKek }] = await Promise.all([
      import('../foreign/bbolt.ts'),
      import('../foreign/go-vault.ts'),
      import('../vault/header.ts'),
    ])
    const vault = await this.#locked(() => new GoVault(new Bbolt(bytesOf(this.#fd)), () => undefined))
    for (let attempt = 1; this.#kek === undefined; attempt++) {
      const given = await this.#options.passphrase()
      if (given === undefined) return
      const kek = deriveKek(given.secret, { salt: vault.meta.salt, kdf: GO_KDF })
      given.secret.wipe()
      lockMemory(kek)
      try {
        vault.unlock(kek, [])
        this.#kek = kek
      } catch (error) {
        kek.fill(0)
        const mayRetry = error instanceof Failure && error.kind === 'wrong_passphrase' && given.source === 'terminal'
        if (!mayRetry || attempt === TRIES) throw error
        this.#options.note('wrong passphrase, try again')
      }
    }
  }

  async #filler(
    kek: Uint8Array,
    vault: GoVault,
    plan: Plan,
    source: Parameters<typeof import('../vault/transplant.ts').plantVault>[3],
  ): Promise<(store: Store) => void> {
    const [{ plantVault }, { GO_KDF }] = await Promise.all([
      import('../vault/transplant.ts'),
      import('../foreign/go-vault.ts'),
    ])
    const total = 2 * plan.projects.reduce((sum, { versions }) => sum + versions, 0)
    return (store) => {
      plantVault(store, kek, { ...vault.meta, kdf: GO_KDF }, source, {
        note: this.#auditNote(plan),
        protect: lockMemory,
        progress: (done) => this.#options.progress(done, total),
      })
    }
  }

  #auditNote({ projects, auditRows }: Plan): AuditNote {
    const versions = projects.reduce((sum, project) => sum + project.versions, 0)
    return {
      action: 'vault.migrate',
      resourceType: 'vault',
      resourceName: 'vault',
      principal: this.#options.principal,
      command: 'migrate',
      phase: 'done',
      result: 'ok',
      metadata: { source: 'go', projects: projects.length, versions, audit_rows: auditRows },
    }
  }

  /**
   * The new vault takes the name, the Go file keeps another. A Go program that opened the file before waits a second
   * for its lock and would then write to a file that nobody looks at, so the lock is held until it has given up.
   */
  async #replace(fill: (store: Store) => void): Promise<string> {
    const { directory, lockMilliseconds } = this.#options
    ensureDirectory(directory)
    let kept = ''
    await fillAside(directory, lockMilliseconds, fill, (temporary, swap) => {
      if (swap.hasReplacement(this.from)) {
        throw new Failure('conflict', `the vault in ${printable(directory)} is half replaced by another one`, {
          hint: `move ${printable(`${this.from}.next`)} away`,
        })
      }
      kept = this.#keep()
      rmSync(swap.lockPath(this.from), { force: true })
      renameSync(temporary, this.from)
    })
    await Bun.sleep(PEER_PATIENCE_MILLISECONDS)
    return kept
  }

  /** Gives the open file a second name, durably. An attempt that was killed may have done so already. */
  #keep(): string {
    const { ino } = fstatSync(this.#fd)
    const directory = dirname(this.from)
    const start = `${basename(this.from)}.go-`
    const earlier = readdirSync(directory).find(
      (name) => name.startsWith(start) && lstatSync(join(directory, name)).ino === ino,
    )
    if (earlier !== undefined) return join(directory, earlier)
    const kept = join(directory, `${start}${new Date().toISOString().replace(/[-:]/g, '')}`)
    try {
      linkSync(this.from, kept)
    } catch (error) {
      const cannot = new Failure('failed', 'the old vault cannot be kept under a second name here', {
        hint: `tvault migrate ${printable(this.from)} --to DIR makes the new vault in another directory`,
        cause: error,
      })
      throw cannot
    }
    if (lstatSync(kept).ino === ino) {
      syncDirectory(directory)
      return kept
    }
    removeQuietly(kept)
    throw new Failure('conflict', `${printable(this.from)} was replaced meanwhile`, { hint: 'run the command again' })
  }
}

/** The private keys beside the Go vault, for a vault in another directory. None is replaced. */
function copyIdentities(from: string, to: string): { identities: string[]; identitiesLeft: string[] } {
  const [identities, identitiesLeft]: [string[], string[]] = [[], []]
  for (const file of filesIn(identityDirectory(from))) {
    const name = file.endsWith('.key') ? file.slice(0, -'.key'.length) : ''
    if (!isIdentityName(name)) continue
    try {
      ensureDirectory(identityDirectory(to))
      const bytes = readSafely(identityFile(from, name), MAX_IDENTITY_BYTES)
      try {
        writeAtomically(identityFile(to, name), bytes, { overwrite: false })
      } finally {
        bytes.fill(0)
      }
      identities.push(name)
    } catch (error) {
      if (!(error instanceof Failure)) throw error
      identitiesLeft.push(`${name}: ${escaped(error.message)}`)
    }
  }
  return { identities, identitiesLeft }
}

function filesIn(directory: string): string[] {
  try {
    return readdirSync(directory).toSorted()
  } catch {
    return []
  }
}
