// Poly1305 (RFC 8439 section 2.5) as its text says it, with one BigInt for each number of 130 bits. Slow on purpose.

const PRIME = (1n << 130n) - 5n

/** The number whose bytes are `bytes`, least significant first. */
function number(bytes: Uint8Array): bigint {
  return bytes.reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n)
}

/** The tag, 16 bytes, of `message` under the one-time `key` (32 bytes). */
export function poly1305(key: Uint8Array, message: Uint8Array): Uint8Array {
  const r = number(key.subarray(0, 16)) & 0x0ffffffc0ffffffc0ffffffc0fffffffn
  const s = number(key.subarray(16, 32))
  let accumulator = 0n
  for (let at = 0; at < message.length; at += 16) {
    const block = message.subarray(at, at + 16)
    accumulator = ((accumulator + number(block) + (1n << BigInt(8 * block.length))) * r) % PRIME
  }
  const sum = accumulator + s
  return Uint8Array.from({ length: 16 }, (_, i) => Number((sum >> BigInt(8 * i)) & 0xffn))
}
