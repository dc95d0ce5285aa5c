// A JSON object of keys and values, written byte by byte so that no value becomes a string on the way. JSON text
// is UTF-8; a value that is not takes the form { "encoding": "base64", "value_base64": "…" } instead of being bent.
import { isUtf8 } from 'node:buffer'
import { toBase64 } from '../lib/bytes.ts'
import type { Secret } from '../lib/secret.ts'
import { Writer, type Printable } from './writer.ts'

const SHORT: ReadonlyMap<number, string> = new Map([
  [0x08, '\\b'],
  [0x09, '\\t'],
  [0x0a, '\\n'],
  [0x0c, '\\f'],
  [0x0d, '\\r'],
  [0x22, '\\"'],
  [0x5c, '\\\\'],
])

/** The object, indented by two spaces, ended by a line end; `{}` for no entries. */
export function printJson(entries: readonly Printable[]): Secret {
  const writer = new Writer()
  if (entries.length === 0) return writer.text('{}\n').finish()
  writer.text('{\n')
  entries.forEach(({ key, value }, i) => {
    writer.text(`  ${JSON.stringify(key)}: `)
    printValue(writer, value.reveal())
    writer.text(i === entries.length - 1 ? '\n' : ',\n')
  })
  return writer.text('}\n').finish()
}

function printValue(writer: Writer, value: Uint8Array): void {
  if (!isUtf8(value)) {
    writer.text(`{ "encoding": "base64", "value_base64": "${toBase64(value)}" }`)
    return
  }
  writer.byte(0x22)
  for (const byte of value) {
    const short = SHORT.get(byte)
    if (short !== undefined) writer.text(short)
    else if (byte < 0x20 || byte === 0x7f) writer.text(`\\u${byte.toString(16).padStart(4, '0')}`)
    else writer.byte(byte)
  }
  writer.byte(0x22)
}
