// One open vault: its store, its header and, while unlocked, its keys. Every read and write of keyed rows goes
// through here, because here it is checked that the file still has the header the keys were made for: after a
// rotation by another process nothing may be written under the old keys.
import { compare } from '../lib/bytes.ts'
import { Failure } from '../lib/errors.ts'
import { Keyring } from './keyring.ts'
import { decodeHeader, encodeHeader, openHeader } from './header.ts'
import { META, BOX_OVERHEAD, KEY_BYTES, damaged, frame, unframe } from './schema.ts'
import type { Secret } from '../lib/secret.ts'
import type { Reader, Store, Writer } from '../store/store.ts'
import type { Header } from './header.ts'
import type { Protect } from './keyring.ts'

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
  #header: Header
  #keys: Keyring | undefined

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
    return this.#keys !== undefined
  }

  /** Throws `locked` when there is no key. */
  get keys(): Keyring {
    if (this.#keys) return this.#keys
    throw new Failure('locked', 'the vault is locked')
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

  /** Takes over a header and keys made elsewhere (creation, rotation); wipes the keys held until now. */
  adopt(header: Header, keys: Keyring): void {
    this.lock()
    this.#header = header
    this.#keys = keys
  }

  /** Zeroes the keys. */
  lock(): void {
    this.#keys?.wipe()
    this.#keys = undefined
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
