// Every form in which a value may come back out of a program. The forms are what the matcher looks for: it ignores
// ASCII case, CR and LF, so forms that differ only in these are one.
import { ownBytes, ownCopy } from '../lib/bytes.ts'
import { JSON_STRINGS, PERCENT, SHELL, characterSize, escapeBytes, escapeCharacters } from './redact-escapes.ts'

export interface Form {
  bytes: Uint8Array
  /** Base64 whose next character holds the rest of our bits: it belongs to the form, and so does padding after it. */
  open: boolean
}

/** A line of a longer value counts as a value of its own from this length on. */
const LEAST_LINE_BYTES = 8
/** What turns the value around is looked for from this length on; below, it would be found everywhere. */
const LEAST_DERIVED_BYTES = 6
const LEAST_BASE64_CHARACTERS = 7

const [TAB, LF, CR, BLANK] = [9, 10, 13, 32]

/** All forms of `value`, some of them twice. They hold the value: the caller wipes them. */
export function formsOf(value: Uint8Array): Form[] {
  const texts = [...wholes(value), ...lines(value)]
  const forms = texts.flatMap(encodings)
  for (const text of texts) text.fill(0)
  return forms
}

/** The value with either line end, with and without line ends at its end. */
function wholes(value: Uint8Array): Uint8Array[] {
  let end = value.length
  while (end > 0 && (value[end - 1] === LF || value[end - 1] === CR)) end--
  const kinds = value.includes(LF) ? [value, withLineEnds(value, false), withLineEnds(value, true)] : [value]
  const trimmed = end < value.length ? wholes(value.subarray(0, end)) : []
  const copies = kinds.map(ownCopy)
  for (const made of kinds.slice(1)) made.fill(0)
  return [...copies, ...trimmed]
}

/** `value` with LF, or with CR LF, at the end of every line. */
function withLineEnds(value: Uint8Array, carriageReturns: boolean): Uint8Array {
  return escapeBytes(value, (byte) => {
    if (byte === CR) return ''
    return byte === LF && carriageReturns ? '\r\n' : undefined
  })
}

/** The lines of a value of several, without blanks around them, that are long enough and no frame of a PEM block. */
function lines(value: Uint8Array): Uint8Array[] {
  if (!value.includes(LF)) return []
  const found: Uint8Array[] = []
  for (let from = 0; from < value.length;) {
    const next = value.indexOf(LF, from)
    const end = next < 0 ? value.length : next
    const line = trimmed(value.subarray(from, end))
    if (line.length >= LEAST_LINE_BYTES && !isFrame(line)) found.push(ownCopy(line))
    from = end + 1
  }
  return found
}

function trimmed(line: Uint8Array): Uint8Array {
  const isBlank = (byte: number | undefined): boolean => byte === BLANK || byte === TAB || byte === CR
  let [from, end] = [0, line.length]
  while (from < end && isBlank(line[from])) from++
  while (end > from && isBlank(line[end - 1])) end--
  return line.subarray(from, end)
}

/** `-----BEGIN …` and `-----END …` (RFC 7468) say nothing about the key between them. */
function isFrame(line: Uint8Array): boolean {
  return line.subarray(0, 5).every((byte) => byte === 0x2d)
}

function encodings(text: Uint8Array): Form[] {
  const whole = (bytes: Uint8Array): Form => ({ bytes, open: false })
  const forms = [whole(ownCopy(text)), whole(hexadecimal(text))]
  // What is letters and digits only is changed by the first style alone.
  const isPlain = isAlphanumeric(text)
  forms.push(...(isPlain ? PERCENT.slice(0, 1) : PERCENT).map((style) => whole(escapeBytes(text, style))))
  if (!isPlain) {
    forms.push(...SHELL.map((style) => whole(escapeBytes(text, style))))
    forms.push(...JSON_STRINGS.map((style) => whole(escapeCharacters(text, style))))
  }
  if (text.length < LEAST_DERIVED_BYTES) return forms
  forms.push(whole(ownCopy(text).reverse()), whole(withCharactersReversed(text)))
  return [...forms, ...base64(text)]
}

function isAlphanumeric(text: Uint8Array): boolean {
  return text.every((byte) => ((byte | 0x20) - 0x61) >>> 0 < 26 || (byte - 0x30) >>> 0 < 10)
}

function withCharactersReversed(text: Uint8Array): Uint8Array {
  const reversed = ownBytes(text.length)
  for (let at = 0; at < text.length;) {
    const size = characterSize(text, at) || 1
    reversed.set(text.subarray(at, at + size), text.length - at - size)
    at += size
  }
  return reversed
}

function hexadecimal(text: Uint8Array): Uint8Array {
  const digits = ownBytes(text.length * 2)
  const digit = (value: number): number => value + (value < 10 ? 0x30 : 0x57)
  text.forEach((byte, at) => {
    digits[2 * at] = digit(byte >> 4)
    digits[2 * at + 1] = digit(byte & 15)
  })
  return digits
}

const STANDARD = Buffer.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/')
const FOR_URLS = Buffer.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_')

/**
 * Base64 in both alphabets (RFC 4648, 4 and 5), with none, one and two bytes of something else before the value. Only
 * characters of which all six bits are ours; of a first character that is partly ours at most four bits stay.
 */
function base64(text: Uint8Array): Form[] {
  return [0, 4, 2].flatMap((skipped) => {
    const count = Math.floor((text.length * 8 - skipped) / 6)
    if (count < LEAST_BASE64_CHARACTERS) return []
    const open = (text.length * 8 - skipped) % 6 !== 0
    return [STANDARD, FOR_URLS].map((alphabet) => {
      const bytes = ownBytes(count)
      for (let i = 0; i < count; i++) {
        const bit = skipped + 6 * i
        const pair = (text[bit >> 3]! << 8) | (text[(bit >> 3) + 1] ?? 0)
        bytes[i] = alphabet[(pair >> (10 - (bit & 7))) & 63]!
      }
      return { bytes, open }
    })
  })
}
