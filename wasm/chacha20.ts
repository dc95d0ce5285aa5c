// ChaCha20 (RFC 8439 sections 2.1 to 2.4), twice: one block as four vectors that are the rows of its matrix, for the
// first block and for ends; and four blocks side by side as sixteen vectors, each the same word of all four, for the bulk.
// No branch and no address depends on key or text.

/** Where a stream keeps key (32), nonce (12), the number of the next block (4), one block of text, and sixteen vectors. */
const KEY: usize = 0
const NONCE: usize = 32
const COUNTER: usize = 44
const REST: usize = 48
const WIDE: usize = 112
const BLOCK: usize = 64

/** Bytes of one stream; the first 44 of them are key and nonce, written by the caller. */
export const CHACHA20_SIZE: usize = 368

/** Sets the number of the next block. */
export function chacha20Seek(stream: usize, block: u32): void {
  store<u32>(stream + COUNTER, block)
}

/** Xors the key stream into `length` bytes at `at`. Only the last call of a message may end inside a block of 64 bytes. */
export function chacha20Xor(stream: usize, at: usize, length: usize): void {
  const end = at + length
  for (; at + 4 * BLOCK <= end; at += 4 * BLOCK) fourBlocks(stream, at)
  for (; at + BLOCK <= end; at += BLOCK) block(stream, at)
  if (at == end) return
  const rest = end - at
  memory.fill(stream + REST, 0, BLOCK)
  memory.copy(stream + REST, at, rest)
  block(stream, stream + REST)
  memory.copy(at, stream + REST, rest)
}

/** Xors one block of key stream (section 2.3) into the 64 bytes at `at`. */
function block(stream: usize, at: usize): void {
  const row0 = constants()
  const row1 = v128.load(stream + KEY)
  const row2 = v128.load(stream + KEY + 16)
  const row3 = counterAndNonce(stream)
  let a = row0
  let b = row1
  let c = row2
  let d = row3
  for (let doubleRound = 0; doubleRound < 10; doubleRound++) {
    // the four column rounds
    a = add(a, b), d = rotate16(d, a)
    c = add(c, d), b = rotate(b, c, 12)
    a = add(a, b), d = rotate8(d, a)
    c = add(c, d), b = rotate(b, c, 7)
    b = left1(b), c = left2(c), d = left3(d)
    // the four diagonal rounds
    a = add(a, b), d = rotate16(d, a)
    c = add(c, d), b = rotate(b, c, 12)
    a = add(a, b), d = rotate8(d, a)
    c = add(c, d), b = rotate(b, c, 7)
    b = left3(b), c = left2(c), d = left1(d)
  }
  xorRow(at, add(a, row0))
  xorRow(at + 16, add(b, row1))
  xorRow(at + 32, add(c, row2))
  xorRow(at + 48, add(d, row3))
}

/** Xors four blocks of key stream into the 256 bytes at `at`. */
function fourBlocks(stream: usize, at: usize): void {
  const v = stream + WIDE
  const counter = load<u32>(stream + COUNTER)
  const counters = add(i32x4.splat(counter), i32x4(0, 1, 2, 3))
  store<u32>(stream + COUNTER, counter + 4)
  v128.store(v, i32x4.splat(0x61707865))
  v128.store(v + 16, i32x4.splat(0x3320646e))
  v128.store(v + 32, i32x4.splat(0x79622d32))
  v128.store(v + 48, i32x4.splat(0x6b206574))
  for (let i: usize = 0; i < 32; i += 4) v128.store(v + 64 + 4 * i, v128.load32_splat(stream + KEY + i))
  v128.store(v + 192, counters)
  for (let i: usize = 0; i < 12; i += 4) v128.store(v + 208 + 4 * i, v128.load32_splat(stream + NONCE + i))
  for (let doubleRound = 0; doubleRound < 10; doubleRound++) {
    quarterRound(v, v + 64, v + 128, v + 192)
    quarterRound(v + 16, v + 80, v + 144, v + 208)
    quarterRound(v + 32, v + 96, v + 160, v + 224)
    quarterRound(v + 48, v + 112, v + 176, v + 240)
    quarterRound(v, v + 80, v + 160, v + 240)
    quarterRound(v + 16, v + 96, v + 176, v + 192)
    quarterRound(v + 32, v + 112, v + 128, v + 208)
    quarterRound(v + 48, v + 64, v + 144, v + 224)
  }
  xorColumn(at, v, constants())
  xorColumn(at + 16, v + 64, v128.load(stream + KEY))
  xorColumn(at + 32, v + 128, v128.load(stream + KEY + 16))
  // The counters differ, so they are added here and the row that is common to all has a zero in their place.
  v128.store(v + 192, add(v128.load(v + 192), counters))
  xorColumn(at + 48, v + 192, i32x4.replace_lane(nonceRow(stream), 0, 0))
}

/** Turns the four vectors at `v` into the rows of four blocks, adds `initial` to each, and xors them in 64 bytes apart. */
@inline
function xorColumn(at: usize, v: usize, initial: v128): void {
  const a = v128.load(v)
  const b = v128.load(v + 16)
  const c = v128.load(v + 32)
  const d = v128.load(v + 48)
  const ab01 = i32x4.shuffle(a, b, 0, 4, 1, 5)
  const cd01 = i32x4.shuffle(c, d, 0, 4, 1, 5)
  const ab23 = i32x4.shuffle(a, b, 2, 6, 3, 7)
  const cd23 = i32x4.shuffle(c, d, 2, 6, 3, 7)
  xorRow(at, add(i64x2.shuffle(ab01, cd01, 0, 2), initial))
  xorRow(at + 64, add(i64x2.shuffle(ab01, cd01, 1, 3), initial))
  xorRow(at + 128, add(i64x2.shuffle(ab23, cd23, 0, 2), initial))
  xorRow(at + 192, add(i64x2.shuffle(ab23, cd23, 1, 3), initial))
}

/** Section 2.1 on the vectors at four addresses. */
@inline
function quarterRound(pa: usize, pb: usize, pc: usize, pd: usize): void {
  let a = v128.load(pa)
  let b = v128.load(pb)
  let c = v128.load(pc)
  let d = v128.load(pd)
  a = add(a, b), d = rotate16(d, a)
  c = add(c, d), b = rotate(b, c, 12)
  a = add(a, b), d = rotate8(d, a)
  c = add(c, d), b = rotate(b, c, 7)
  v128.store(pa, a)
  v128.store(pb, b)
  v128.store(pc, c)
  v128.store(pd, d)
}

/** "expand 32-byte k" */
@inline
function constants(): v128 {
  return i32x4(0x61707865, 0x3320646e, 0x79622d32, 0x6b206574)
}

/** The last row of the next block; the counter moves on. */
@inline
function counterAndNonce(stream: usize): v128 {
  const counter = load<u32>(stream + COUNTER)
  store<u32>(stream + COUNTER, counter + 1)
  return i32x4.replace_lane(nonceRow(stream), 0, counter)
}

/** The nonce in the last three columns. Four bytes behind it are read as well and not used. */
@inline
function nonceRow(stream: usize): v128 {
  const nonce = v128.load(stream + NONCE)
  return i32x4.shuffle(nonce, nonce, 0, 0, 1, 2)
}

@inline
function add(a: v128, b: v128): v128 {
  return i32x4.add(a, b)
}

/** Every column of a ⊕ b rotated left by `bits`. */
@inline
function rotate(a: v128, b: v128, bits: i32): v128 {
  const x = v128.xor(a, b)
  return v128.or(i32x4.shl(x, bits), i32x4.shr_u(x, 32 - bits))
}

/** The same by 16 and 8 bits: whole bytes move. */
@inline
function rotate16(a: v128, b: v128): v128 {
  const x = v128.xor(a, b)
  return i8x16.shuffle(x, x, 2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13)
}

@inline
function rotate8(a: v128, b: v128): v128 {
  const x = v128.xor(a, b)
  return i8x16.shuffle(x, x, 3, 0, 1, 2, 7, 4, 5, 6, 11, 8, 9, 10, 15, 12, 13, 14)
}

/** A row rotated by one, two or three columns. */
@inline
function left1(row: v128): v128 {
  return i32x4.shuffle(row, row, 1, 2, 3, 0)
}

@inline
function left2(row: v128): v128 {
  return i32x4.shuffle(row, row, 2, 3, 0, 1)
}

@inline
function left3(row: v128): v128 {
  return i32x4.shuffle(row, row, 3, 0, 1, 2)
}

@inline
function xorRow(at: usize, row: v128): void {
  v128.store(at, v128.xor(v128.load(at), row))
}
