// ChaCha20-Poly1305 (RFC 8439 section 2.8): the entry of dist/aead.wasm, and the whole border to TypeScript.
//
// The module has its own small memory, which never grows and which no other thread sees. A message of any length goes
// through it in pieces of at most 64 KiB; every piece but the last of each kind is full. One box is
//   key and nonce to `KEY_AT` and behind it · `start`
//   associated data, piece by piece: copy to `TEXT_AT`, `authenticate`
//   seal: each piece `encrypt` (then the cipher text is there) · unseal: each piece `authenticate`
//   `finish`: seal copies the tag from `TAG_AT`; unseal puts the expected one at `EXPECTED_AT` before and gets the answer
//   unseal, and only then: `rewind`, and each piece `decrypt`. No plaintext exists before the tag was right.
//   `wipe`, whatever happened
//
//   0       never used: wasm-opt is told so (--low-memory-unused) and folds address additions in return
//   1024    ChaCha20 stream: key (32), nonce (12), and its work space, 368 bytes together
//   1392    Poly1305 state (112), then its one-time key (64: a whole block of key stream)
//   1568    the tag (16), the expected tag (16), the two lengths (16)
//   65536   the piece of text, 64 KiB
// There are no static data, so after `wipe` all of it is zero.
import { CHACHA20_SIZE, chacha20Seek, chacha20Xor } from './chacha20.ts'
import { POLY1305_SIZE, poly1305Absorb, poly1305Finish, poly1305Start } from './poly1305.ts'

const STREAM: usize = 1024
const POLY: usize = STREAM + CHACHA20_SIZE
const ONE_TIME_KEY: usize = POLY + POLY1305_SIZE
const TAG: usize = ONE_TIME_KEY + 64
const EXPECTED: usize = TAG + 16
const LENGTHS: usize = EXPECTED + 16
const END: usize = LENGTHS + 16
const TEXT: usize = 65_536

export const KEY_AT: usize = STREAM
export const TAG_AT: usize = TAG
export const EXPECTED_AT: usize = EXPECTED
export const TEXT_AT: usize = TEXT
/** Bytes of the longest piece. */
export const PIECE: usize = 65_536

/** Section 2.6: the one-time key of Poly1305 is the beginning of block 0; the text is encrypted from block 1 on. */
export function start(): void {
  memory.fill(ONE_TIME_KEY, 0, 64)
  chacha20Seek(STREAM, 0)
  chacha20Xor(STREAM, ONE_TIME_KEY, 64)
  poly1305Start(POLY, ONE_TIME_KEY)
}

/** Authenticates the first `length` bytes of the piece. */
export function authenticate(length: usize): void {
  poly1305Absorb(POLY, TEXT, length)
}

/** Encrypts the first `length` bytes of the piece where they are, and authenticates the result. */
export function encrypt(length: usize): void {
  chacha20Xor(STREAM, TEXT, length)
  poly1305Absorb(POLY, TEXT, length)
}

/** Back to the first block of the text. */
export function rewind(): void {
  chacha20Seek(STREAM, 1)
}

/** Decrypts the first `length` bytes of the piece where they are. */
export function decrypt(length: usize): void {
  chacha20Xor(STREAM, TEXT, length)
}

/** Makes the tag from all pieces and the two lengths; true when it is the expected one, in time that tells nothing. */
export function finish(associatedSize: u64, textSize: u64): bool {
  store<u64>(LENGTHS, associatedSize)
  store<u64>(LENGTHS + 8, textSize)
  poly1305Absorb(POLY, LENGTHS, 16)
  poly1305Finish(POLY, TAG)
  const difference = (load<u64>(TAG) ^ load<u64>(EXPECTED)) | (load<u64>(TAG + 8) ^ load<u64>(EXPECTED + 8))
  return difference == 0
}

/** Zeros over everything: key, states, tags, and the first `used` bytes of the piece. */
export function wipe(used: usize): void {
  memory.fill(STREAM, 0, END - STREAM)
  memory.fill(TEXT, 0, used)
}
