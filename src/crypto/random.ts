// Random bytes and random text, uniform by rejection.

const LETTERS = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789'

export const CHARSETS = {
  alphanumeric: LETTERS,
  hex: '0123456789abcdef',
  base64: `${LETTERS}-_`,
  ascii: `${LETTERS}!@#$%^&*()-_=+[]{}|;:,.<>?`,
} as const

export type Charset = keyof typeof CHARSETS

export function randomBytes(size: number): Uint8Array {
  const bytes = new Uint8Array(size)
  for (let at = 0; at < size; at += 65_536) crypto.getRandomValues(bytes.subarray(at, at + 65_536))
  return bytes
}

export function uuid(): string {
  return crypto.randomUUID()
}

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
