// BLAKE2b (RFC 7693), unkeyed, with all of its state in one piece of memory that the caller places.
// There are no tables in memory: a table would have to survive the wiping, and this way nothing has to.

// The state: h (8 words), count of bytes, bytes waiting in the buffer, the buffer (128), the work vector v (16 words),
// and a number on its way into the buffer.
const COUNT: usize = 64
const WAITING: usize = 72
const BUFFER: usize = 80
const WORK: usize = 208
const NUMBER: usize = 336
const BLOCK: usize = 128

/** Bytes of one state. */
export const BLAKE2B_SIZE: usize = 344

/** Starts a hash of `size` bytes (1 … 64) in the state at `state`. RFC 7693 section 3.3, without a key. */
export function blake2bStart(state: usize, size: u32): void {
  storeIv(state)
  store<u64>(state, load<u64>(state) ^ 0x01010000 ^ u64(size))
  store<u64>(state + COUNT, 0)
  store<u64>(state + WAITING, 0)
}

/** Hashes `length` bytes at `from`. A full buffer is compressed only when more follows, because the last one is marked. */
export function blake2bAbsorb(state: usize, from: usize, length: usize): void {
  let waiting = <usize>load<u64>(state + WAITING)
  while (length > 0) {
    if (waiting == BLOCK) {
      compress(state, BLOCK, 0)
      waiting = 0
    }
    const part = min(length, BLOCK - waiting)
    memory.copy(state + BUFFER + waiting, from, part)
    waiting += part
    from += part
    length -= part
  }
  store<u64>(state + WAITING, waiting)
}

/** Hashes one number as four bytes, least significant first. */
export function blake2bAbsorbWord(state: usize, word: u32): void {
  // A place of its own: taking it in may compress a full buffer, and that uses everything else.
  store<u32>(state + NUMBER, word)
  blake2bAbsorb(state, state + NUMBER, 4)
}

/** Ends the hash: its first `size` bytes, the number given at the start, are written to `to`. */
export function blake2bFinish(state: usize, to: usize, size: u32): void {
  const waiting = <usize>load<u64>(state + WAITING)
  memory.fill(state + BUFFER + waiting, 0, BLOCK - waiting)
  compress(state, waiting, ~0)
  memory.copy(to, state, size)
}

/** The compression function F (RFC 7693 section 3.2) over the buffer; `last` is all ones for the last block. */
function compress(state: usize, bytes: usize, last: u64): void {
  const v = state + WORK
  const count = load<u64>(state + COUNT) + bytes
  store<u64>(state + COUNT, count)
  memory.copy(v, state, 64)
  storeIv(v + 64)
  // Messages are shorter than 2^64 bytes, so the upper half of the counter stays zero.
  store<u64>(v + 96, load<u64>(v + 96) ^ count)
  store<u64>(v + 112, load<u64>(v + 112) ^ last)
  // SIGMA (RFC 7693 section 2.7): a row is sixteen indices, so a row is sixteen hexadecimal digits.
  round(state, 0x0123456789abcdef)
  round(state, 0xea489fd61c02b753)
  round(state, 0xb8c052fdae367194)
  round(state, 0x7931dcbe265a40f8)
  round(state, 0x905724afe1bc683d)
  round(state, 0x2c6a0b834d75fe19)
  round(state, 0xc51fed4a0763928b)
  round(state, 0xdb7ec13950f4862a)
  round(state, 0x6fe9b308c2d714a5)
  round(state, 0xa2847615fb9e3cd0)
  round(state, 0x0123456789abcdef)
  round(state, 0xea489fd61c02b753)
  for (let i: usize = 0; i < 64; i += 8) {
    store<u64>(state + i, load<u64>(state + i) ^ load<u64>(v + i) ^ load<u64>(v + i + 64))
  }
}

/** One round: the columns of the 4×4 matrix, then its diagonals. */
function round(state: usize, sigma: u64): void {
  mix(state, 0, 4, 8, 12, word(state, sigma, 0), word(state, sigma, 1))
  mix(state, 1, 5, 9, 13, word(state, sigma, 2), word(state, sigma, 3))
  mix(state, 2, 6, 10, 14, word(state, sigma, 4), word(state, sigma, 5))
  mix(state, 3, 7, 11, 15, word(state, sigma, 6), word(state, sigma, 7))
  mix(state, 0, 5, 10, 15, word(state, sigma, 8), word(state, sigma, 9))
  mix(state, 1, 6, 11, 12, word(state, sigma, 10), word(state, sigma, 11))
  mix(state, 2, 7, 8, 13, word(state, sigma, 12), word(state, sigma, 13))
  mix(state, 3, 4, 9, 14, word(state, sigma, 14), word(state, sigma, 15))
}

/** The word of the message that digit `position` of the row `sigma` names, counted from the left. */
@inline
function word(state: usize, sigma: u64, position: u64): u64 {
  return load<u64>(state + BUFFER + (<usize>((sigma >> (60 - 4 * position)) & 15) << 3))
}

/** The mixing function G (RFC 7693 section 3.1) on words a, b, c, d of v with the message words x and y. */
@inline
function mix(state: usize, a: usize, b: usize, c: usize, d: usize, x: u64, y: u64): void {
  const v = state + WORK
  let va = load<u64>(v + (a << 3))
  let vb = load<u64>(v + (b << 3))
  let vc = load<u64>(v + (c << 3))
  let vd = load<u64>(v + (d << 3))
  va = va + vb + x
  vd = rotr(vd ^ va, 32)
  vc = vc + vd
  vb = rotr(vb ^ vc, 24)
  va = va + vb + y
  vd = rotr(vd ^ va, 16)
  vc = vc + vd
  vb = rotr(vb ^ vc, 63)
  store<u64>(v + (a << 3), va)
  store<u64>(v + (b << 3), vb)
  store<u64>(v + (c << 3), vc)
  store<u64>(v + (d << 3), vd)
}

/** The eight words of the IV (RFC 7693 section 2.6). */
function storeIv(at: usize): void {
  store<u64>(at, 0x6a09e667f3bcc908)
  store<u64>(at + 8, 0xbb67ae8584caa73b)
  store<u64>(at + 16, 0x3c6ef372fe94f82b)
  store<u64>(at + 24, 0xa54ff53a5f1d36f1)
  store<u64>(at + 32, 0x510e527fade682d1)
  store<u64>(at + 40, 0x9b05688c2b3e6c1f)
  store<u64>(at + 48, 0x1f83d9abfb41bd6b)
  store<u64>(at + 56, 0x5be0cd19137e2179)
}
