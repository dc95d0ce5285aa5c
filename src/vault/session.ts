// One open vault: its store, its header and, while unlocked, its keys. Every read and write of keyed rows goes
// through here, because here it is checked that the file still has the header the keys were made for: after a
// rotation by another process nothing may be written under the old keys. The keys are the owner's, or those of a
// recipient, who can open values and sign audit rows and nothing else.
import { compare } from '../lib/bytes.ts'
import { Failure } from '../lib/errors.ts'
import { appendAudit } from './audit.ts'
import { Keyring } from './keyring.ts'
import { Listings } from './listings.ts'
import { SharedKeys } from './shared-keys.ts'
import { decodeHeader, encodeHeader } from './header-record.ts'
import { openHeader } from './header.ts'
import { META, BOX_OVERHEAD, KEY_BYTES, damaged, frame, unframe } from './schema.ts'
import type { Identity } from '../crypto/recipient.ts'
import type { Principal } from '../lib/gate.ts'
import type { Secret } from '../lib/secret.ts'
import type { Reader, Store, Writer } from '../store/store.ts'
import type { AuditNote } from './audit.ts'
import type { Header } from './header-record.ts'
import type { Protect } from './keyring.ts'
import type { Opener } from './secrets.ts'
import type { SharedWith } from './shared-keys.ts'

/** What the vault needs from outside its floor; all of it optional. */
export interface VaultOptions {
  /** Locks the memory of the keys (lib/native.ts). */
  protect?: Protect
  /** Opens the finished copy of a backup read-only, to check it. */
  openCopy?: (path: string) => Promise<Store>
}

export class Session {
  readonly store: Store
  readonly options: VaultOptions
  readonly listings = new Listings()
  #header: Header
  #keys: Keyring | undefined
  #shared: SharedKeys | undefined

  /** Throws `corrupt` when the header is missing or damaged. */
  constructor(store: Store, options: VaultOptions = {}) {
    this.store = store
    this.options = options
    this.#header = decodeHeader(store.get('meta', META.header))
  }

  get header(): Header {
    return this.#header
  }

  get unlocked(): boolean {
    return this.#keys !== undefined || this.#shared !== undefined
  }

  /** The owner's keys. Throws `locked` when there are none, `denied` when the vault was opened with an identity. */
  get keys(): Keyring {
    if (this.#keys) return this.#keys
    if (this.#shared) throw new Failure('denied', 'an identity may only read what is shared with it')
    throw locked()
  }

  /** The owner's keys, when it was the passphrase that opened the vault. */
  get ownKeys(): Keyring | undefined {
    return this.#keys
  }

  /** What opens values, the owner's or a recipient's. Throws `locked`. */
  get opener(): Opener {
    const keys = this.#keys ?? this.#shared
    if (keys) return { header: this.#header, keys }
    throw locked()
  }

  /** Whether these keys may act for `principal`: an identity's for identities, the owner's for everybody else. */
  serves(principal: Principal): boolean {
    return (principal.kind === 'identity') === (this.#shared !== undefined)
  }

  /** Appends an audit row about the project of that name, signed by whoever opened the vault. Returns its sequence. */
  sign(writer: Writer, note: AuditNote, project: string | undefined): number {
    if (!this.#shared) return appendAudit(writer, this.keys.auditKey, note)
    const { key, principal } = this.#shared.signer(project)
    return appendAudit(writer, key, { ...note, principal })
  }

  /** Throws `wrong_passphrase`; `corrupt` when the passphrase is right and the audit key is damaged. */
  unlock(passphrase: Secret): void {
    this.lock()
    // Both from one state. A rotation while the key is derived shows as a changed header at the next commit.
    const { header, box } = this.store.snapshot((reader) => ({
      header: decodeHeader(reader.get('meta', META.header)),
      box: readAuditKey(reader),
    }))
    const kek = openHeader(header, passphrase)
    this.#keys = new Keyring(header, kek, { box }, this.options.protect)
    this.#header = header
  }

  /** Opens what is shared with `identities`, which stay the caller's. Throws `failed` when that is nothing, `corrupt`. */
  unlockWith(identities: readonly Identity[]): SharedWith {
    this.lock()
    const { header, shared } = this.store.snapshot((reader) => {
      const header = decodeHeader(reader.get('meta', META.header))
      return { header, shared: new SharedKeys(reader, header, identities, this.options.protect) }
    })
    this.#header = header
    this.#shared = shared
    return shared.sharedWith
  }

  /** Takes over a header and keys made elsewhere (creation, rotation); wipes the keys held until now. */
  adopt(header: Header, keys: Keyring): void {
    this.lock()
    this.#header = header
    this.#keys = keys
  }

  /** Zeroes the keys. */
  lock(): void {
    this.#keys?.wipe()
    this.#shared?.wipe()
    this.#keys = undefined
    this.#shared = undefined
  }

  /** Runs `look` on one consistent state; when unlocked, on one that belongs to the keys. */
  look<T>(look: (reader: Reader) => T): T {
    return this.store.snapshot((reader) => {
      this.recheck(reader)
      return look(reader)
    })
  }

  /** Runs `change` in one durable transaction, after checking that the keys still belong to the file. */
  commit<T>(change: (writer: Writer) => T): T {
    return this.store.commit((writer) => {
      this.recheck(writer)
      return change(writer)
    })
  }

  /** Throws `conflict` when the header is no longer the one that was unlocked. */
  recheck(reader: Reader): void {
    if (!this.#keys) return
    const record = reader.get('meta', META.header)
    if (record && compare(record, encodeHeader(this.#header)) === 0) return
    decodeHeader(record)
    throw new Failure('conflict', 'the passphrase was changed meanwhile', { hint: 'run the command again' })
  }
}

/** The box of the audit key. Throws `corrupt`. */
export function readAuditKey(reader: Reader): Uint8Array {
  const record = reader.get('meta', META.auditKey)
  const box = record && unframe('audit key', META.auditKey, record)
  if (!box || box.length !== KEY_BYTES + BOX_OVERHEAD) throw damaged('the record of the audit key')
  return box
}

export function writeAuditKey(writer: Writer, box: Uint8Array): void {
  writer.put('meta', META.auditKey, frame('audit key', META.auditKey, box))
}

function locked(): Failure {
  return new Failure('locked', 'the vault is locked')
}
