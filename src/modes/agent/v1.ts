// Protocol v1, as the Go program TinyVault speaks it: one JSON object and a line feed, one reply and a line feed, then
// the connection ends. Bytes in, bytes out, no I/O. The texts of the errors are those that its clients look for.
// Values are JSON text here, so one that is not UTF-8 is refused instead of being damaged. They are written as bytes:
// a JavaScript string could not be wiped.
import { isUtf8 } from 'node:buffer'
import { concat, ownBytes, text, utf8 } from '../../lib/bytes.ts'
import { isKey } from '../../lib/names.ts'

/** A longer request is refused; bytes, with its line feed. */
export const MAX_REQUEST_BYTES = 65_536

export interface V1Request {
  op: string
  project: string
  key: string
  only: readonly string[]
  prefix: string
  token: string
}

/** What is answered instead of the thing asked for: one line for the client. */
export class V1Refusal extends Error {}

const FIELDS = ['v', 'op', 'project', 'key', 'only', 'prefix', 'token']

/** The request in `line` (without its line feed). Throws V1Refusal with the text for the client. */
export function parseRequest(line: Uint8Array): V1Request {
  if (line.length >= MAX_REQUEST_BYTES) throw new V1Refusal('request too large')
  const fields = parseFields(text(line))
  const version = fields['v'] ?? 0
  if (typeof version !== 'number' || !Number.isInteger(version)) throw new V1Refusal('invalid request')
  if (version !== 1) throw new V1Refusal(`protocol version mismatch: client ${version}, server 1`)
  const words = (name: string): string => {
    const value = fields[name] ?? ''
    if (typeof value !== 'string') throw new V1Refusal('invalid request')
    return value
  }
  const only = fields['only'] ?? []
  if (!Array.isArray(only) || !only.every((key) => typeof key === 'string')) throw new V1Refusal('invalid request')
  return {
    op: words('op'),
    project: words('project'),
    key: words('key'),
    only: only as string[],
    prefix: words('prefix'),
    token: words('token'),
  }
}

/** Names of fields are matched without regard to case, unknown ones are ignored: so does the peer's decoder. */
function parseFields(json: string | undefined): Record<string, unknown> {
  let parsed: unknown
  try {
    parsed = JSON.parse(json ?? '')
  } catch {
    throw new V1Refusal('invalid request')
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) throw new V1Refusal('invalid request')
  const fields: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(parsed)) {
    const known = FIELDS.find((field) => field === name.toLowerCase())
    if (known && value !== null) fields[known] = value
  }
  return fields
}

/** Checks what one operation needs, in the order and words of the peer. Throws V1Refusal. */
export function checkRequest({ op, key, only, prefix }: V1Request): void {
  if (op === 'get' && key === '') throw new V1Refusal('get requires a key')
  if (op !== 'getselected') return
  if (key !== '') throw new V1Refusal('getselected does not accept key')
  if (only.length === 0 && prefix === '') throw new V1Refusal('getselected requires only or prefix')
  const bad = only.find((name) => !isKey(name))
  if (bad !== undefined) throw new V1Refusal(`invalid selected key: ${bad.slice(0, 64)}`)
  if (prefix !== '' && !isKey(prefix)) throw new V1Refusal(`invalid selected prefix: ${prefix.slice(0, 64)}`)
}

/** A reply that says yes; `fields` are JSON. Empty ones are left out as the peer does. */
export function reply(fields: Record<string, unknown>): Uint8Array {
  return utf8(`${JSON.stringify({ v: 1, ok: true, ...fields })}\n`)
}

/** A reply with one value, already in the form of a JSON string. The caller wipes it. */
export function valueReply(value: Uint8Array): Uint8Array {
  return concat(utf8('{"v":1,"ok":true,"value":'), value, utf8('}\n'))
}

/** A reply with the values of several keys, each in the form of a JSON string. The caller wipes it. */
export function secretsReply(
  secrets: readonly { key: string; value: Uint8Array }[],
  fields: Record<string, unknown>,
): Uint8Array {
  const members = secrets.flatMap(({ key, value }, index) => [
    utf8(`${index === 0 ? '' : ','}${JSON.stringify(key)}:`),
    value,
  ])
  const rest = JSON.stringify(fields).slice(1)
  return concat(utf8('{"v":1,"ok":true,"secrets":{'), ...members, utf8(`}${rest === '}' ? '' : ','}${rest}\n`))
}

/** A reply that says no. */
export function refusal(error: string): Uint8Array {
  return utf8(`${JSON.stringify({ v: 1, ok: false, error })}\n`)
}

const QUOTE = 0x22
const BACKSLASH = 0x5c
const FIRST_PLAIN = 0x20
const HEX = utf8('0123456789abcdef')
/** How many bytes each byte takes in a JSON string. */
const SIZES = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte < FIRST_PLAIN ? 6 : byte === QUOTE || byte === BACKSLASH ? 2 : 1,
)

/** `bytes` as a JSON string (RFC 8259 section 7), for the caller to wipe. Throws V1Refusal when they are not UTF-8. */
export function jsonString(key: string, bytes: Uint8Array): Uint8Array {
  if (!isUtf8(bytes)) {
    throw new V1Refusal(`the value of ${key} is not text, which protocol 1 cannot carry; read it without the agent`)
  }
  // Counting loops: over a value of a megabyte an iterator would hold everybody up.
  let size = 2
  for (let at = 0; at < bytes.length; at++) size += SIZES[bytes[at]!]!
  const out = ownBytes(size)
  out[0] = QUOTE
  out[size - 1] = QUOTE
  if (size === bytes.length + 2) {
    out.set(bytes, 1)
    return out
  }
  for (let from = 0, at = 1; from < bytes.length; from++) {
    const byte = bytes[from]!
    if (byte < FIRST_PLAIN) {
      // \u00XX
      out.set([BACKSLASH, 0x75, 0x30, 0x30, HEX[byte >> 4]!, HEX[byte & 15]!], at)
      at += 6
      continue
    }
    if (byte === QUOTE || byte === BACKSLASH) out[at++] = BACKSLASH
    out[at++] = byte
  }
  return out
}
