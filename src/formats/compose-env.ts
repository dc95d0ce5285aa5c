// Lines for the .env and env_file of Docker Compose. It replaces $NAME in bare and in double-quoted values, and looks
// at a backslash in front of a closing quote also in single quotes; so each value gets the quotes it is safe in.
import { LF } from './blanks.ts'
import { checkText } from './carry.ts'
import { isPlain } from './dotenv-print.ts'
import type { Writer } from './writer.ts'

const DOUBLE = 0x22
const DOLLAR = 0x24
const SINGLE = 0x27
const BACKSLASH = 0x5c

/** One assignment, over several lines when the value has them. Throws `failed` for a NUL byte or what is not UTF-8. */
export function writeCompose(writer: Writer, key: string, value: Uint8Array): void {
  checkText(key, value, 'docker compose')
  writer.text(`${key}=`)
  if (isPlain(value)) writer.bytes(value)
  else if (!value.includes(SINGLE) && value.at(-1) !== BACKSLASH) writer.byte(SINGLE).bytes(value).byte(SINGLE)
  else {
    writer.byte(DOUBLE)
    for (const byte of value) {
      if (byte === DOUBLE || byte === DOLLAR || byte === BACKSLASH) writer.byte(BACKSLASH)
      writer.byte(byte)
    }
    writer.byte(DOUBLE)
  }
  writer.byte(LF)
}
