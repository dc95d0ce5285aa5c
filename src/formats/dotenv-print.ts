// Prints dotenv text that our parser reads back byte for byte, whatever the value, and that does nothing when a
// shell sources it. The four ways of writing a value are chosen so that as many other readers as possible agree.
import type { Secret } from '../lib/secret.ts'
import { CR, LF } from './blanks.ts'
import { Writer, type Printable } from './writer.ts'

const DOUBLE = 0x22
const DOLLAR = 0x24
const SINGLE = 0x27
const COLON = 0x3a
const EQUALS = 0x3d
const BACKSLASH = 0x5c
const BACKTICK = 0x60

/**
 * Whether a value needs no quotes in any reader: letters, digits and `% + , - . / : = @ _`, and no `=` at its start or
 * behind a `:`, where zsh would look for a command of that name.
 */
export function isPlain(value: Uint8Array): boolean {
  return value.every((byte, at) => isPlainByte(byte) && (byte !== EQUALS || (at > 0 && value[at - 1] !== COLON)))
}

function isPlainByte(byte: number): boolean {
  const letter = (byte >= 0x41 && byte <= 0x5a) || (byte >= 0x61 && byte <= 0x7a)
  return letter || (byte >= 0x2b && byte <= COLON) || byte === 0x25 || byte === EQUALS || byte === 0x40 || byte === 0x5f
}

/** `KEY=value` lines in the given order, as a Secret of the caller. Never fails: every value can be written. */
export function printDotenv(entries: readonly Printable[]): Secret {
  const writer = new Writer()
  for (const { key, value } of entries) {
    writer.text(`${key}=`)
    printValue(writer, value.reveal())
    writer.byte(LF)
  }
  return writer.finish()
}

/** The quotes that a value should get when they can carry it; `double-lines` keeps line ends as they are. */
export type Quotes = 'any' | 'single' | 'double' | 'double-lines'

/** One value in a file whose other lines stay; `wanted` are the quotes that stood there. Exact for every value. */
export function printDotenvValue(writer: Writer, value: Uint8Array, wanted: Quotes): void {
  const windows = value.some((byte, at) => byte === CR && value[at + 1] === LF)
  const expands = value.includes(DOLLAR) || value.includes(BACKTICK)
  // In a file with CR LF the reader takes both for one line end, so a pair inside of a value is always spelled out.
  if (windows) printDouble(writer, value, true)
  else if (wanted === 'single' && !value.includes(SINGLE)) writer.byte(SINGLE).bytes(value).byte(SINGLE)
  else if (wanted !== 'any' && wanted !== 'single' && !expands) printDouble(writer, value, wanted === 'double')
  else printValue(writer, value)
}

/**
 * One value. Which readers get it exactly (ours always does):
 *  1. bare, when the value is plain: all readers;
 *  2. '…' literally, also over several lines: all readers, but TinyVault 0.23 cannot read several lines;
 *  3. "…\n…" when it has a line end or a ', and neither $ nor `: all readers, but a shell keeps `\n` as two characters;
 *  4. "…\$…" when it has $ or ` and a ' as well: shells and Compose; TinyVault 0.23 keeps the backslash.
 * Form 4 gives up on the peer because the alternative, a bare $ in double quotes, is run by a shell.
 */
function printValue(writer: Writer, value: Uint8Array): void {
  const expands = value.includes(DOLLAR) || value.includes(BACKTICK)
  const lines = value.includes(LF)
  if (isPlain(value)) writer.bytes(value)
  else if (!value.includes(SINGLE) && (expands || !lines)) writer.byte(SINGLE).bytes(value).byte(SINGLE)
  else printDouble(writer, value, lines && !expands)
}

/** In double quotes. With `escapeLines` line ends are written `\n` and `\r`, else they stand as they are. */
function printDouble(writer: Writer, value: Uint8Array, escapeLines: boolean): void {
  writer.byte(DOUBLE)
  for (const byte of value) {
    if (escapeLines && byte === LF) writer.text('\\n')
    else if (escapeLines && byte === CR) writer.text('\\r')
    else {
      if (byte === DOUBLE || byte === BACKSLASH || byte === DOLLAR || byte === BACKTICK) writer.byte(BACKSLASH)
      writer.byte(byte)
    }
  }
  writer.byte(DOUBLE)
}
