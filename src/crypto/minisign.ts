// Signatures of released files in the format of minisign, with which everybody can check them without this program:
// Ed25519 (RFC 8032) over the BLAKE2b-512 of the file, and once more over that signature and the trusted comment.
// Only the hashed form `ED` is accepted. Nothing of a signature counts before both are found right.
import { createHash, createPrivateKey, createPublicKey, sign, verify } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { concat, equalConstantTime, latin1, utf8 } from '../lib/bytes.ts'
import { Failure } from '../lib/errors.ts'
import { randomBytes } from './random.ts'

export interface PublicKey {
  /** 8 bytes, which only say which key it is. */
  id: Uint8Array
  /** 32 bytes. */
  key: Uint8Array
}

const PLAIN = utf8('Ed')
const HASHED = utf8('ED')
const UNTRUSTED = 'untrusted comment: '
const TRUSTED = 'trusted comment: '
/** DER in front of the 32 bytes of a key of Ed25519 (RFC 8410). */
const SPKI = Uint8Array.fromHex('302a300506032b6570032100')
const PKCS8 = Uint8Array.fromHex('302e020100300506032b657004220420')

/**
 * A public key as `minisign` writes it: its line of base64 (56 letters), alone or below the untrusted comment. Throws
 * `usage` for anything else.
 */
export function parsePublicKey(text: string): PublicKey {
  const line = text.trim().split('\n').at(-1)?.trim() ?? ''
  const bytes = fromBase64(line, 42)
  if (bytes === undefined || !startsWith(bytes, PLAIN))
    throw new Failure('usage', 'this is no public key of minisign', { hint: 'it is one line that begins with RW' })
  return { id: bytes.slice(2, 10), key: bytes.slice(10) }
}

/** The line of base64 of a public key. */
export function printPublicKey({ id, key }: PublicKey): string {
  return concat(PLAIN, id, key).toBase64()
}

/**
 * Throws `corrupt` unless `signature` (the text of a .minisig file) is one of `message` by `key`; says which key made it
 * when that is another one. Returns the trusted comment.
 */
export function verifySignature(message: Uint8Array, signature: string, key: PublicKey): string {
  const [untrusted = '', line = '', trusted = '', global = '', ...rest] = signature.split('\n')
  const bytes = fromBase64(line, 74)
  const whole = fromBase64(global, 64)
  const wellFormed = untrusted.startsWith(UNTRUSTED) && trusted.startsWith(TRUSTED) && rest.join('') === ''
  if (!wellFormed || bytes === undefined || whole === undefined)
    throw new Failure('corrupt', 'the signature is malformed')
  if (!startsWith(bytes, HASHED)) throw new Failure('corrupt', 'the signature is of an unknown kind')
  if (!equalConstantTime(bytes.subarray(2, 10), key.id))
    throw new Failure('corrupt', `the signature is by another key (${keyId(bytes.subarray(2, 10))})`)
  const comment = trusted.slice(TRUSTED.length)
  const proof = bytes.subarray(10)
  const made = createPublicKey({ key: Buffer.from(concat(SPKI, key.key)), format: 'der', type: 'spki' })
  const right = verify(null, hashOf(message), made, proof) && verify(null, concat(proof, utf8(comment)), made, whole)
  if (!right) throw new Failure('corrupt', 'the signature is wrong: the file or the signature was changed')
  return comment
}

/** The number of a key as minisign shows it. */
export function keyId(id: Uint8Array): string {
  return id.toReversed().toHex().toUpperCase()
}

/** A key that signs. Its bytes are wiped by `wipe`. */
export class SigningKey {
  readonly publicKey: PublicKey
  /** 64 bytes: the seed and the public key. */
  readonly #secret: Uint8Array

  private constructor(id: Uint8Array, secret: Uint8Array) {
    this.#secret = secret
    this.publicKey = { id, key: secret.slice(32) }
  }

  /** A fresh one. */
  static generate(): SigningKey {
    const seed = randomBytes(32)
    return new SigningKey(randomBytes(8), concat(seed, publicOf(seed)))
  }

  /**
   * The file of a secret key that `minisign -G -W` made, which is under no password. Throws `usage` for one that is,
   * and for anything else. Nothing of the text is in the message.
   */
  static parse(text: string): SigningKey {
    const bytes = fromBase64(text.trim().split('\n').at(-1)?.trim() ?? '', 158)
    if (bytes === undefined || !startsWith(bytes, PLAIN) || latin1(bytes.subarray(4, 6)) !== 'B2')
      throw new Failure('usage', 'this is no secret key of minisign')
    if (bytes[2] !== 0 || bytes[3] !== 0)
      throw new Failure('usage', 'the secret key is under a password, which is not asked for here', {
        hint: 'sign with minisign itself, or use a key made with: minisign -G -W',
      })
    // minisign puts a checksum behind it only when there is a password.
    const [id, secret] = [bytes.slice(54, 62), bytes.slice(62, 126)]
    if (!equalConstantTime(publicOf(secret.subarray(0, 32)), secret.subarray(32)))
      throw new Failure('usage', 'the secret key is damaged')
    return new SigningKey(id, secret)
  }

  /** The file that `parse` and minisign read. It is the secret itself. */
  print(): string {
    const { id } = this.publicKey
    const head = concat(PLAIN, Uint8Array.of(0, 0), utf8('B2'), new Uint8Array(48))
    const bytes = concat(head, id, this.#secret, new Uint8Array(32))
    return `${UNTRUSTED}secret key of minisign, not encrypted\n${bytes.toBase64()}\n`
  }

  /** The text of the .minisig file of `message`. The comment is one line, and is signed too. */
  sign(message: Uint8Array, comment: string): string {
    if (/[\r\n]/.test(comment)) throw new Failure('usage', 'a comment is one line')
    const key = privateKey(this.#secret.subarray(0, 32))
    const proof = sign(null, hashOf(message), key)
    const whole = sign(null, concat(proof, utf8(comment)), key)
    const line = concat(HASHED, this.publicKey.id, proof).toBase64()
    return `${UNTRUSTED}signature of a tinyvault release\n${line}\n${TRUSTED}${comment}\n${whole.toBase64()}\n`
  }

  wipe(): void {
    this.#secret.fill(0)
  }
}

function hashOf(message: Uint8Array): Buffer {
  return createHash('blake2b512').update(message).digest()
}

/** The public key of the 32 bytes that a key is made of. */
function publicOf(seed: Uint8Array): Uint8Array {
  const { x = '' } = createPublicKey(privateKey(seed)).export({ format: 'jwk' })
  return Uint8Array.fromBase64(x, { alphabet: 'base64url' })
}

function privateKey(seed: Uint8Array): KeyObject {
  const der = Buffer.from(concat(PKCS8, seed))
  const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
  der.fill(0)
  return key
}

function startsWith(bytes: Uint8Array, head: Uint8Array): boolean {
  return head.every((byte, index) => bytes[index] === byte)
}

/** Exactly `size` bytes out of padded base64, or undefined. */
function fromBase64(text: string, size: number): Uint8Array | undefined {
  try {
    const bytes = Uint8Array.fromBase64(text, { lastChunkHandling: 'strict' })
    return bytes.length === size ? bytes : undefined
  } catch {
    return undefined
  }
}
