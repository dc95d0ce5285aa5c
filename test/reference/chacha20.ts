// ChaCha20 and the AEAD with Poly1305 (RFC 8439) as their text says it. Slow on purpose: a second opinion that can be
// read beside the RFC.
import { poly1305 } from './poly1305.ts'

function quarterRound(s: Uint32Array, a: number, b: number, c: number, d: number): void {
  const rotate = (value: number, bits: number): number => (value << bits) | (value >>> (32 - bits))
  s[a]! += s[b]!
  s[d] = rotate(s[d]! ^ s[a]!, 16)
  s[c]! += s[d]!
  s[b] = rotate(s[b]! ^ s[c]!, 12)
  s[a]! += s[b]!
  s[d] = rotate(s[d]! ^ s[a]!, 8)
  s[c]! += s[d]!
  s[b] = rotate(s[b]! ^ s[c]!, 7)
}

const words = (bytes: Uint8Array): number[] => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  return Array.from({ length: bytes.length / 4 }, (_, i) => view.getUint32(4 * i, true))
}

/** Section 2.3: block number `block` of the key stream, 64 bytes. */
function chacha20Block(key: Uint8Array, nonce: Uint8Array, block: number): Uint8Array {
  const initial = Uint32Array.from([
    0x61707865,
    0x3320646e,
    0x79622d32,
    0x6b206574,
    ...words(key),
    block,
    ...words(nonce),
  ])
  const s = initial.slice()
  for (let i = 0; i < 10; i++) {
    quarterRound(s, 0, 4, 8, 12)
    quarterRound(s, 1, 5, 9, 13)
    quarterRound(s, 2, 6, 10, 14)
    quarterRound(s, 3, 7, 11, 15)
    quarterRound(s, 0, 5, 10, 15)
    quarterRound(s, 1, 6, 11, 12)
    quarterRound(s, 2, 7, 8, 13)
    quarterRound(s, 3, 4, 9, 14)
  }
  const stream = new DataView(new ArrayBuffer(64))
  s.forEach((word, i) => stream.setUint32(4 * i, word + initial[i]!, true))
  return new Uint8Array(stream.buffer)
}

/** Section 2.4: `text` xored with the key stream from block number `block` on. */
export function chacha20(key: Uint8Array, nonce: Uint8Array, block: number, text: Uint8Array): Uint8Array {
  const result = text.slice()
  for (let at = 0; at < text.length; at += 64) {
    const stream = chacha20Block(key, nonce, block + at / 64)
    for (let i = at; i < Math.min(at + 64, text.length); i++) result[i]! ^= stream[i - at]!
  }
  return result
}

function tagOf(key: Uint8Array, nonce: Uint8Array, ciphertext: Uint8Array, associated: Uint8Array): Uint8Array {
  const pad = (text: Uint8Array): Uint8Array => new Uint8Array((16 - (text.length % 16)) % 16)
  const lengths = new DataView(new ArrayBuffer(16))
  lengths.setBigUint64(0, BigInt(associated.length), true)
  lengths.setBigUint64(8, BigInt(ciphertext.length), true)
  const parts = [associated, pad(associated), ciphertext, pad(ciphertext), new Uint8Array(lengths.buffer)]
  return poly1305(chacha20(key, nonce, 0, new Uint8Array(32)), Buffer.concat(parts))
}

/** Section 2.8: cipher text ‖ tag. */
export function chacha20Poly1305Seal(
  key: Uint8Array,
  nonce: Uint8Array,
  plaintext: Uint8Array,
  associated: Uint8Array,
): Uint8Array {
  const ciphertext = chacha20(key, nonce, 1, plaintext)
  return Buffer.concat([ciphertext, tagOf(key, nonce, ciphertext, associated)])
}

/** The plaintext of cipher text ‖ tag, or undefined when the tag is wrong. */
export function chacha20Poly1305Unseal(
  key: Uint8Array,
  nonce: Uint8Array,
  sealed: Uint8Array,
  associated: Uint8Array,
): Uint8Array | undefined {
  const ciphertext = sealed.subarray(0, sealed.length - 16)
  const tag = tagOf(key, nonce, ciphertext, associated)
  return Buffer.compare(tag, sealed.subarray(ciphertext.length)) === 0 ? chacha20(key, nonce, 1, ciphertext) : undefined
}
