// A flat YAML mapping of strings. YAML gives many bare words a type (`No`, `0x1F`, `1:30`), so a value is bare
// only when it is a plain word that no YAML version takes for something else; everything else is in double quotes.
import { isUtf8 } from 'node:buffer'
import { text, toBase64 } from '../lib/bytes.ts'
import type { Secret } from '../lib/secret.ts'
import { Writer, type Printable } from './writer.ts'

const WORD = /^[A-Za-z_][A-Za-z0-9_-]*$/
/** A letter first and no colon last: then a colon has no meaning, and no version of YAML sees a number or a time. */
const ADDRESS = /^[A-Za-z][A-Za-z0-9_./:@+-]*(?<!:)$/
/** Words that YAML 1.1 or 1.2 reads as a boolean or as null. */
const TYPED = /^(?:y|yes|n|no|true|false|on|off|null)$/i
const LONGEST_WORD = 64
const NAMED: ReadonlyMap<number, string> = new Map([
  [0x09, '\\t'],
  [0x0a, '\\n'],
  [0x0d, '\\r'],
  [0x22, '\\"'],
  [0x5c, '\\\\'],
])

/** `KEY: value` lines; nothing for no entries. Values that are not UTF-8 are written as `!!binary` in base64. */
export function printYaml(entries: readonly Printable[]): Secret {
  const writer = new Writer()
  for (const { key, value } of entries) {
    writer.text(`${yamlWord(key)}: `)
    printValue(writer, value.reveal())
    writer.text('\n')
  }
  return writer.finish()
}

/** A name, in quotes when YAML would give it a type. */
export function yamlWord(word: string): string {
  return WORD.test(word) && !TYPED.test(word) ? word : JSON.stringify(word)
}

function printValue(writer: Writer, value: Uint8Array): void {
  if (!isUtf8(value)) writer.text(`!!binary "${toBase64(value)}"`)
  else if (isBareWord(value)) writer.bytes(value)
  else printQuoted(writer, value)
}

/** A value of UTF-8 text: bare when it is a plain word or looks like an address, else in double quotes. */
export function printYamlText(writer: Writer, value: Uint8Array): void {
  if (isBareWord(value, ADDRESS)) writer.bytes(value)
  else printQuoted(writer, value)
}

function printQuoted(writer: Writer, value: Uint8Array): void {
  writer.byte(0x22)
  for (let at = 0; at < value.length;) {
    const size = codePointSize(value[at]!)
    printCodePoint(writer, value.subarray(at, at + size))
    at += size
  }
  writer.byte(0x22)
}

function isBareWord(value: Uint8Array, rule = WORD): boolean {
  if (value.length > LONGEST_WORD) return false
  const word = text(value) ?? ''
  return rule.test(word) && !TYPED.test(word)
}

/** Bytes of the UTF-8 sequence that starts with `first`. */
function codePointSize(first: number): number {
  if (first < 0x80) return 1
  if (first < 0xe0) return 2
  return first < 0xf0 ? 3 : 4
}

/** One character: as it is when YAML counts it as printable, else escaped (YAML 1.2 section 5.1, plus line ends and BOM). */
function printCodePoint(writer: Writer, bytes: Uint8Array): void {
  const first = bytes[0]!
  const named = NAMED.get(first)
  if (named !== undefined) writer.text(named)
  else if (first < 0x20 || first === 0x7f) writer.text(`\\x${first.toString(16).padStart(2, '0')}`)
  else if (bytes.length === 2 && first === 0xc2 && bytes[1]! < 0xa0) writer.text(`\\x${bytes[1]!.toString(16)}`)
  else if (bytes.length === 3 && isUnprintable(first, bytes[1]!, bytes[2]!)) {
    const point = ((first & 0x0f) << 12) | ((bytes[1]! & 0x3f) << 6) | (bytes[2]! & 0x3f)
    writer.text(`\\u${point.toString(16)}`)
  } else writer.bytes(bytes)
}

/** U+2028, U+2029, U+FEFF, U+FFFE and U+FFFF. */
function isUnprintable(a: number, b: number, c: number): boolean {
  if (a === 0xe2) return b === 0x80 && (c === 0xa8 || c === 0xa9)
  return a === 0xef && ((b === 0xbb && c === 0xbf) || (b === 0xbf && c >= 0xbe))
}
