// Authenticated encryption with associated data: AES-256-GCM by node:crypto, ChaCha20-Poly1305 by the WASM core.
// A box is nonce (12) ‖ cipher text ‖ tag (16). The nonce is random and new for every box, so one key must not seal
// more than 2^32 boxes (NIST SP 800-38D section 8.3).
import { core } from './core.ts'
import { node } from './node.ts'
import { randomBytes } from './random.ts'

export const SUITES = ['aes-256-gcm', 'chacha20-poly1305'] as const

export type Suite = (typeof SUITES)[number]

export const KEY_SIZE = 32
export const NONCE_SIZE = 12
export const TAG_SIZE = 16
export const BOX_OVERHEAD = NONCE_SIZE + TAG_SIZE

/**
 * A box with `plaintext` inside, bound to `associated`; both may be empty. `key` has 32 bytes, else RangeError.
 * AES-256-GCM is NIST SP 800-38D, ChaCha20-Poly1305 is RFC 8439.
 */
export function seal(suite: Suite, key: Uint8Array, plaintext: Uint8Array, associated: Uint8Array): Uint8Array {
  return sealWithNonce(suite, key, randomBytes(NONCE_SIZE), plaintext, associated)
}

/** `seal` with a nonce that is given: for published vectors and for formats that fix it. The same nonce twice under one key breaks both boxes. */
export function sealWithNonce(
  suite: Suite,
  key: Uint8Array,
  nonce: Uint8Array,
  plaintext: Uint8Array,
  associated: Uint8Array,
): Uint8Array {
  checkSizes(key, nonce)
  const box = new Uint8Array(BOX_OVERHEAD + plaintext.length)
  box.set(nonce)
  const into = box.subarray(NONCE_SIZE)
  if (suite === 'chacha20-poly1305') {
    core.aead().seal(key, nonce, plaintext, associated, into)
    return box
  }
  const cipher = node().createCipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_SIZE })
  cipher.setAAD(associated)
  into.set(cipher.update(plaintext))
  cipher.final()
  into.set(cipher.getAuthTag(), plaintext.length)
  return box
}

/**
 * What `seal` put into `box`, or undefined when key, associated data or box are not the same, or the box is shorter than
 * 28 bytes. The caller wipes it. `key` has 32 bytes, else RangeError.
 */
export function unseal(suite: Suite, key: Uint8Array, box: Uint8Array, associated: Uint8Array): Uint8Array | undefined {
  if (box.length < BOX_OVERHEAD) return undefined
  const nonce = box.subarray(0, NONCE_SIZE)
  checkSizes(key, nonce)
  if (suite === 'chacha20-poly1305') return core.aead().unseal(key, nonce, box.subarray(NONCE_SIZE), associated)
  const decipher = node().createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_SIZE })
  decipher.setAAD(associated)
  decipher.setAuthTag(box.subarray(box.length - TAG_SIZE))
  const plaintext = decipher.update(box.subarray(NONCE_SIZE, box.length - TAG_SIZE))
  try {
    decipher.final()
    return new Uint8Array(plaintext.buffer, plaintext.byteOffset, plaintext.length)
  } catch {
    plaintext.fill(0)
    return undefined
  }
}

function checkSizes(key: Uint8Array, nonce: Uint8Array): void {
  if (key.length !== KEY_SIZE) throw new RangeError('a key has 32 bytes')
  if (nonce.length !== NONCE_SIZE) throw new RangeError('a nonce has 12 bytes')
}
