// A vault: created or opened on a store, unlocked and locked. What commands do with it goes through the two handles
// it gives out, each bound to who asks (view.ts); there is no other way to a value.
import { randomBytes } from '../crypto/random.ts'
import { Failure } from '../lib/errors.ts'
import { now } from '../lib/time.ts'
import { appendAudit } from './audit.ts'
import { Catalogue } from './catalogue.ts'
import { confidential } from './confidential.ts'
import { Handle } from './handle.ts'
import { encodeHeader } from './header-record.ts'
import { newHeader } from './header.ts'
import { Keyring } from './keyring.ts'
import { OPERATIONS } from './operations.ts'
import { readPolicyRow, spend } from './policy-row.ts'
import { readTierRow } from './tier-row.ts'
import { addProject, makeCurrent } from './projects.ts'
import { KEY_BYTES, META } from './schema.ts'
import { Scope } from './scope.ts'
import { Session, writeAuditKey } from './session.ts'
import type { KdfParameters } from '../crypto/kdf-parameters.ts'
import type { Identity } from '../crypto/recipient.ts'
import type { Asker } from '../lib/gate.ts'
import type { Secret } from '../lib/secret.ts'
import type { Store } from '../store/store.ts'
import type { AuditNote } from './audit.ts'
import type { Confidential } from './confidential.ts'
import type { Header } from './header-record.ts'
import type { VaultOptions } from './session.ts'
import type { SharedWith } from './shared-keys.ts'
import type { PolicyRow } from './policy-row.ts'
import type { Charge, Names, SecretPlace, View } from './view.ts'

export class Vault {
  readonly #session: Session

  private constructor(session: Session) {
    this.#session = session
  }

  /**
   * Makes a vault in an empty store; it is unlocked and has the project `default`, which is current. Does not wipe
   * `passphrase`. Throws `conflict` when the store holds a vault, `usage` for an empty passphrase or bad parameters.
   */
  static create(store: Store, passphrase: Secret, kdf: Partial<KdfParameters> = {}, options: VaultOptions = {}): Vault {
    const at = now()
    const { header, kek } = newHeader(passphrase, kdf, { createdAt: at })
    const keys = new Keyring(header, kek, { key: randomBytes(KEY_BYTES) }, options.protect)
    try {
      store.commit((writer) => {
        if (writer.get('meta', META.header)) throw new Failure('conflict', 'there is a vault already')
        writer.put('meta', META.header, encodeHeader(header))
        writeAuditKey(writer, keys.wrapAuditKey())
        makeCurrent(writer, addProject(writer, keys, { name: 'default', description: 'Default project', at }))
        appendAudit(writer, keys.auditKey, born('vault.create', 'vault', 'vault'))
        appendAudit(writer, keys.auditKey, born(OPERATIONS.createProject.action, 'project', 'default'))
      })
      const session = new Session(store, options)
      session.adopt(header, keys)
      return new Vault(session)
    } catch (error) {
      keys.wipe()
      throw error
    }
  }

  /** The vault in `store`, locked. Throws `corrupt` when its header is missing or damaged. */
  static open(store: Store, options: VaultOptions = {}): Vault {
    return new Vault(new Session(store, options))
  }

  get header(): Header {
    return this.#session.header
  }

  get unlocked(): boolean {
    return this.#session.unlocked
  }

  /** Derives the key (a quarter of a second by default). Does not wipe `passphrase`. Throws `wrong_passphrase`. */
  unlock(passphrase: Secret): void {
    this.#session.unlock(passphrase)
  }

  /**
   * Opens what is shared with any of `identities`, without the passphrase and for reading only; they stay the caller's.
   * Returns who that is, for the policy. Throws `failed` when nothing is shared with them, `corrupt`.
   */
  unlockWith(identities: readonly Identity[]): SharedWith {
    return this.#session.unlockWith(identities)
  }

  /** Whether the keys still belong to the file: another process may have changed the passphrase. True while locked. */
  belongs(): boolean {
    try {
      this.#session.look(() => undefined)
      return true
    } catch (error) {
      if (error instanceof Failure && error.kind === 'conflict') return false
      throw error
    }
  }

  /** Zeroes all keys; handles given out fail with `locked` from now on. Safe to call twice. */
  lock(): void {
    this.#session.lock()
  }

  /** Writes down that the gate refused a command before it came to the vault. Without the key nothing is written. */
  refused(asker: Asker, metadata: Readonly<Record<string, string>>, target: Partial<SecretPlace> = {}): void {
    if (this.#session.unlocked) new Scope(this.#session, asker).refused(metadata, target)
  }

  /**
   * The policy for AI agents and whether its mac was checked, which takes the key; undefined when there never was one.
   * Throws `corrupt`.
   */
  policy(): { row: PolicyRow; checked: boolean } | undefined {
    const keys = this.#session.ownKeys
    const row = this.#session.look((reader) => readPolicyRow(reader, this.#session.header.vaultId, keys))
    return row && { row, checked: keys !== undefined }
  }

  /** The secrets of tier 2, checked where there is the key. Throws `corrupt`. */
  tiers(): SecretPlace[] {
    const { header, ownKeys } = this.#session
    return this.#session.look((reader) => readTierRow(reader, header.vaultId, ownKeys))
  }

  /** Whether the rows of policy and tiers are still those of before, by their bytes. */
  policyBytes(): string {
    const { store } = this.#session
    return [META.policy, META.tiers].map((row) => store.get('meta', row)?.toHex() ?? '').join(' ')
  }

  /**
   * Counts `charges` and runs `act`, together on disk or not at all. `act` must not wait for anything. Throws `denied`
   * with code `budget_exhausted`, and what `act` throws; then nothing was counted.
   */
  spending<T>(charges: readonly Charge[], act: () => T): T {
    if (charges.length === 0) return act()
    return this.#session.commit((writer) => {
      spend(writer, this.#session.header.vaultId, this.#session.keys, charges, Date.now())
      return act()
    })
  }

  /** Writes down what the owner decided about an AI agent. Without the key nothing is written. */
  approved(asker: Asker, metadata: Readonly<Record<string, string>>): void {
    if (this.#session.unlocked) new Scope(this.#session, asker).decided(metadata)
  }

  /** What must not come out of a program that runs for `asker`; that it was read is written down. Throws `locked`. */
  confidential(asker: Asker, projects: readonly string[]): Confidential {
    if (!this.#session.unlocked) throw new Failure('locked', 'the vault is locked')
    return confidential(new Scope(this.#session, asker), projects)
  }

  /** The half that needs no key. */
  names(asker: Asker): Names {
    return new Catalogue(new Scope(this.#session, asker))
  }

  /** Everything, for one asker and one command. Throws `locked`. */
  view(asker: Asker): View {
    if (!this.#session.unlocked) throw new Failure('locked', 'the vault is locked')
    if (!this.#session.serves(asker.principal)) throw new Failure('denied', 'these keys belong to somebody else')
    return new Handle(new Scope(this.#session, asker))
  }
}

/** Creation is always the owner's. */
function born(action: string, resourceType: string, resourceName: string): AuditNote {
  const rest = { principal: 'owner', command: 'init', phase: 'done', result: 'ok', metadata: {} } as const
  return { action, resourceType, resourceName, ...rest }
}
