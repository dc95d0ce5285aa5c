// Authenticated encryption with associated data: AES-256-GCM by node:crypto, ChaCha20-Poly1305 by the wasm core.
// A box is nonce (12) ‖ ciphertext ‖ tag (16). The nonce is fresh and random for every box.
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'

export type Suite = 'aes-256-gcm' | 'chacha20-poly1305'

export const NONCE_SIZE = 12
export const TAG_SIZE = 16
export const BOX_OVERHEAD = NONCE_SIZE + TAG_SIZE

export function seal(suite: Suite, key: Uint8Array, plaintext: Uint8Array, associated: Uint8Array): Uint8Array {
  const nonce = randomBytes(NONCE_SIZE)
  const cipher = createCipheriv(suite as 'aes-256-gcm', key, nonce, { authTagLength: TAG_SIZE })
  cipher.setAAD(associated)
  const body = cipher.update(plaintext)
  cipher.final()
  const box = new Uint8Array(BOX_OVERHEAD + plaintext.length)
  box.set(nonce)
  box.set(body, NONCE_SIZE)
  box.set(cipher.getAuthTag(), NONCE_SIZE + plaintext.length)
  return box
}

export function unseal(suite: Suite, key: Uint8Array, box: Uint8Array, associated: Uint8Array): Uint8Array | undefined {
  if (box.length < BOX_OVERHEAD) return undefined
  const decipher = createDecipheriv(suite as 'aes-256-gcm', key, box.subarray(0, NONCE_SIZE), {
    authTagLength: TAG_SIZE,
  })
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
