// Base32 (RFC 4648 section 6) in lower case and without padding, over bytes, so that private keys need no strings.
// Decoding is strict: each sequence of bytes has exactly one text (letter case aside), or typing errors go unseen.

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567'
const BITS = 5

/** ASCII bytes of the text of `bytes`: five bits a letter, the last one filled up with zeros. */
export function encodeBase32(bytes: Uint8Array): Uint8Array {
  const letters = new Uint8Array(Math.ceil((bytes.length * 8) / BITS))
  let held = 0
  let bits = 0
  let size = 0
  for (const byte of bytes) {
    held = ((held << 8) | byte) & 0xffff
    for (bits += 8; bits >= BITS;) {
      bits -= BITS
      letters[size++] = ALPHABET.charCodeAt((held >> bits) & 31)
    }
  }
  if (bits > 0) letters[size] = ALPHABET.charCodeAt((held << (BITS - bits)) & 31)
  return letters
}

/**
 * Exactly `size` bytes from ASCII letters of either case, or undefined: a letter outside of the alphabet, padding, too
 * few, too many, or bits left over that are not zero. CR and LF are passed over, as the peer does. The caller wipes it.
 */
export function decodeBase32(letters: Uint8Array, size: number): Uint8Array | undefined {
  const bytes = new Uint8Array(size)
  let held = 0
  let bits = 0
  let filled = 0
  let count = 0
  for (const letter of letters) {
    if (letter === 0x0a || letter === 0x0d) continue
    const value = letterValue(letter)
    count += 1
    if (value === undefined) return dropped(bytes)
    held = ((held << BITS) | value) & 0xffff
    bits += BITS
    if (bits < 8) continue
    bits -= 8
    if (filled === size) return dropped(bytes)
    bytes[filled++] = (held >> bits) & 0xff
  }
  const whole = filled === size && count === Math.ceil((size * 8) / BITS)
  return whole && (held & ((1 << bits) - 1)) === 0 ? bytes : dropped(bytes)
}

function letterValue(letter: number): number | undefined {
  if (letter >= 0x61 && letter <= 0x7a) return letter - 0x61
  if (letter >= 0x41 && letter <= 0x5a) return letter - 0x41
  return letter >= 0x32 && letter <= 0x37 ? letter - 0x32 + 26 : undefined
}

function dropped(bytes: Uint8Array): undefined {
  bytes.fill(0)
}
