// Sealed blobs as git keeps them: version 2 files whose stanzas are bound to their key, so that a holder can tell to
// whom a blob is sealed. A door: plaintext is compared and handed on here.
import { BOX_OVERHEAD, unseal } from '../crypto/aead.ts'
import { boundStanza } from '../crypto/bound-stanza.ts'
import { sha256 } from '../crypto/keys.ts'
import { unwrapKey } from '../crypto/recipient.ts'
import type { Identity, Recipient } from '../crypto/recipient.ts'
import { unresolvedKeys } from '../formats/dotenv-three-way.ts'
import { fileSalt, readVersion2, sealToRecipients, sealedVersion } from '../formats/sealed.ts'
import { equalConstantTime } from '../lib/bytes.ts'
import { Failure } from '../lib/errors.ts'
import { Secret } from '../lib/secret.ts'

/** The largest file that the filters take, in bytes; a few copies of it are in memory at a time. */
export const MAX_FILE_BYTES = 536_870_912

/** What `bytes` are when they are a complete sealed file by their form: its version, and how many recipients it has. */
export function sealedForm(bytes: Uint8Array): { version: 1 | 2; stanzas: number } | undefined {
  const version = sealedVersion(bytes)
  if (version === undefined) return undefined
  try {
    if (version === 1) {
      fileSalt(bytes)
      return { version, stanzas: 0 }
    }
    const { stanzas } = readVersion2(bytes)
    return stanzas.length === 0 ? undefined : { version, stanzas: stanzas.length }
  } catch (error) {
    if (error instanceof Failure) return undefined
    throw error
  }
}

/** The bytes of `content`, copied, when they are a sealed file by their whole form; undefined for plaintext. */
export function sealedAlready(content: Secret): Uint8Array | undefined {
  return sealedForm(content.reveal()) && content.reveal().slice()
}

/** What two contents have in common when they are the same; 32 bytes. */
export function hashOf(content: Secret): Uint8Array {
  return sha256(content.reveal())
}

/** A new blob with `plaintext`, which stays the caller's, for exactly `recipients`. */
export function sealBlob(plaintext: Secret, recipients: readonly Recipient[]): Uint8Array {
  return sealToRecipients(plaintext, recipients, boundStanza)
}

/** An opened blob, and what is needed to say to whom it is sealed. `close` wipes it. */
export class OpenedBlob {
  readonly plaintext: Secret
  readonly #key: Uint8Array
  readonly #stanzas: readonly Uint8Array[]
  /** The stanza that opened, and the recipient to whom it opened. */
  readonly #mine: { stanza: Uint8Array; recipient: Recipient }

  constructor(
    plaintext: Secret,
    key: Uint8Array,
    stanzas: readonly Uint8Array[],
    mine: { stanza: Uint8Array; recipient: Recipient },
  ) {
    this.plaintext = plaintext
    this.#key = key
    this.#stanzas = stanzas
    this.#mine = mine
  }

  /** How many recipients the blob has. */
  get stanzas(): number {
    return this.#stanzas.length
  }

  /**
   * Whether the blob is sealed to exactly `recipients`, each once: `exactly` and `others` are certain; `unknown` when
   * the stanzas are not bound, which the peer, `seal` and `encrypt-env` make, and the number is right.
   */
  sealedTo(recipients: readonly Recipient[]): 'exactly' | 'others' | 'unknown' {
    if (recipients.length !== this.#stanzas.length) return 'others'
    const present = new Set(this.#stanzas.map((stanza) => stanza.toHex()))
    const missing = recipients.some((to) => !present.has(boundStanza(this.#key, to).toHex()))
    if (!missing && present.size === recipients.length) return 'exactly'
    const { stanza, recipient } = this.#mine
    return equalConstantTime(boundStanza(this.#key, recipient), stanza) ? 'others' : 'unknown'
  }

  holds(content: Secret): boolean {
    return equalConstantTime(this.plaintext.reveal(), content.reveal())
  }

  /** Keys of which a merge said that both sides changed them. */
  unresolvedKeys(): string[] {
    return unresolvedKeys(this.plaintext.reveal())
  }

  /** The plaintext, for the caller to wipe; the rest is closed. */
  take(): Secret {
    const plaintext = new Secret(this.plaintext.reveal().slice())
    this.close()
    return plaintext
  }

  close(): void {
    this.plaintext.wipe()
    this.#key.fill(0)
  }
}

/** Why a blob did not open: it is for others, or it is damaged. */
export type Closed = 'not a recipient' | 'damaged'

/** Opens many blobs with the same identities. */
export class Opener {
  readonly #identities: readonly Identity[]
  /** The stanza that opened last time: the next blob most likely has its recipients in the same order. */
  #last = 0

  constructor(identities: readonly Identity[]) {
    this.#identities = identities
  }

  /** The recipients that the identities are. */
  get recipients(): Recipient[] {
    return this.#identities.map(({ recipient }) => recipient)
  }

  /** Opens a version 2 blob, or says why not. Failure `failed` when it is none. */
  open(blob: Uint8Array): OpenedBlob | Closed {
    const { stanzas, box } = readVersion2(blob)
    for (const at of [this.#last, ...stanzas.keys()]) {
      const stanza = stanzas[at]
      if (stanza === undefined) continue
      for (const identity of this.#identities) {
        const key = unwrapKey(stanza, identity)
        if (key === undefined) continue
        this.#last = at
        const plaintext = box.length < BOX_OVERHEAD ? undefined : unseal('aes-256-gcm', key, box, new Uint8Array(0))
        if (plaintext) {
          const copies = stanzas.map((part) => part.slice())
          return new OpenedBlob(new Secret(plaintext), key, copies, {
            stanza: stanza.slice(),
            recipient: identity.recipient,
          })
        }
        key.fill(0)
        return 'damaged'
      }
    }
    return 'not a recipient'
  }
}
