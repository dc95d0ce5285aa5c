// The vault of one command, opened at most once and in one mode: LMDB cannot open a file read-only and then for
// writing in one process. Nothing here holds a lock while a key is derived or a person is asked.
import { Failure, systemCode } from '../lib/errors.ts'
import { checkDirectory, lstatOrNothing } from '../lib/files.ts'
import { lockMemory } from '../lib/native.ts'
import { printable } from '../lib/names.ts'
import { vaultFile } from '../lib/paths.ts'
import type { Effect } from '../lib/gate.ts'
import type { Secret } from '../lib/secret.ts'
import type { Store } from '../store/store.ts'
import type { Vault } from '../vault/vault.ts'
import type { Passphrase } from './passphrase.ts'
import { stateFailure } from './states.ts'

const TRIES = 3

export class Opened {
  readonly #directory: string
  readonly #effect: Effect
  readonly #lockMilliseconds: number
  #store: Store | undefined
  #vault: Promise<Vault> | undefined

  constructor(directory: string, effect: Effect, lockMilliseconds: number) {
    this.#directory = directory
    this.#effect = effect
    this.#lockMilliseconds = lockMilliseconds
  }

  /** The vault, still locked unless `unlocked` was called before. Throws the failure that its file deserves. */
  vault(): Promise<Vault> {
    this.#vault ??= this.#open()
    return this.#vault
  }

  /**
   * The vault with its key. `next` gives a passphrase; one from the terminal may be wrong three times, a wrong one
   * from any other source is final. `known`: a copy of the passphrase that `next` will give without asking anybody, if
   * there is one. Throws `wrong_passphrase`.
   */
  async unlocked(
    next: () => Promise<Passphrase>,
    note: (text: string) => void,
    known: () => Secret | undefined = () => undefined,
  ): Promise<Vault> {
    const passphrase = known()
    const { beginKey } = await import('./ahead.ts')
    const drop = passphrase ? await beginKey(this.#directory, passphrase) : await findMemory()
    try {
      return await this.#unlock(next, note)
    } finally {
      drop()
      ;(await import('../store/turns.ts')).endTurn()
    }
  }

  async #unlock(next: () => Promise<Passphrase>, note: (text: string) => void): Promise<Vault> {
    const vault = await this.vault()
    if (this.#store) (await import('../vault/rehearse.ts')).rehearse(this.#store)
    for (let attempt = 1; !vault.unlocked; attempt++) {
      const { secret, source } = await next()
      if (tryUnlock(vault, secret)) break
      if (source !== 'terminal' || attempt === TRIES) {
        throw new Failure('wrong_passphrase', `the passphrase (${source}) does not open this vault`)
      }
      note('wrong passphrase, try again')
    }
    return vault
  }

  /** The store under the vault. */
  async store(): Promise<Store> {
    await this.vault()
    if (this.#store) return this.#store
    throw new Failure('internal', 'the vault was closed')
  }

  /** Forgets the key and closes the file. */
  async close(): Promise<void> {
    const opening = this.#vault
    this.#vault = undefined
    try {
      ;(await opening)?.lock()
    } catch {
      // It could not be opened; that was reported when it was tried.
    }
    await this.#store?.close()
    this.#store = undefined
  }

  async #open(): Promise<Vault> {
    const stats = lstatOrNothing(this.#directory)
    if (stats) checkDirectory(this.#directory, stats)
    const [check, { openLmdb }, { TABLES }, { Vault }] = await Promise.all([
      import('../store/check.ts'),
      import('../store/lmdb.ts'),
      import('../vault/schema.ts'),
      import('../vault/vault.ts'),
    ])
    const path = vaultFile(this.#directory)
    const failure = stateFailure(this.#directory, check.preflight(path))
    if (failure) throw failure
    const mode = this.#effect === 'none' || this.#effect === 'list' ? 'read' : 'write'
    const options = { tables: TABLES, lockMilliseconds: this.#lockMilliseconds }
    try {
      const store = await openLmdb(path, { ...options, mode })
      this.#store = store
      return Vault.open(store, {
        protect: lockMemory,
        openCopy: async (copy) => (await import('../store/aside.ts')).openAside(copy, options),
      })
    } catch (error) {
      throw mode === 'write' ? readOnlyFailure(error, this.#directory) : error
    }
  }
}

/** Threads start and memory is found while this thread loads LMDB. */
async function findMemory(): Promise<() => void> {
  ;(await import('../crypto/ahead.ts')).expectDerivation()
  return () => undefined
}

/** True when `passphrase` opened the vault. Wipes it in every case. */
function tryUnlock(vault: Vault, passphrase: Secret): boolean {
  try {
    vault.unlock(passphrase)
    return true
  } catch (error) {
    if (error instanceof Failure && error.kind === 'wrong_passphrase') return false
    throw error
  } finally {
    passphrase.wipe()
  }
}

/** Values leave the vault only after an audit record was written, so a vault that cannot be written gives none. */
function readOnlyFailure(error: unknown, directory: string): unknown {
  const code = systemCode(error instanceof Failure ? error.cause : error)
  if (code !== 'EROFS' && code !== 'EACCES' && code !== 'EPERM') return error
  return new Failure('failed', `the vault in ${printable(directory)} cannot be written`, {
    hint: 'every use of a value writes an audit record: make the directory writable, or restore a copy elsewhere',
    cause: error,
  })
}
