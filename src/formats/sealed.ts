// Sealed files (`.env.encrypted`): version 1 opens with a key of the vault, version 2 with an identity of a recipient.
// Byte for byte the peer's formats, which bind nothing but the body; so whatever is not exactly as written is refused.
import { isUtf8 } from 'node:buffer'
import { BOX_OVERHEAD, KEY_SIZE, seal, unseal } from '../crypto/aead.ts'
import { randomBytes } from '../crypto/random.ts'
import { type Identity, type Recipient, unwrapKey, wrapKey } from '../crypto/recipient.ts'
import { concat, utf8 } from '../lib/bytes.ts'
import { Failure } from '../lib/errors.ts'
import { Secret } from '../lib/secret.ts'

const MAGIC = utf8('tvault-encrypted')
const RESERVED = 3
const HEAD_SIZE = MAGIC.length + 1 + RESERVED
const NOTHING = new Uint8Array(0)

/** Size of the random salt in a version 1 file. */
export const FILE_SALT_SIZE = 16

/** The most recipients that a version 2 file can have: its count is 16 bits. */
export const MAX_RECIPIENTS = 0xffff

/** 1 or 2 when `bytes` begins as a sealed file does, else undefined. Says nothing about the rest of it. */
export function sealedVersion(bytes: Uint8Array): 1 | 2 | undefined {
  if (!MAGIC.every((byte, i) => bytes[i] === byte)) return undefined
  const version = bytes[MAGIC.length]
  return version === 1 || version === 2 ? version : undefined
}

/**
 * A version 2 file: head ‖ count ‖ stanzas ‖ box. One stanza for each recipient, in order, repeated ones once. Its size is
 * 50 + 95 for each recipient + that of `plaintext`. Failure `usage` for no recipient, or for more than 65535. `wrap`
 * makes the stanzas; git has one of its own (crypto/bound-stanza.ts).
 */
export function sealToRecipients(
  plaintext: Secret,
  recipients: readonly Recipient[],
  wrap: (key: Uint8Array, to: Recipient) => Uint8Array = wrapKey,
): Uint8Array {
  const distinct = new Map(recipients.map((recipient) => [recipient.text, recipient]))
  if (distinct.size === 0) throw new Failure('usage', 'no recipient to seal to', { hint: 'give one with --recipient' })
  if (distinct.size > MAX_RECIPIENTS) throw new Failure('usage', `more than ${MAX_RECIPIENTS} recipients`)
  const key = randomBytes(KEY_SIZE)
  try {
    const parts = [head(2), u16(distinct.size)]
    for (const recipient of distinct.values()) {
      const stanza = wrap(key, recipient)
      parts.push(u16(stanza.length), stanza)
    }
    return concat(...parts, seal('aes-256-gcm', key, plaintext.reveal(), NOTHING))
  } finally {
    key.fill(0)
  }
}

/**
 * What is inside a version 2 file; the caller wipes it. Stanzas are tried in the order of the file, each with every
 * identity in its order. Failure `failed`: not such a file, malformed, or sealed to somebody else; `corrupt`: a stanza
 * opened, and the rest is damaged or was changed.
 */
export function openWithIdentity(blob: Uint8Array, identities: readonly Identity[]): Secret {
  const { stanzas, box } = readVersion2(blob)
  for (const stanza of stanzas) {
    for (const identity of identities) {
      const key = unwrapKey(stanza, identity)
      if (key !== undefined) return openBox(key, box)
    }
  }
  throw new Failure('failed', 'no stanza could be opened: the file is not sealed to an identity at hand', {
    hint: 'tvault identity list',
  })
}

/** How many recipients a version 2 file says it has. Failure `failed` as from `openWithIdentity`. */
export function stanzaCount(blob: Uint8Array): number {
  return readVersion2(blob).stanzas.length
}

/** A version 1 file: head ‖ `salt` (16 bytes, new for every file) ‖ box. `key` is the vault's key for this salt and stays the caller's. */
export function sealWithFileKey(plaintext: Secret, salt: Uint8Array, key: Secret): Uint8Array {
  if (salt.length !== FILE_SALT_SIZE) throw new RangeError('the salt of a file has 16 bytes')
  return concat(head(1), salt, seal('aes-256-gcm', key.reveal(), plaintext.reveal(), NOTHING))
}

/** A salt for a new version 1 file. */
export function newSalt(): Uint8Array {
  return randomBytes(FILE_SALT_SIZE)
}

/** Whether a terminal would be harmed by `content`: it is not UTF-8, or has control characters that text has not. */
export function isBinary(content: Secret): boolean {
  const bytes = content.reveal()
  return !isUtf8(bytes) || bytes.some((byte) => (byte < 0x20 && (byte < 0x09 || byte > 0x0d)) || byte === 0x7f)
}

/** The salt of a version 1 file, 16 bytes. Failure `failed`: not such a file, or malformed. */
export function fileSalt(blob: Uint8Array): Uint8Array {
  checkHead(blob, 1)
  if (blob.length < HEAD_SIZE + FILE_SALT_SIZE + BOX_OVERHEAD) throw malformed('it ends too early')
  return blob.slice(HEAD_SIZE, HEAD_SIZE + FILE_SALT_SIZE)
}

/** What is inside a version 1 file; the caller wipes it. Failure `failed` as from `fileSalt`; `corrupt`: another key, or damaged. */
export function openWithFileKey(blob: Uint8Array, key: Secret): Secret {
  fileSalt(blob)
  const plaintext = unseal('aes-256-gcm', key.reveal(), blob.subarray(HEAD_SIZE + FILE_SALT_SIZE), NOTHING)
  if (plaintext !== undefined) return new Secret(plaintext)
  throw new Failure('corrupt', 'the sealed file does not open with the key of this vault, or it is damaged', {
    hint: 'a version 1 file opens only in the vault it was made in, and not after a change of the passphrase',
  })
}

function openBox(key: Uint8Array, box: Uint8Array): Secret {
  const plaintext = unseal('aes-256-gcm', key, box, NOTHING)
  key.fill(0)
  if (plaintext !== undefined) return new Secret(plaintext)
  throw new Failure('corrupt', 'the sealed file is damaged or was changed')
}

/** Stanzas and body of a version 2 file, as views into it. Failure `failed` as from `openWithIdentity`. */
export function readVersion2(blob: Uint8Array): { stanzas: Uint8Array[]; box: Uint8Array } {
  checkHead(blob, 2)
  const view = new DataView(blob.buffer, blob.byteOffset, blob.length)
  let at = HEAD_SIZE
  const size = (): number => {
    if (blob.length - at < 2) throw malformed('it ends too early')
    at += 2
    return view.getUint16(at - 2)
  }
  const stanzas: Uint8Array[] = []
  for (let count = size(); count > 0; count--) {
    const length = size()
    if (length === 0 || length > blob.length - at) throw malformed('a stanza has no room')
    stanzas.push(blob.subarray(at, at + length))
    at += length
  }
  if (blob.length - at < BOX_OVERHEAD) throw malformed('it ends too early')
  return { stanzas, box: blob.subarray(at) }
}

function checkHead(blob: Uint8Array, version: 1 | 2): void {
  const found = sealedVersion(blob)
  if (found === undefined) {
    throw new Failure('failed', 'not a file that tvault sealed', { hint: 'tvault docs formats' })
  }
  if (found !== version)
    throw new Failure('failed', `a sealed file of version ${found}, where version ${version} is needed`)
  if (blob.length < HEAD_SIZE) throw malformed('it ends too early')
  if (blob.subarray(MAGIC.length + 1, HEAD_SIZE).some((byte) => byte !== 0))
    throw malformed('reserved bytes are in use')
}

function malformed(what: string): Failure {
  return new Failure('failed', `malformed sealed file: ${what}`)
}

function head(version: 1 | 2): Uint8Array {
  const bytes = new Uint8Array(HEAD_SIZE)
  bytes.set(MAGIC)
  bytes[MAGIC.length] = version
  return bytes
}

function u16(value: number): Uint8Array {
  return Uint8Array.of(value >> 8, value & 0xff)
}
