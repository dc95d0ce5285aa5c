// Bytes in, bytes out. No key or value passes through a string here except in the named text forms.

const ENCODER = new TextEncoder()
const DECODER = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * `size` zero bytes in memory of their own, for what is to be wiped. A plain small array lives in the heap of the
 * collector and moves out when a view of it is made; what it held stays behind, where no `fill` reaches it.
 */
export function ownBytes(size: number): Uint8Array {
  return new Uint8Array(new ArrayBuffer(size))
}

/** A copy of `bytes` in memory of its own. Not `slice`, which of a Buffer is a view. */
export function ownCopy(bytes: Uint8Array): Uint8Array {
  const copy = ownBytes(bytes.length)
  copy.set(bytes)
  return copy
}

/** One new array with all parts in order. */
export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  return filled(ownBytes(sizeOf(parts)), parts)
}

/** The same for what is no secret, such as row keys, records and bindings: an array without a buffer of its own costs a tenth. */
export function joined(...parts: readonly Uint8Array[]): Uint8Array {
  return filled(new Uint8Array(sizeOf(parts)), parts)
}

function sizeOf(parts: readonly Uint8Array[]): number {
  let size = 0
  for (const part of parts) size += part.length
  return size
}

function filled(whole: Uint8Array, parts: readonly Uint8Array[]): Uint8Array {
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

/** UTF-8 bytes of `text`. */
export function utf8(text: string): Uint8Array {
  return ENCODER.encode(text)
}

/** Text of UTF-8 `bytes`, or undefined when they are not valid UTF-8. A leading BOM is kept. */
export function text(bytes: Uint8Array): string | undefined {
  try {
    return DECODER.decode(bytes)
  } catch {
    return undefined
  }
}

/** One character for each byte, so that nothing is lost: a key for maps, and the way to look at ASCII in foreign bytes. */
export function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1')
}

/** Equality in time that depends only on the lengths. */
export function equalConstantTime(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  let difference = 0
  for (let i = 0; i < a.length; i++) difference |= a[i]! ^ b[i]!
  return difference === 0
}

/** The order of the UTF-8 bytes of two texts, which is that of rows; comparing the texts would order UTF-16 units. */
export function compareTexts(a: string, b: string): number {
  return compare(utf8(a), utf8(b))
}

/** Lexicographic order of bytes: negative, zero or positive. */
export function compare(a: Uint8Array, b: Uint8Array): number {
  const shorter = Math.min(a.length, b.length)
  for (let i = 0; i < shorter; i++) {
    const difference = a[i]! - b[i]!
    if (difference !== 0) return difference
  }
  return a.length - b.length
}

/** Unsigned 32-bit integer, big-endian, 4 bytes. Throws RangeError outside 0 … 2^32-1. */
export function u32(value: number): Uint8Array {
  if (!Number.isInteger(value) || value < 0 || value > 0xffffffff)
    throw new RangeError('not an unsigned 32-bit integer')
  // Not by a DataView: asking a small array for its `buffer` costs more than all the rest of sealing a value (Bun 1.4.5).
  return Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value)
}

/** Unsigned 64-bit integer, big-endian, 8 bytes. Throws RangeError outside 0 … 2^64-1. */
export function u64(value: bigint): Uint8Array {
  if (value < 0n || value > 0xffffffffffffffffn) throw new RangeError('not an unsigned 64-bit integer')
  return joined(u32(Number(value >> 32n)), u32(Number(value & 0xffffffffn)))
}

export function toHex(bytes: Uint8Array): string {
  return bytes.toHex()
}

/** Standard base64 with padding. */
export function toBase64(bytes: Uint8Array): string {
  return bytes.toBase64()
}
