// Random bytes and random text from the system's generator. Letters are drawn by rejection, so none is likelier.
import { ownBytes } from '../lib/bytes.ts'
import { Secret } from '../lib/secret.ts'

/** getRandomValues gives no more at once. */
const MOST = 65_536
/** Up to so many bytes the runtime gives out of a reserve, where they stay readable (measured, Bun 1.4.5). */
const RESERVE = 256

const LETTERS = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789'

/** The letters of each charset; the base64 one is the alphabet that is safe in URLs. */
export const CHARSETS = {
  alphanumeric: LETTERS,
  hex: '0123456789abcdef',
  base64: `${LETTERS}-_`,
  ascii: `${LETTERS}!@#$%^&*()-_=+[]{}|;:,.<>?`,
  // The signs that need no quotes in a shell, a URL or a dotenv file.
  symbols: `${LETTERS}%+,-./:=@_`,
} as const

export type Charset = keyof typeof CHARSETS

/** `size` random bytes, of which no copy is left anywhere. */
export function randomBytes(size: number): Uint8Array {
  const bytes = ownBytes(size)
  if (size <= RESERVE) {
    const drawn = crypto.getRandomValues(ownBytes(2 * RESERVE))
    bytes.set(drawn.subarray(0, size))
    drawn.fill(0)
    return bytes
  }
  for (let at = 0; at < size; at += MOST) crypto.getRandomValues(bytes.subarray(at, at + MOST))
  return bytes
}

/** A version 4 UUID (RFC 9562) in lower case. */
export function uuid(): string {
  return crypto.randomUUID()
}

/** A made-up word is consonant, vowel, consonant, vowel, consonant: 20³ · 5² = 200,000 of them, 17.6 bits each. */
const SOUNDS = ['bcdfghjklmnprstvwxyz', 'aeiou'] as const
const WORD_LETTERS = 5

/** `count` made-up words that can be spoken and typed, with a - between them, as ASCII bytes. Every word equally likely. */
export function randomWords(count: number): Uint8Array {
  const text = new Uint8Array(Math.max(0, count * (WORD_LETTERS + 1) - 1)).fill(0x2d)
  for (let word = 0; word < count; word++) {
    for (let at = 0; at < WORD_LETTERS; at++) {
      const [letter] = draw(1, SOUNDS[at % 2 === 0 ? 0 : 1])
      text[word * (WORD_LETTERS + 1) + at] = letter ?? 0
    }
  }
  return text
}

/**
 * Like `randomText` with `symbols`, and with at least one small and one capital letter, digit and sign in it, as many
 * sites demand: drawn again until it is so, which costs a fraction of a bit. At least 4 letters.
 */
export function randomMixed(length: number): Uint8Array {
  const kinds = [/[a-z]/, /[A-Z]/, /[0-9]/, /[^A-Za-z0-9]/]
  if (length < kinds.length) throw new RangeError('too short for every kind of letter')
  for (;;) {
    const bytes = randomText(length, 'symbols')
    if (kinds.every((kind) => bytes.some((byte) => kind.test(String.fromCharCode(byte))))) return bytes
    bytes.fill(0)
  }
}

/** `length` random letters of `charset` as ASCII bytes, each letter equally likely. */
export function randomText(length: number, charset: Charset): Uint8Array {
  return draw(length, CHARSETS[charset])
}

function draw(length: number, alphabet: string): Uint8Array {
  const limit = 256 - (256 % alphabet.length)
  const text = new Uint8Array(length)
  for (let filled = 0; filled < length;) {
    const bytes = randomBytes(64)
    for (const byte of bytes) {
      if (byte < limit && filled < length) text[filled++] = alphabet.charCodeAt(byte % alphabet.length)
    }
    bytes.fill(0)
  }
  return text
}

/** Random text of any kind as a Secret; `length` counts characters, of `words` the words, of a `uuid` nothing. */
export function randomOf(kind: Charset | 'words' | 'uuid', length: number): Secret {
  if (kind === 'uuid') return Secret.fromText(uuid())
  if (kind === 'words') return new Secret(randomWords(length))
  return new Secret(kind === 'symbols' ? randomMixed(length) : randomText(length, kind))
}
