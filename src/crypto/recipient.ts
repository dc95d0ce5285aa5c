// Recipients (X25519 public keys), identities (their private keys) and stanzas (a key wrapped to one recipient).
// Byte for byte the peer's formats; only keys that mean something are let in. Refused: points of low order, which
// give away what is sealed to them, and every second way of writing a key, since what is sealed to it opens for nobody.
import type { KeyObject } from 'node:crypto'
import { concat, utf8 } from '../lib/bytes.ts'
import { Failure } from '../lib/errors.ts'
import { Secret } from '../lib/secret.ts'
import { BOX_OVERHEAD, KEY_SIZE, NONCE_SIZE, sealWithNonce, unseal } from './aead.ts'
import { decodeBase32, encodeBase32 } from './base32.ts'
import { LABELS, hkdf, sha256 } from './keys.ts'
import { node } from './node.ts'
import { randomBytes } from './random.ts'

const PUBLIC_PREFIX = 'tvault1'
const PRIVATE_PREFIX = 'tvault-key1'
const POINT_SIZE = 32
const STANZA_VERSION = 1
const STANZA_HEAD = 1 + POINT_SIZE

/** Size of the stanza that wraps a 32-byte key. */
export const STANZA_SIZE = STANZA_HEAD + BOX_OVERHEAD + KEY_SIZE

/** A public key that was looked at: 32 bytes, canonical, not of low order. */
export interface Recipient {
  readonly publicKey: Uint8Array
  /** `tvault1` and 52 lower case letters: the one text of this key. */
  readonly text: string
}

/**
 * The recipient in `text` (59 letters; blanks around it, letter case after the prefix, and line ends inside are
 * forgiven as by the peer). Failure `usage` for everything else; public keys are no secrets, yet it is not echoed,
 * because a private key is what gets pasted here by mistake.
 */
export function parseRecipient(text: string): Recipient {
  const trimmed = text.replace(/^[\s\u0085]+|[\s\u0085]+$/g, '')
  if (trimmed.startsWith(PRIVATE_PREFIX)) {
    throw new Failure('usage', 'this is a private key, not a recipient', {
      hint: 'give the line that `tvault identity list` shows, it starts with tvault1',
    })
  }
  const publicKey = decodeKey(utf8(trimmed), PUBLIC_PREFIX)
  if (publicKey === undefined) {
    throw new Failure('usage', 'bad recipient encoding: a recipient is tvault1 and 52 letters', {
      hint: 'copy it again from `tvault identity list`, as a whole',
    })
  }
  const fault = pointFault(publicKey)
  if (fault === undefined) return recipientOf(publicKey)
  throw new Failure('usage', `unusable recipient: ${fault}`, {
    hint: 'what is sealed to it could be opened by nobody or by everybody; ask its owner for the right one',
  })
}

/** The recipient with this public key, which is copied; Failure `corrupt` when it is none that `parseRecipient` takes. */
export function recipientFrom(publicKey: Uint8Array): Recipient {
  const fault = publicKey.length === POINT_SIZE ? pointFault(publicKey) : 'its size is not 32 bytes'
  if (fault !== undefined) throw new Failure('corrupt', `a stored recipient is unusable: ${fault}`)
  return recipientOf(publicKey.slice())
}

/** Four groups of four hex digits of the SHA-256 of the public key, for people to compare. */
export function fingerprint(recipient: Recipient): string {
  return sha256(recipient.publicKey)
    .subarray(0, 8)
    .toHex()
    .replace(/(.{4})(?=.)/g, '$1-')
}

/** A private key: 32 bytes as drawn, which X25519 clamps when it uses them (RFC 7748 section 5). Its owner wipes it. */
export class Identity {
  readonly recipient: Recipient
  readonly #scalar: Secret
  #key: KeyObject | undefined

  private constructor(scalar: Uint8Array) {
    this.#scalar = new Secret(scalar)
    this.#key = privateKey(scalar)
    this.recipient = recipientOf(publicHalf(this.#key))
  }

  /** A new one from the system's generator. */
  static generate(): Identity {
    return new Identity(randomBytes(POINT_SIZE))
  }

  /** The identity in `text` (63 letters, forgiving as `parseRecipient`), which stays the caller's. Failure `failed`, never with a part of it. */
  static parse(text: Secret): Identity {
    const scalar = decodeKey(trimmed(text.reveal()), PRIVATE_PREFIX)
    if (scalar !== undefined) return new Identity(scalar)
    throw new Failure('failed', 'bad identity encoding: a private key is tvault-key1 and 52 letters')
  }

  /** `tvault-key1` and 52 lower case letters, without line end. The caller wipes it. */
  export(): Secret {
    const letters = encodeBase32(this.#scalar.reveal())
    const text = new Secret(concat(utf8(PRIVATE_PREFIX), letters))
    letters.fill(0)
    return text
  }

  /** Forgets the private key; `unwrapKey` finds nothing afterwards. Safe to call twice. */
  wipe(): void {
    this.#scalar.wipe()
    this.#key = undefined
  }

  /** X25519 of this key and `point`: 32 bytes, which the caller wipes; undefined when `point` has low order. */
  agree(point: Uint8Array): Uint8Array | undefined {
    return this.#key === undefined ? undefined : agree(this.#key, point)
  }
}

/**
 * `key` (32 bytes, else RangeError) for `to` alone: version ‖ ephemeral public key ‖ nonce ‖ cipher text ‖ tag, 93 bytes.
 * The ephemeral key is new for every stanza and forgotten at once.
 */
export function wrapKey(key: Uint8Array, to: Recipient): Uint8Array {
  const scalar = randomBytes(POINT_SIZE)
  try {
    return wrapWith(scalar, randomBytes(NONCE_SIZE), key, to)
  } finally {
    scalar.fill(0)
  }
}

/** `wrapKey` with ephemeral scalar and nonce given: for vectors. The same two twice break both stanzas. */
export function wrapWith(scalar: Uint8Array, nonce: Uint8Array, key: Uint8Array, to: Recipient): Uint8Array {
  if (key.length !== KEY_SIZE) throw new RangeError('a wrapped key has 32 bytes')
  const ephemeral = privateKey(scalar)
  const point = publicHalf(ephemeral)
  const shared = agree(ephemeral, to.publicKey)
  if (shared === undefined) throw new RangeError('a recipient of low order')
  const wrapping = stanzaKey(shared, point, to.publicKey)
  try {
    const box = sealWithNonce('chacha20-poly1305', wrapping, nonce, key, point)
    return concat(Uint8Array.of(STANZA_VERSION), point, box)
  } finally {
    wrapping.fill(0)
  }
}

/** The 32-byte key in `stanza`, which the caller wipes; undefined when it is malformed or for somebody else. */
export function unwrapKey(stanza: Uint8Array, identity: Identity): Uint8Array | undefined {
  if (stanza.length !== STANZA_SIZE || stanza[0] !== STANZA_VERSION) return undefined
  const point = stanza.subarray(1, STANZA_HEAD)
  const shared = identity.agree(point)
  if (shared === undefined) return undefined
  const wrapping = stanzaKey(shared, point, identity.recipient.publicKey)
  try {
    return unseal('chacha20-poly1305', wrapping, stanza.subarray(STANZA_HEAD), point)
  } finally {
    wrapping.fill(0)
  }
}

/** The key that seals one stanza. Wipes `shared`. */
function stanzaKey(shared: Uint8Array, point: Uint8Array, publicKey: Uint8Array): Uint8Array {
  const wrapping = hkdf(shared, concat(point, publicKey), utf8(LABELS.stanza), KEY_SIZE)
  shared.fill(0)
  return wrapping
}

function recipientOf(publicKey: Uint8Array): Recipient {
  const letters = encodeBase32(publicKey)
  return { publicKey, text: PUBLIC_PREFIX + String.fromCharCode(...letters) }
}

/** The 32 bytes behind `prefix`, which is compared in its own letter case. */
function decodeKey(text: Uint8Array, prefix: string): Uint8Array | undefined {
  for (let i = 0; i < prefix.length; i++) if (text[i] !== prefix.charCodeAt(i)) return undefined
  return decodeBase32(text.subarray(prefix.length), POINT_SIZE)
}

/** `bytes` without ASCII blanks at its ends. */
function trimmed(bytes: Uint8Array): Uint8Array {
  const blank = (byte: number | undefined): boolean => byte === 0x20 || (byte !== undefined && byte >= 9 && byte <= 13)
  let from = 0
  let to = bytes.length
  while (from < to && blank(bytes[from])) from += 1
  while (to > from && blank(bytes[to - 1])) to -= 1
  return bytes.subarray(from, to)
}

/** The canonical coordinates of low order on the curve and on its twist (RFC 7748 section 7), little-endian. */
const LOW_ORDER = new Set([
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0100000000000000000000000000000000000000000000000000000000000000',
  'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800',
  '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
])

/** What is wrong with a coordinate of 32 bytes: not below p = 2^255 - 19, or of low order; undefined when nothing is. */
function pointFault(point: Uint8Array): string | undefined {
  const top = point[31]! >= 0x7f && point.subarray(1, 31).every((byte) => byte === 0xff) && point[0]! >= 0xed
  if (point[31]! > 0x7f || top) return 'its public key is not canonical'
  return LOW_ORDER.has(point.toHex()) ? 'its public key has low order' : undefined
}

// What stands in front of a key in its DER form (RFC 8410): the algorithm X25519 and the lengths.
const PRIVATE_HEAD = Uint8Array.fromHex('302e020100300506032b656e04220420')
const PUBLIC_HEAD = Uint8Array.fromHex('302a300506032b656e032100')

function privateKey(scalar: Uint8Array): KeyObject {
  const der = Buffer.alloc(PRIVATE_HEAD.length + POINT_SIZE)
  der.set(PRIVATE_HEAD)
  der.set(scalar, PRIVATE_HEAD.length)
  try {
    return node().createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
  } finally {
    der.fill(0)
  }
}

function publicHalf(key: KeyObject): Uint8Array {
  return new Uint8Array(
    node().createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(PUBLIC_HEAD.length),
  )
}

function agree(key: KeyObject, point: Uint8Array): Uint8Array | undefined {
  const publicKey = node().createPublicKey({ key: Buffer.concat([PUBLIC_HEAD, point]), format: 'der', type: 'spki' })
  try {
    return node().diffieHellman({ privateKey: key, publicKey })
  } catch {
    // The result was all zero: a point of low order (RFC 7748 section 6.1).
    return undefined
  }
}
