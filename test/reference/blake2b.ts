// BLAKE2b (RFC 7693) as its text says it, with BigInt for words of 64 bits. Slow on purpose: a second opinion that
// can be read beside the RFC.

const IV = [
  0x6a09e667f3bcc908n,
  0xbb67ae8584caa73bn,
  0x3c6ef372fe94f82bn,
  0xa54ff53a5f1d36f1n,
  0x510e527fade682d1n,
  0x9b05688c2b3e6c1fn,
  0x1f83d9abfb41bd6bn,
  0x5be0cd19137e2179n,
]

const SIGMA = [
  [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15],
  [14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3],
  [11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4],
  [7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8],
  [9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13],
  [2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9],
  [12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11],
  [13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10],
  [6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5],
  [10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0],
]

/** The columns and the diagonals of the 4×4 matrix v. */
const QUADS = [
  [0, 4, 8, 12],
  [1, 5, 9, 13],
  [2, 6, 10, 14],
  [3, 7, 11, 15],
  [0, 5, 10, 15],
  [1, 6, 11, 12],
  [2, 7, 8, 13],
  [3, 4, 9, 14],
] as const

const word = (value: bigint): bigint => BigInt.asUintN(64, value)

export function rotateRight(value: bigint, bits: bigint): bigint {
  return word((value >> bits) | (value << (64n - bits)))
}

/** Section 3.2: mixes one block of 128 bytes into `h`; `count` bytes have been hashed with it. */
function compress(h: bigint[], block: Uint8Array, count: bigint, last: boolean): void {
  const view = new DataView(block.buffer, block.byteOffset, 128)
  const m = Array.from({ length: 16 }, (_, i) => view.getBigUint64(8 * i, true))
  const v = [...h, ...IV]
  v[12]! ^= word(count)
  v[13]! ^= count >> 64n
  if (last) v[14] = word(~v[14]!)
  for (let round = 0; round < 12; round++) {
    const s = SIGMA[round % 10]!
    QUADS.forEach(([a, b, c, d], i) => {
      v[a] = word(v[a]! + v[b]! + m[s[2 * i]!]!)
      v[d] = rotateRight(v[d]! ^ v[a]!, 32n)
      v[c] = word(v[c]! + v[d]!)
      v[b] = rotateRight(v[b]! ^ v[c]!, 24n)
      v[a] = word(v[a]! + v[b]! + m[s[2 * i + 1]!]!)
      v[d] = rotateRight(v[d]! ^ v[a]!, 16n)
      v[c] = word(v[c]! + v[d]!)
      v[b] = rotateRight(v[b]! ^ v[c]!, 63n)
    })
  }
  for (let i = 0; i < 8; i++) h[i]! ^= v[i]! ^ v[i + 8]!
}

/** `size` bytes (1 … 64) of BLAKE2b over `message`, with a key of up to 64 bytes (section 3.3). */
export function blake2b(message: Uint8Array, size = 64, key: Uint8Array = new Uint8Array(0)): Uint8Array {
  const whole = new Uint8Array((key.length > 0 ? 128 : 0) + message.length)
  whole.set(key)
  whole.set(message, whole.length - message.length)
  const h = [...IV]
  h[0]! ^= 0x01010000n ^ BigInt(key.length << 8) ^ BigInt(size)
  let at = 0
  for (; whole.length - at > 128; at += 128) compress(h, whole.subarray(at, at + 128), BigInt(at + 128), false)
  const end = new Uint8Array(128)
  end.set(whole.subarray(at))
  compress(h, end, BigInt(whole.length), true)
  const hash = new DataView(new ArrayBuffer(64))
  h.forEach((value, i) => hash.setBigUint64(8 * i, value, true))
  return new Uint8Array(hash.buffer, 0, size)
}
