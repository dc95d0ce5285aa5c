// How programs write the bytes of a value when they may not write them as they are: percent-encoding, JSON, shells.
// A style says for one byte or character what stands for it; it is a list of what is really in use, not of a norm.
import { ownBytes } from '../lib/bytes.ts'

/** What stands for a byte or code point, or undefined when it stays as it is. `first` is true at the start. */
export type Escape = (code: number, first: boolean) => string | undefined

const HEX = '0123456789abcdef'

/** A test for the bytes of `characters` (ASCII). */
function oneOf(characters: string): (code: number) => boolean {
  const codes = new Set(Array.from(characters, (c) => c.charCodeAt(0)))
  return (code) => codes.has(code)
}

function isAlphanumeric(code: number): boolean {
  return (code >= 48 && code <= 57) || (code >= 65 && code <= 90) || (code >= 97 && code <= 122)
}

function hex2(code: number): string {
  return `${HEX[code >> 4]}${HEX[code & 15]}`
}

function hex4(unit: number): string {
  return hex2(unit >> 8) + hex2(unit & 255)
}

/** RFC 3986, 2.1: everything is encoded but letters, digits and `kept`. A blank becomes `blank`. */
function percent(kept: string, blank = '%20'): Escape {
  const stays = oneOf(kept)
  return (byte) => {
    if (byte === 0x20 && !stays(byte)) return blank
    return isAlphanumeric(byte) || stays(byte) ? undefined : `%${hex2(byte)}`
  }
}

/** Styles of bytes. Hexadecimal digits are lower case; whoever compares ignores case. */
export const PERCENT: readonly Escape[] = [
  (byte) => `%${hex2(byte)}`,
  percent(''),
  percent('-_.~'),
  percent("-_.!~*'()"),
  percent("-_.!~*'();/?:@&=+$,#"),
  percent('-_.~/'),
  percent('-_.~$&+=:@'),
  percent("!$%&'()*+,-._~"),
  percent('-_.~', '+'),
  percent('*-._', '+'),
]

const SHORT: Readonly<Record<number, string>> = {
  8: '\\b',
  9: '\\t',
  10: '\\n',
  12: '\\f',
  13: '\\r',
  34: '\\"',
  92: '\\\\',
}
const SHORTEST: Readonly<Record<number, string>> = { 9: '\\t', 10: '\\n', 13: '\\r', 34: '\\"', 92: '\\\\' }

/** `\uXXXX`, two of them above U+FFFF (RFC 8259, 7). */
function unicode(code: number): string {
  if (code <= 0xffff) return `\\u${hex4(code)}`
  const rest = code - 0x1_0000
  return `\\u${hex4(0xd800 | (rest >> 10))}\\u${hex4(0xdc00 | (rest & 0x3ff))}`
}

/** JSON: `short` where there is a short escape, `\u` for other controls and for what `also` names. */
function json(short: Readonly<Record<number, string>>, also: (code: number) => boolean = () => false): Escape {
  return (code) => {
    const brief = short[code]
    if (brief !== undefined) return brief
    return code < 0x20 || code === 0x22 || code === 0x5c || also(code) ? unicode(code) : undefined
  }
}

const beyondAscii = (code: number): boolean => code >= 0x80
const forHtml = (code: number): boolean => oneOf('<>&')(code) || code === 0x2028 || code === 0x2029
const plain = json(SHORT)
const { 34: _quote, ...WITHOUT_QUOTE } = SHORT

/** Styles of characters. */
export const JSON_STRINGS: readonly Escape[] = [
  plain,
  json(SHORT, beyondAscii),
  json(SHORT, (code) => code >= 0x7f),
  json(SHORT, (code) => code === 0x7f),
  json(SHORT, forHtml),
  json(SHORTEST, forHtml),
  json({ ...SHORT, 47: '\\/' }),
  json({ ...SHORT, 47: '\\/' }, beyondAscii),
  json({}),
  json({}, beyondAscii),
  json(WITHOUT_QUOTE, (code) => code >= 0x7f || oneOf("<>&'+`")(code)),
  // A JSON text inside a JSON text.
  (code) => {
    const once = plain(code, false)
    return once?.replaceAll('\\', '\\\\').replaceAll('"', '\\"')
  },
]

type Entries = Readonly<Record<number, string>>

/** A backslash before every byte of `characters`, before one of `atStart` when it comes first, and `named` instead. */
function backslash(characters: string, atStart = '', named: Entries = {}): Escape {
  const [always, leading] = [oneOf(characters), oneOf(atStart)]
  return (byte, first) =>
    named[byte] ?? (always(byte) || (first && leading(byte)) ? `\\${String.fromCharCode(byte)}` : undefined)
}

/** `named` instead of the bytes in it, and `otherwise` of others. */
function table(named: Entries, otherwise: (byte: number) => string | undefined = () => undefined): Escape {
  return (byte) => named[byte] ?? otherwise(byte)
}

const LINE_ENDS = { 10: '\\n', 13: '\\r', 9: '\\t' }
const DOLLAR_QUOTED = { 10: "$'\\n'", 13: "$'\\r'", 9: "$'\\t'" }
const LITERAL = { ...LINE_ENDS, 39: "\\'", 92: '\\\\' }
const ANSI_C = { ...LITERAL, 7: '\\a', 8: '\\b', 11: '\\v', 12: '\\f', 27: '\\e' }
const isControl = (byte: number): boolean => byte < 0x20 || byte === 0x7f
const octal = (byte: number): string | undefined =>
  isControl(byte) ? `\\${byte.toString(8).padStart(3, '0')}` : undefined

/** Styles of bytes, without the quotes around the whole. */
export const SHELL: readonly Escape[] = [
  // Inside single quotes, two ways, and in fish.
  table({ 39: "'\\''" }),
  table({ 39: `'"'"'` }),
  backslash("'\\"),
  // Inside double quotes (XCU 2.2.3), with the ! of an interactive bash, and with line ends as dotenv writes them.
  backslash('$`"\\'),
  backslash('$`"\\!'),
  backslash('$`"\\', '', LINE_ENDS),
  // Without quotes: printf %q of bash, zsh two ways, fish, and what escapes all that is no word.
  backslash(' \t\'"\\|&;()<>!{}*[]?^$`,', '~#'),
  backslash(' \t\'"\\|&;()<>{}*[]?^$`#', '~='),
  backslash(' \'"\\|&;()<>{}*[]?^$`#', '~=', DOLLAR_QUOTED),
  backslash(' \'"\\|&;()<>{}*[]?$#~%', '', LINE_ENDS),
  (byte) => (isPlain(byte) || isControl(byte) || byte >= 0x80 ? undefined : `\\${String.fromCharCode(byte)}`),
  (byte) => (isPlain(byte) ? undefined : `\\${String.fromCharCode(byte)}`),
  // $'…' of bash and of zsh, and the string literals of other languages.
  table(ANSI_C, octal),
  table({ ...ANSI_C, 33: '\\!' }, octal),
  table(LITERAL, (byte) => (isControl(byte) ? `\\x${hex2(byte)}` : undefined)),
  table(LITERAL, (byte) => (isControl(byte) || byte >= 0x80 ? `\\x${hex2(byte)}` : undefined)),
]

function isPlain(byte: number): boolean {
  return isAlphanumeric(byte) || byte === 0x5f
}

/** `text` as `escape` writes its bytes. A new array, for the caller to wipe. */
export function escapeBytes(text: Uint8Array, escape: Escape): Uint8Array {
  return rewrite(text, escape, () => 1)
}

/** `text` as `escape` writes its characters; bytes that are no UTF-8 stay. A new array, for the caller to wipe. */
export function escapeCharacters(text: Uint8Array, escape: Escape): Uint8Array {
  return rewrite(text, escape, characterSize)
}

/** Walks twice, to measure and to write, so that no half-filled buffer with a piece of a value is left behind. */
function rewrite(text: Uint8Array, escape: Escape, sizeAt: (text: Uint8Array, at: number) => number): Uint8Array {
  let size = 0
  for (let at = 0; at < text.length;) {
    const width = sizeAt(text, at)
    size += (width === 0 ? undefined : escape(codeAt(text, at, width), at === 0))?.length ?? (width || 1)
    at += width || 1
  }
  const written = ownBytes(size)
  let to = 0
  for (let at = 0; at < text.length;) {
    const width = sizeAt(text, at)
    const instead = width === 0 ? undefined : escape(codeAt(text, at, width), at === 0)
    if (instead === undefined) for (let i = 0; i < (width || 1); i++) written[to++] = text[at + i]!
    else for (let i = 0; i < instead.length; i++) written[to++] = instead.charCodeAt(i)
    at += width || 1
  }
  return written
}

/** Bytes of the UTF-8 character at `at` (RFC 3629, 4), or 0 when there is none. */
export function characterSize(text: Uint8Array, at: number): number {
  const lead = text[at]!
  if (lead < 0x80) return 1
  const size = lead >= 0xc2 && lead < 0xe0 ? 2 : (lead & 0xf0) === 0xe0 ? 3 : lead >= 0xf0 && lead < 0xf5 ? 4 : 0
  for (let i = 1; i < size; i++) if (((text[at + i] ?? 0) & 0xc0) !== 0x80) return 0
  const second = text[at + 1] ?? 0
  const tooLong = (lead === 0xe0 && second < 0xa0) || (lead === 0xf0 && second < 0x90)
  const outside = (lead === 0xed && second > 0x9f) || (lead === 0xf4 && second > 0x8f)
  return tooLong || outside ? 0 : size
}

/** The code of the character of `size` bytes at `at`; of one byte, the byte. */
function codeAt(text: Uint8Array, at: number, size: number): number {
  const lead = text[at]!
  if (size === 1) return lead
  let code = lead & (0xff >> (size + 1))
  for (let i = 1; i < size; i++) code = (code << 6) | (text[at + i]! & 0x3f)
  return code
}
