// Random bytes and random text from the system's generator. Letters are drawn by rejection, so none is likelier.

/** getRandomValues gives no more at once. */
const MOST = 65_536

const LETTERS = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789'

/** The letters of each charset; the base64 one is the alphabet that is safe in URLs. */
export const CHARSETS = {
  alphanumeric: LETTERS,
  hex: '0123456789abcdef',
  base64: `${LETTERS}-_`,
  ascii: `${LETTERS}!@#$%^&*()-_=+[]{}|;:,.<>?`,
} as const

export type Charset = keyof typeof CHARSETS

/** `size` random bytes. */
export function randomBytes(size: number): Uint8Array {
  const bytes = new Uint8Array(size)
  for (let at = 0; at < size; at += MOST) crypto.getRandomValues(bytes.subarray(at, at + MOST))
  return bytes
}

/** A version 4 UUID (RFC 9562) in lower case. */
export function uuid(): string {
  return crypto.randomUUID()
}

/** `length` random letters of `charset` as ASCII bytes, each letter equally likely. */
export function randomText(length: number, charset: Charset): Uint8Array {
  const alphabet = CHARSETS[charset]
  const limit = 256 - (256 % alphabet.length)
  const text = new Uint8Array(length)
  for (let filled = 0; filled < length;) {
    const draw = randomBytes(64)
    for (const byte of draw) {
      if (byte < limit && filled < length) text[filled++] = alphabet.charCodeAt(byte % alphabet.length)
    }
    draw.fill(0)
  }
  return text
}
