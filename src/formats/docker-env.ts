// Lines for `docker run --env-file`. Its reader knows neither quotes nor escapes: a value is what stands behind the
// `=`, up to the end of the line. So everything that would not come back the same is refused.
import { CR, LF } from './blanks.ts'
import { checkText, refuse } from './carry.ts'
import type { Writer } from './writer.ts'

/** Docker reads lines into a buffer of 64 KiB and gives up on longer ones. */
const MAX_LINE_BYTES = 65_535
const QUOTES = [0x22, 0x27]

/** One line `NAME=value`. Throws `failed` for what Docker, in any of its versions, would read differently or not at all. */
export function writeDocker(writer: Writer, key: string, value: Uint8Array): void {
  const reader = 'an env file of docker'
  checkText(key, value, reader)
  if (value.includes(LF)) refuse(key, 'has several lines', reader)
  if (value.at(-1) === CR) refuse(key, 'ends with a carriage return', reader)
  // Some versions take such a pair of quotes off, some keep it.
  if (value.length > 1 && value[0] === value.at(-1) && QUOTES.includes(value[0]!)) {
    refuse(key, 'begins and ends with the same quote', reader)
  }
  if (key.length + 1 + value.length > MAX_LINE_BYTES)
    refuse(key, `makes a line of over ${MAX_LINE_BYTES} bytes`, reader)
  writer.text(`${key}=`).bytes(value).byte(LF)
}
