// What a format says about a value that its reader cannot take. Nothing is bent to fit: the output stops before its
// first byte, and the message names the key, never the value.
import { isUtf8 } from 'node:buffer'
import { Failure } from '../lib/errors.ts'

/** Throws `failed`: the value of `key` holds `what`, which `reader` cannot take. */
export function refuse(key: string, what: string, reader: string): never {
  throw new Failure('failed', `the value of ${key} ${what}, which ${reader} cannot take`, {
    hint: 'leave it out with --only, or use --format json, which takes every value',
  })
}

/** Throws `failed` for a value with a NUL byte or, unless `bytes` is set, one that is not UTF-8. */
export function checkText(key: string, value: Uint8Array, reader: string, options: { bytes?: boolean } = {}): void {
  if (value.includes(0)) refuse(key, 'holds a NUL byte', reader)
  if (options.bytes !== true && !isUtf8(value)) refuse(key, 'is not UTF-8 text', reader)
}
