// Argon2id version 0x13 (RFC 9106): the entry of dist/argon2.wasm, and the whole border between it and TypeScript.
//
// The caller owns the memory: it is imported, shared, and grown by the caller to `bytesNeeded`. One derivation is
//   grow · copy password ‖ salt ‖ secret ‖ associated data to the first block · `begin`
//   `fillSlice` for every pass, every slice 0 … 3 and every lane · `finish` · copy the tag from `tagAt` · wipe
//
//   0      never used: wasm-opt is told so (--low-memory-unused) and folds address additions in return
//   1024   parameters (P_…), written by `begin`, only read afterwards
//   1088   H0 (64) and the two numbers that are hashed behind it (8)
//   1216   BLAKE2b state, then the 64-byte V of H'
//   2048   the tag, up to 1024 bytes
//   3072   scratch, 3,136 bytes for each lane: R, the input of an address block, the address block, two words
//   then   wherever the caller wants, from `firstBlock` on: lanes × columns × 1 KiB, lane after lane. Before `begin`
//          the inputs lie there.
//
// No wasm global and no scratch is shared by two lanes, so different lanes of a slice may be filled by different
// threads, each with its own instance on the same memory, if all wait for each other between slices (RFC 9106
// section 3.4). There are no static data: after a derivation the caller fills everything with zeros.
import { BLAKE2B_SIZE, blake2bAbsorb, blake2bAbsorbWord, blake2bFinish, blake2bStart } from './blake2b.ts'
import { compress, xorInto } from './argon2-block.ts'

const VERSION: u32 = 0x13
const TYPE_ID: u32 = 2
const SLICES: u32 = 4
const KIB: usize = 1024
const WORDS_PER_BLOCK: u32 = 128

const P_LANES: usize = 1024
const P_PASSES: usize = 1028
/** Blocks of all lanes together, m' of RFC 9106 section 3.2: the memory rounded down to a multiple of 4·lanes. */
const P_BLOCKS: usize = 1032
/** Blocks of one lane, and of one lane in one slice. */
const P_COLUMNS: usize = 1036
const P_SEGMENT: usize = 1040
const P_TAG_SIZE: usize = 1044
/** Where the blocks begin. */
const P_FIRST: usize = 1048

const H0: usize = 1088
const H0_SIZE: usize = 64
const HASH: usize = 1216
const V: usize = HASH + BLAKE2B_SIZE
const TAG: usize = 2048
const TAG_MAX: u32 = 1024
const SCRATCH: usize = 3072
/** The scratch of a lane: R of `compress` first, then these. */
const S_Z: usize = KIB
const S_ADDRESSES: usize = 2 * KIB
const S_CHOSEN: usize = 3 * KIB
const S_FETCHED: usize = 3 * KIB + 4
const SCRATCH_SIZE: usize = 3 * KIB + 64

/** Bytes of memory that a derivation with `memoryKib` and `inputSize` bytes of input needs, with its first block at `first`. */
export function bytesNeeded(memoryKib: u32, inputSize: u32, first: usize): u64 {
  return u64(first) + max(u64(memoryKib) * KIB, u64(inputSize))
}

/** Where the first block may begin, at the earliest. */
export function firstBlock(lanes: u32): usize {
  return SCRATCH + <usize>lanes * SCRATCH_SIZE
}

/** Where `finish` leaves the tag. */
export function tagAt(): usize {
  return TAG
}

/**
 * Steps 1 to 4 of RFC 9106 section 3.2: H0 from parameters and the inputs at `first`, and the first two blocks of every
 * lane; the first of all begins at `first`.
 * Returns false, and does nothing, when a parameter is out of range or the memory was not grown.
 */
export function begin(
  memoryKib: u32,
  passes: u32,
  lanes: u32,
  tagSize: u32,
  passwordSize: u32,
  saltSize: u32,
  secretSize: u32,
  associatedSize: u32,
  first: usize,
): bool {
  if (lanes < 1 || lanes > 0xffffff || passes < 1 || tagSize < 4 || tagSize > TAG_MAX) return false
  if (u64(memoryKib) < 8 * u64(lanes)) return false
  const inputs = passwordSize + saltSize + secretSize + associatedSize
  if (first < firstBlock(lanes) || bytesNeeded(memoryKib, inputs, first) > u64(memory.size()) << 16) return false

  // 1. H0 = H^(64)(p, T, m, t, v, y, |P|, P, |S|, S, |K|, K, |X|, X)
  blake2bStart(HASH, 64)
  blake2bAbsorbWord(HASH, lanes)
  blake2bAbsorbWord(HASH, tagSize)
  blake2bAbsorbWord(HASH, memoryKib)
  blake2bAbsorbWord(HASH, passes)
  blake2bAbsorbWord(HASH, VERSION)
  blake2bAbsorbWord(HASH, TYPE_ID)
  let at = absorbInput(first, passwordSize)
  at = absorbInput(at, saltSize)
  at = absorbInput(at, secretSize)
  absorbInput(at, associatedSize)
  blake2bFinish(HASH, H0, 64)

  // 2. Allocate m' blocks in p lanes of q columns.
  const segment = memoryKib / (SLICES * lanes)
  store<u32>(P_LANES, lanes)
  store<u32>(P_PASSES, passes)
  store<u32>(P_BLOCKS, segment * SLICES * lanes)
  store<u32>(P_COLUMNS, segment * SLICES)
  store<u32>(P_SEGMENT, segment)
  store<u32>(P_TAG_SIZE, tagSize)
  store<u32>(P_FIRST, <u32>first)

  // 3. and 4. B[i][0] = H'^(1024)(H0 ‖ 0 ‖ i) and B[i][1] = H'^(1024)(H0 ‖ 1 ‖ i)
  for (let lane: u32 = 0; lane < lanes; lane++) {
    for (let column: u32 = 0; column < 2; column++) {
      store<u32>(H0 + H0_SIZE, column)
      store<u32>(H0 + H0_SIZE + 4, lane)
      hashLong(block(lane, column), 1024, H0, H0_SIZE + 8)
    }
  }
  return true
}

function absorbInput(at: usize, size: u32): usize {
  blake2bAbsorbWord(HASH, size)
  blake2bAbsorb(HASH, at, size)
  return at + size
}

/**
 * Steps 5 and 6: fills one slice (0 … 3) of the lanes from `first` up to, not including, `end` in one pass:
 * B[i][j] = G(B[i][j-1], B[l][z]), xored with what stood there in later passes. The lanes advance together, column by
 * column: all reference blocks of a column are on their way from memory before the first is needed.
 */
export function fillSlice(pass: u32, slice: u32, first: u32, end: u32): void {
  const segment = load<u32>(P_SEGMENT)
  const columns = load<u32>(P_COLUMNS)
  // The first two columns were made by `begin`.
  for (let index: u32 = pass == 0 && slice == 0 ? 2 : 0; index < segment; index++) {
    const column = slice * segment + index
    const before = column == 0 ? columns - 1 : column - 1
    for (let lane = first; lane < end; lane++) {
      const j = isIndependent(pass, slice) ? address(pass, slice, lane, index) : load<u64>(block(lane, before))
      const chosen = reference(pass, slice, lane, index, <u32>j, <u32>(j >> 32))
      store<u32>(scratchOf(lane) + S_CHOSEN, chosen)
      store<u32>(scratchOf(lane) + S_FETCHED, fetch(chosen))
    }
    for (let lane = first; lane < end; lane++) {
      const scratch = scratchOf(lane)
      compress(block(lane, before), load<u32>(scratch + S_CHOSEN), block(lane, column), pass > 0, scratch)
    }
  }
}

/** Reads a word of every cache line of a block. The result means nothing; it is kept so that no compiler drops the reads. */
@inline
function fetch(at: usize): u32 {
  let any: u32 = 0
  for (let i: usize = 0; i < KIB; i += 256) {
    any |= load<u32>(at + i) | load<u32>(at + i + 64) | load<u32>(at + i + 128) | load<u32>(at + i + 192)
  }
  return any
}

/** Argon2id takes addresses that do not depend on the password in the first half of the first pass (section 3.4.1.3). */
@inline
function isIndependent(pass: u32, slice: u32): bool {
  return pass == 0 && slice < SLICES / 2
}

/** The pair J1, J2 (low and high half) that depends on nothing secret, for the block at `index` of a segment. */
function address(pass: u32, slice: u32, lane: u32, index: u32): u64 {
  const place = index % WORDS_PER_BLOCK
  // Column 2 is the first that is filled in the first slice.
  if (place == 0 || (slice == 0 && index == 2)) makeAddresses(pass, slice, lane, index / WORDS_PER_BLOCK + 1)
  return load<u64>(scratchOf(lane) + S_ADDRESSES + (<usize>place << 3))
}

/** The address of B[l][z], from J1 and J2 (RFC 9106 section 3.4.2). */
function reference(pass: u32, slice: u32, lane: u32, index: u32, j1: u32, j2: u32): usize {
  const segment = load<u32>(P_SEGMENT)
  const columns = load<u32>(P_COLUMNS)
  // In the first slice of the first pass no other lane is finished anywhere.
  const l = pass == 0 && slice == 0 ? lane : j2 % load<u32>(P_LANES)
  // W: the three other slices (in the first pass the finished ones), and in the own lane what this segment has so far,
  // without the previous block; another lane's last block is left out when this is the first of its segment.
  const finished = pass == 0 ? slice * segment : columns - segment
  const size = l == lane ? finished + index - 1 : index == 0 ? finished - 1 : finished
  // zz = |W| - 1 - (|W| · (J1² / 2^32) / 2^32)
  const x = (u64(j1) * u64(j1)) >> 32
  const y = (u64(size) * x) >> 32
  const zz = u64(size) - 1 - y
  // W begins behind the current segment, except in the first pass.
  const from = pass == 0 || slice == SLICES - 1 ? 0 : (slice + 1) * segment
  return block(l, <u32>((u64(from) + zz) % columns))
}

/** The next 128 pairs J1, J2 that depend on nothing secret: G(0, G(0, Z)), section 3.4.1.2. */
function makeAddresses(pass: u32, slice: u32, lane: u32, counter: u32): void {
  const scratch = scratchOf(lane)
  const z = scratch + S_Z
  const addresses = scratch + S_ADDRESSES
  memory.fill(z, 0, KIB)
  store<u64>(z, pass)
  store<u64>(z + 8, lane)
  store<u64>(z + 16, slice)
  store<u64>(z + 24, load<u32>(P_BLOCKS))
  store<u64>(z + 32, load<u32>(P_PASSES))
  store<u64>(z + 40, TYPE_ID)
  store<u64>(z + 48, counter)
  memory.fill(addresses, 0, KIB)
  compress(addresses, z, z, false, scratch)
  compress(addresses, z, addresses, false, scratch)
}

/** Steps 7 and 8: C = the last blocks of all lanes xored, and the tag H'^(T)(C) at `tagAt`. */
export function finish(): void {
  const lanes = load<u32>(P_LANES)
  const last = load<u32>(P_COLUMNS) - 1
  const c = block(0, last)
  for (let lane: u32 = 1; lane < lanes; lane++) {
    const other = block(lane, last)
    for (let i: usize = 0; i < KIB; i += 16) xorInto(c + i, other + i)
  }
  hashLong(TAG, load<u32>(P_TAG_SIZE), c, KIB)
}

/** H' of RFC 9106 section 3.3: `size` bytes of hash of the `length` bytes at `from`, written to `to`. */
function hashLong(to: usize, size: u32, from: usize, length: usize): void {
  blake2bStart(HASH, min(size, 64))
  blake2bAbsorbWord(HASH, size)
  blake2bAbsorb(HASH, from, length)
  if (size <= 64) return blake2bFinish(HASH, to, size)
  // V1, V2 … give half of themselves each; the last one, V(r+1), gives all of itself.
  blake2bFinish(HASH, V, 64)
  memory.copy(to, V, 32)
  let left = size - 32
  for (to += 32; left > 64; to += 32, left -= 32) {
    blake2bStart(HASH, 64)
    blake2bAbsorb(HASH, V, 64)
    blake2bFinish(HASH, V, 64)
    memory.copy(to, V, 32)
  }
  blake2bStart(HASH, left)
  blake2bAbsorb(HASH, V, 64)
  blake2bFinish(HASH, to, left)
}

@inline
function block(lane: u32, column: u32): usize {
  return load<u32>(P_FIRST) + (<usize>(lane * load<u32>(P_COLUMNS) + column)) * KIB
}

@inline
function scratchOf(lane: u32): usize {
  return SCRATCH + <usize>lane * SCRATCH_SIZE
}
