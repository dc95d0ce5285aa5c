// The dotenv text inside sealed files: sorted, and quoted so that this program, the peer and each version of either
// read the same bytes back. Not meant for a shell: `$` stands bare in double quotes. For people there is dotenv-print.
import { compareTexts } from '../lib/bytes.ts'
import type { Secret } from '../lib/secret.ts'
import { CR, LF, SPACE, TAB, trim } from './blanks.ts'
import { Writer, type Printable } from './writer.ts'

const DOUBLE = 0x22
const BACKSLASH = 0x5c
/** `" \ $ LF CR TAB space # '` */
const QUOTED = new Set([DOUBLE, BACKSLASH, 0x24, LF, CR, TAB, SPACE, 0x23, 0x27])
const ESCAPES: ReadonlyMap<number, string> = new Map([
  [BACKSLASH, '\\\\'],
  [DOUBLE, '\\"'],
  [LF, '\\n'],
  [CR, '\\r'],
  [TAB, '\\t'],
])

/** `KEY=value` lines in the byte order of the keys, as a Secret of the caller. Never fails: every value can be written. */
export function printMarshal(entries: readonly Printable[]): Secret {
  const writer = new Writer()
  writeMarshal(writer, entries)
  return writer.finish()
}

/** The same lines at the end of `writer`. */
export function writeMarshal(writer: Writer, entries: readonly Printable[]): void {
  for (const { key, value } of entries.toSorted((a, b) => compareTexts(a.key, b.key))) {
    writer.text(`${key}=`)
    printValue(writer, value.reveal())
    writer.byte(LF)
  }
}

/** One value. Blanks at its ends are quoted too, which the peer forgets for those of Unicode, and then loses them. */
function printValue(writer: Writer, value: Uint8Array): void {
  const ends = trim(value, 0, value.length)
  const edged = ends.from > 0 || ends.to < value.length
  if (!edged && !value.some((byte) => QUOTED.has(byte))) {
    writer.bytes(value)
    return
  }
  writer.byte(DOUBLE)
  for (const byte of value) {
    const escaped = ESCAPES.get(byte)
    if (escaped === undefined) writer.byte(byte)
    else writer.text(escaped)
  }
  writer.byte(DOUBLE)
}
