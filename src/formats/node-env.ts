// Lines for `node --env-file`. It knows three quotes and no way to write a quote inside its own kind, turns `\n` in
// double quotes into a line end, and loses carriage returns everywhere.
import { CR, LF, TAB, trim } from './blanks.ts'
import { checkText, refuse } from './carry.ts'
import { isPlain } from './dotenv-print.ts'
import type { Writer } from './writer.ts'

const DOUBLE = 0x22
const HASH = 0x23
const SINGLE = 0x27
const BACKSLASH = 0x5c
const BACKTICK = 0x60
const LETTER_N = 0x6e

/** One assignment. Throws `failed` for what node would read differently, among it a value with all three quotes. */
export function writeNode(writer: Writer, key: string, value: Uint8Array): void {
  const reader = 'node --env-file'
  checkText(key, value, reader)
  if (value.includes(CR)) refuse(key, 'holds a carriage return', reader)
  writer.text(`${key}=`)
  if (isBare(value)) writer.bytes(value)
  else {
    const quote = [SINGLE, BACKTICK, DOUBLE].find(
      (mark) => !value.includes(mark) && !(mark === DOUBLE && escapes(value)),
    )
    if (quote === undefined) refuse(key, 'holds \', ` and " together', reader)
    writer.byte(quote).bytes(value).byte(quote)
  }
  writer.byte(LF)
}

/** Without quotes: when nothing needs them, or when no quotes are left and the value stands on one line as it is. */
function isBare(value: Uint8Array): boolean {
  if (isPlain(value)) return true
  const quotes = [SINGLE, BACKTICK, DOUBLE]
  if (!quotes.every((mark) => value.includes(mark)) || quotes.includes(value[0]!)) return false
  const { from, to } = trim(value, 0, value.length)
  return from === 0 && to === value.length && ![HASH, LF, TAB].some((byte) => value.includes(byte))
}

/** Whether `\n` stands in it as two characters. */
function escapes(value: Uint8Array): boolean {
  return value.some((byte, at) => byte === BACKSLASH && value[at + 1] === LETTER_N)
}
