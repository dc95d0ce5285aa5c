// `export KEY=value` lines for a POSIX shell. Everything but a plain value stands in single quotes, where a
// shell reads nothing but the closing quote; a ' inside is written '"'"'.
import { Failure } from '../lib/errors.ts'
import type { Secret } from '../lib/secret.ts'
import { isPlain } from './dotenv-print.ts'
import { Writer, type Printable } from './writer.ts'

const SINGLE = 0x27

/**
 * Lines to source or `eval`, with `export ` in front when asked. Throws `failed` for a value with a NUL byte,
 * which no shell can hold.
 */
export function printShell(entries: readonly Printable[], options: { exported: boolean }): Secret {
  const writer = new Writer()
  for (const { key, value } of entries) {
    writer.text(`${options.exported ? 'export ' : ''}${key}=`)
    quoteForShell(writer, key, value.reveal())
    writer.text('\n')
  }
  return writer.finish()
}

/** Appends `value` as one word of a POSIX shell; the empty value becomes nothing. `key` is for the message only. */
export function quoteForShell(writer: Writer, key: string, value: Uint8Array): void {
  if (value.includes(0)) {
    throw new Failure('failed', `the value of ${key} holds a NUL byte, which a shell cannot hold`, {
      hint: 'leave it out with --only, or use --format json',
    })
  }
  if (isPlain(value)) {
    writer.bytes(value)
    return
  }
  writer.byte(SINGLE)
  for (const byte of value) {
    if (byte === SINGLE) writer.text(`'"'"'`)
    else writer.byte(byte)
  }
  writer.byte(SINGLE)
}
