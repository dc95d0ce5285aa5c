// The fields of a form as a browser sends them (application/x-www-form-urlencoded, URL standard 5.1), as bytes: one of them
// is a passphrase, which must not become text.
import { latin1, ownBytes } from '../../lib/bytes.ts'

const AND = 0x26
const IS = 0x3d
const PLUS = 0x2b
const PERCENT = 0x25
const BLANK = 0x20
const MOST_FIELDS = 8

/**
 * The fields by name; names are plain ASCII. Undefined, and nothing kept, for a body that is no form, has a name twice, or
 * more than eight fields. Wipes `body`; the caller wipes the values.
 */
export function formFields(body: Uint8Array): Map<string, Uint8Array> | undefined {
  const fields = new Map<string, Uint8Array>()
  const parts = pieces(body)
  let right = parts.length <= MOST_FIELDS
  for (const part of right ? parts : []) {
    const at = part.indexOf(IS)
    const name = at < 0 ? undefined : latin1(part.subarray(0, at))
    const value = name !== undefined && /^[a-z]+$/.test(name) ? decoded(part.subarray(at + 1)) : undefined
    if (value && !fields.has(name!)) fields.set(name!, value)
    else {
      value?.fill(0)
      right = false
    }
  }
  body.fill(0)
  if (right) return fields
  for (const value of fields.values()) value.fill(0)
  return undefined
}

function pieces(body: Uint8Array): Uint8Array[] {
  const parts: Uint8Array[] = []
  let from = 0
  for (let end = body.indexOf(AND); end >= 0; end = body.indexOf(AND, from)) {
    parts.push(body.subarray(from, end))
    from = end + 1
  }
  return [...parts, body.subarray(from)]
}

/** The bytes that `%XX` and `+` stand for, in memory of their own; undefined for a `%` that stands for nothing. */
function decoded(part: Uint8Array): Uint8Array | undefined {
  let size = 0
  const whole = ownBytes(part.length)
  for (let at = 0; at < part.length; at++) {
    let byte = part[at]!
    if (byte === PLUS) byte = BLANK
    else if (byte === PERCENT) {
      const [high, low] = [digit(part[at + 1]), digit(part[at + 2])]
      if (high === undefined || low === undefined) {
        whole.fill(0)
        return undefined
      }
      byte = high * 16 + low
      at += 2
    }
    whole[size++] = byte
  }
  const value = ownBytes(size)
  value.set(whole.subarray(0, size))
  whole.fill(0)
  return value
}

function digit(byte = 0): number | undefined {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30
  const letter = byte | 0x20
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : undefined
}
