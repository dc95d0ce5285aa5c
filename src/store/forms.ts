// Ranges and bytes between the contract of a store and lmdb-js.
import type { Range } from './store.ts'

/** Up to this size it is cheaper to copy an array than to ask it for its buffer (JavaScriptCore). */
const SMALL = 1000

/** A range in the words of lmdb-js. */
export function bounds({ from, to, reverse = false, limit }: Range): Record<string, unknown> {
  const shared = limit === undefined ? {} : { limit }
  if (!reverse) return { start: from, end: to, ...shared }
  return { start: to, exclusiveStart: to !== undefined, end: from, inclusiveEnd: true, reverse, ...shared }
}

/** LMDB hands out Buffers; the contract says plain bytes that belong to the caller. */
export function plain(bytes: Uint8Array): Uint8Array {
  if (bytes.constructor === Uint8Array) return bytes
  return bytes.length > SMALL ? new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length) : new Uint8Array(bytes)
}

/** Bytes as LMDB takes them, for the time of one call. */
export function lent(value: Uint8Array): Buffer {
  return value.length > SMALL ? Buffer.from(value.buffer, value.byteOffset, value.length) : Buffer.from(value)
}
