// Poly1305 (RFC 8439 section 2.5) for messages that are padded with zeros to whole blocks of 16 bytes, which is all
// the AEAD needs. Numbers modulo 2^130 - 5 are five limbs of 26 bits, so that products fit into 64 bits. No branch and
// no address depends on key or message.

/** Five limbs of r, five of the accumulator, s (16 bytes), room for a padded block. */
const R: usize = 0
const ACCUMULATOR: usize = 40
const S: usize = 80
const PADDED: usize = 96
const BLOCK: usize = 16
const MASK: u64 = 0x3ffffff

/** Bytes of one state. */
export const POLY1305_SIZE: usize = 112

/** Starts with the one-time key (32 bytes) at `key`: its first half, clamped, is r, the second is s. */
export function poly1305Start(state: usize, key: usize): void {
  store<u64>(state + R, u64(load<u32>(key)) & 0x3ffffff)
  store<u64>(state + R + 8, u64(load<u32>(key + 3) >> 2) & 0x3ffff03)
  store<u64>(state + R + 16, u64(load<u32>(key + 6) >> 4) & 0x3ffc0ff)
  store<u64>(state + R + 24, u64(load<u32>(key + 9) >> 6) & 0x3f03fff)
  store<u64>(state + R + 32, u64(load<u32>(key + 12) >> 8) & 0x00fffff)
  memory.fill(state + ACCUMULATOR, 0, 40)
  memory.copy(state + S, key + 16, BLOCK)
}

/** Takes `length` bytes at `from`; what is missing to a whole block counts as zeros. */
export function poly1305Absorb(state: usize, from: usize, length: usize): void {
  const whole = length & ~(BLOCK - 1)
  blocks(state, from, whole)
  if (whole == length) return
  memory.fill(state + PADDED, 0, BLOCK)
  memory.copy(state + PADDED, from + whole, length - whole)
  blocks(state, state + PADDED, BLOCK)
}

/** accumulator = (accumulator + block + 2^128) · r modulo 2^130 - 5, for every block. */
function blocks(state: usize, from: usize, length: usize): void {
  const r0 = load<u64>(state + R)
  const r1 = load<u64>(state + R + 8)
  const r2 = load<u64>(state + R + 16)
  const r3 = load<u64>(state + R + 24)
  const r4 = load<u64>(state + R + 32)
  // 2^130 = 5 modulo the prime, so what overflows comes back five times.
  const s1 = 5 * r1
  const s2 = 5 * r2
  const s3 = 5 * r3
  const s4 = 5 * r4
  let h0 = load<u64>(state + ACCUMULATOR)
  let h1 = load<u64>(state + ACCUMULATOR + 8)
  let h2 = load<u64>(state + ACCUMULATOR + 16)
  let h3 = load<u64>(state + ACCUMULATOR + 24)
  let h4 = load<u64>(state + ACCUMULATOR + 32)
  for (const end = from + length; from < end; from += BLOCK) {
    h0 += u64(load<u32>(from)) & MASK
    h1 += u64(load<u32>(from + 3) >> 2) & MASK
    h2 += u64(load<u32>(from + 6) >> 4) & MASK
    h3 += u64(load<u32>(from + 9) >> 6)
    h4 += u64(load<u32>(from + 12) >> 8) | (1 << 24)
    let d0 = h0 * r0 + h1 * s4 + h2 * s3 + h3 * s2 + h4 * s1
    let d1 = h0 * r1 + h1 * r0 + h2 * s4 + h3 * s3 + h4 * s2
    let d2 = h0 * r2 + h1 * r1 + h2 * r0 + h3 * s4 + h4 * s3
    let d3 = h0 * r3 + h1 * r2 + h2 * r1 + h3 * r0 + h4 * s4
    let d4 = h0 * r4 + h1 * r3 + h2 * r2 + h3 * r1 + h4 * r0
    d1 += d0 >> 26
    d2 += d1 >> 26
    d3 += d2 >> 26
    d4 += d3 >> 26
    h0 = (d0 & MASK) + 5 * (d4 >> 26)
    h1 = (d1 & MASK) + (h0 >> 26)
    h0 &= MASK
    h2 = d2 & MASK
    h3 = d3 & MASK
    h4 = d4 & MASK
  }
  store<u64>(state + ACCUMULATOR, h0)
  store<u64>(state + ACCUMULATOR + 8, h1)
  store<u64>(state + ACCUMULATOR + 16, h2)
  store<u64>(state + ACCUMULATOR + 24, h3)
  store<u64>(state + ACCUMULATOR + 32, h4)
}

/** Writes the tag, (accumulator modulo 2^130 - 5) + s modulo 2^128, 16 bytes, to `to`. */
export function poly1305Finish(state: usize, to: usize): void {
  let h0 = load<u64>(state + ACCUMULATOR)
  let h1 = load<u64>(state + ACCUMULATOR + 8)
  let h2 = load<u64>(state + ACCUMULATOR + 16)
  let h3 = load<u64>(state + ACCUMULATOR + 24)
  let h4 = load<u64>(state + ACCUMULATOR + 32)
  // Carry twice: after the first round limb 1 may still be one too large.
  for (let i = 0; i < 2; i++) {
    h1 += h0 >> 26
    h0 &= MASK
    h2 += h1 >> 26
    h1 &= MASK
    h3 += h2 >> 26
    h2 &= MASK
    h4 += h3 >> 26
    h3 &= MASK
    h0 += 5 * (h4 >> 26)
    h4 &= MASK
  }
  // h + 5 carries out of 130 bits exactly when h is not below the prime; then h - prime is those bits without the carry.
  const carry = (((((((((h0 + 5) >> 26) + h1) >> 26) + h2) >> 26) + h3) >> 26) + h4) >> 26
  h0 += 5 * carry
  h1 += h0 >> 26
  h2 += h1 >> 26
  h3 += h2 >> 26
  h4 += h3 >> 26
  // The lower 128 bits as two words, then + s with the carry between them.
  const low = (h0 & MASK) | ((h1 & MASK) << 26) | (h2 << 52)
  const high = ((h2 & MASK) >> 12) | ((h3 & MASK) << 14) | (h4 << 40)
  const sum = low + load<u64>(state + S)
  store<u64>(to, sum)
  store<u64>(to + 8, high + load<u64>(state + S + 8) + u64(sum < low))
}
