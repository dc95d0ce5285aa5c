// The compression function of Argon2 (RFC 9106 section 3.5) on blocks of 1 KiB: this is where the time goes.
// P works on scalar 64-bit words on purpose: JavaScriptCore splits vector multiplications into scalar ones again.
// Only the plain xors are vectors.

const KIB: usize = 1024
/** A block is an 8×8 matrix of 16-byte registers. */
const REGISTER: usize = 16
const ROW: usize = 128

/** out = G(x, y), or out ⊕ G(x, y) when `keep`. `r` is 1 KiB of scratch; `out` may be `x` or `y`, `r` may be neither. */
export function compress(x: usize, y: usize, out: usize, keep: bool, r: usize): void {
  // 1. R = X ⊕ Y; out gets it now, because X or Y may lie where out is.
  for (let i: usize = 0; i < KIB; i += 4 * REGISTER) {
    start(x + i, y + i, out + i, keep, r + i)
    start(x + i + 16, y + i + 16, out + i + 16, keep, r + i + 16)
    start(x + i + 32, y + i + 32, out + i + 32, keep, r + i + 32)
    start(x + i + 48, y + i + 48, out + i + 48, keep, r + i + 48)
  }
  // 2. Q: P on each row, eight registers side by side.
  for (let row: usize = 0; row < KIB; row += ROW) permute(r + row, REGISTER)
  // 3. Z: P on each column, eight registers that lie a row apart.
  for (let column: usize = 0; column < ROW; column += REGISTER) permute(r + column, ROW)
  // 4. out = Z ⊕ R
  for (let i: usize = 0; i < KIB; i += 4 * REGISTER) {
    xorInto(out + i, r + i)
    xorInto(out + i + 16, r + i + 16)
    xorInto(out + i + 32, r + i + 32)
    xorInto(out + i + 48, r + i + 48)
  }
}

/** Step 1 for one register. */
@inline
function start(x: usize, y: usize, out: usize, keep: bool, r: usize): void {
  const register = v128.xor(v128.load(x), v128.load(y))
  v128.store(r, register)
  v128.store(out, keep ? v128.xor(register, v128.load(out)) : register)
}

/** to = to ⊕ from, one register. */
@inline
export function xorInto(to: usize, from: usize): void {
  v128.store(to, v128.xor(v128.load(to), v128.load(from)))
}

/** P (section 3.6) on eight registers `step` bytes apart: v0 v1 in the first register, v2 v3 in the next … */
@inline
function permute(v: usize, step: usize): void {
  // 1. the columns of the 4×4 matrix v0 … v15
  mix(v, v + 2 * step, v + 4 * step, v + 6 * step)
  mix(v + 8, v + 2 * step + 8, v + 4 * step + 8, v + 6 * step + 8)
  mix(v + step, v + 3 * step, v + 5 * step, v + 7 * step)
  mix(v + step + 8, v + 3 * step + 8, v + 5 * step + 8, v + 7 * step + 8)
  // 2. its diagonals
  mix(v, v + 2 * step + 8, v + 5 * step, v + 7 * step + 8)
  mix(v + 8, v + 3 * step, v + 5 * step + 8, v + 6 * step)
  mix(v + step, v + 3 * step + 8, v + 4 * step, v + 6 * step + 8)
  mix(v + step + 8, v + 2 * step, v + 4 * step + 8, v + 7 * step)
}

/** GB (section 3.6) on the words at four addresses. */
@inline
function mix(pa: usize, pb: usize, pc: usize, pd: usize): void {
  let a = load<u64>(pa)
  let b = load<u64>(pb)
  let c = load<u64>(pc)
  let d = load<u64>(pd)
  a = multiplyAdd(a, b)
  d = rotr(d ^ a, 32)
  c = multiplyAdd(c, d)
  b = rotr(b ^ c, 24)
  a = multiplyAdd(a, b)
  d = rotr(d ^ a, 16)
  c = multiplyAdd(c, d)
  b = rotr(b ^ c, 63)
  store<u64>(pa, a)
  store<u64>(pb, b)
  store<u64>(pc, c)
  store<u64>(pd, d)
}

/** a + b + 2 · low half of a · low half of b: what Argon2 puts in place of BLAKE2b's addition. */
@inline
function multiplyAdd(a: u64, b: u64): u64 {
  return a + b + 2 * (a & 0xffffffff) * (b & 0xffffffff)
}
