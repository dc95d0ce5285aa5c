// A second implementation of recipients and stanzas, from the description of the format: libsodium for X25519 and
// ChaCha20-Poly1305, HKDF step by step, base32 by one big number. Slow and plain; tests compare it with the product.
import { createHmac } from 'node:crypto'
import sodium from 'libsodium-wrappers'
import { concat } from '../../src/lib/bytes.ts'

const LETTERS = 'abcdefghijklmnopqrstuvwxyz234567'

export interface Sodium {
  wrap(key: Uint8Array, publicKey: Uint8Array, scalar: Uint8Array, nonce: Uint8Array): Uint8Array
  unwrap(stanza: Uint8Array, scalar: Uint8Array): Uint8Array | undefined
  publicKey(scalar: Uint8Array): Uint8Array
  /** Undefined for a point of low order. */
  agree(scalar: Uint8Array, point: Uint8Array): Uint8Array | undefined
}

export async function sodiumStanzas(): Promise<Sodium> {
  await sodium.ready
  const agree = (scalar: Uint8Array, point: Uint8Array): Uint8Array | undefined => {
    try {
      return sodium.crypto_scalarmult(scalar, point)
    } catch {
      return undefined
    }
  }
  return {
    agree,
    publicKey: (scalar) => sodium.crypto_scalarmult_base(scalar),
    wrap(key, publicKey, scalar, nonce) {
      const point = sodium.crypto_scalarmult_base(scalar)
      const wrapping = hkdf(sodium.crypto_scalarmult(scalar, publicKey), concat(point, publicKey))
      const sealed = sodium.crypto_aead_chacha20poly1305_ietf_encrypt(key, point, null, nonce, wrapping)
      return concat(Uint8Array.of(1), point, nonce, sealed)
    },
    unwrap(stanza, scalar) {
      const point = stanza.slice(1, 33)
      const shared = agree(scalar, point)
      if (shared === undefined) return undefined
      const wrapping = hkdf(shared, concat(point, sodium.crypto_scalarmult_base(scalar)))
      try {
        const [sealed, nonce] = [stanza.slice(45), stanza.slice(33, 45)]
        return sodium.crypto_aead_chacha20poly1305_ietf_decrypt(null, sealed, point, nonce, wrapping)
      } catch {
        return undefined
      }
    },
  }
}

/** RFC 5869 for an output of one block. */
function hkdf(secret: Uint8Array, salt: Uint8Array): Uint8Array {
  const pseudorandom = createHmac('sha256', salt).update(secret).digest()
  return createHmac('sha256', pseudorandom).update('tvault-recipient-v1').update(Uint8Array.of(1)).digest()
}

/** `prefix` and the base32 of 32 bytes. */
export function keyText(prefix: string, bytes: Uint8Array): string {
  let number = BigInt(`0x${bytes.toHex()}`) << 4n
  let text = ''
  for (let i = 0; i < 52; i++) {
    text = LETTERS[Number(number & 31n)]! + text
    number >>= 5n
  }
  return prefix + text
}
