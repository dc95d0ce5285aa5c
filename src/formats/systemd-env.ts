// Lines for EnvironmentFile= of systemd. Quotes work as in a shell, nothing is replaced. Values with characters that
// systemd does not allow in an environment are dropped by it with a line in the log; here they are refused.
import { LF, TAB } from './blanks.ts'
import { checkText, refuse } from './carry.ts'
import { quoteForShell } from './shell.ts'
import type { Writer } from './writer.ts'

/** One assignment, over several lines when the value has them. Throws `failed` for what systemd would not pass on. */
export function writeSystemd(writer: Writer, key: string, value: Uint8Array): void {
  const reader = 'an EnvironmentFile of systemd'
  checkText(key, value, reader)
  if (value.some((byte) => (byte < 0x20 && byte !== LF && byte !== TAB) || byte === 0x7f)) {
    refuse(key, 'holds a control character', reader)
  }
  if (holdsNoncharacter(value)) refuse(key, 'holds a character that Unicode reserves', reader)
  writer.text(`${key}=`)
  quoteForShell(writer, key, value)
  writer.byte(LF)
}

/** U+FDD0 to U+FDEF, and the last two of every plane (U+FFFE, U+FFFF, U+1FFFE …), in UTF-8 `value`. */
function holdsNoncharacter(value: Uint8Array): boolean {
  return value.some((byte, at) => {
    const [second = 0, third = 0, fourth = 0] = value.subarray(at + 1, at + 4)
    if (byte === 0xef) {
      const point = 0xf000 | ((second & 0x3f) << 6) | (third & 0x3f)
      return (point >= 0xfdd0 && point <= 0xfdef) || point >= 0xfffe
    }
    return byte >= 0xf0 && (second & 0x0f) === 0x0f && third === 0xbf && fourth >= 0xbe
  })
}
