// `set -gx NAME 'value'` lines for fish. In its single quotes only \ and ' mean anything, and a line end is itself.
import { checkText } from './carry.ts'
import { LF } from './blanks.ts'
import type { Writer } from './writer.ts'

const SINGLE = 0x27
const BACKSLASH = 0x5c

/** One line that sets and exports a variable. Throws `failed` for a value with a NUL byte. */
export function writeFish(writer: Writer, key: string, value: Uint8Array): void {
  checkText(key, value, 'fish', { bytes: true })
  writer.text(`set -gx ${key} '`)
  for (const byte of value) {
    if (byte === SINGLE || byte === BACKSLASH) writer.byte(BACKSLASH)
    writer.byte(byte)
  }
  writer.byte(SINGLE).byte(LF)
}
