// White space in bytes. Values may be any bytes, so nothing here decodes to a string; the set is Unicode's
// White_Space, the same that the Go peer trims, because both programs must cut a line at the same place.

export const TAB = 0x09
export const LF = 0x0a
export const CR = 0x0d
export const SPACE = 0x20

/** A half-open range of positions in an array. */
export interface Span {
  from: number
  to: number
}

/** Size in bytes of the blank that starts at `at` and ends before `end`, or 0 when there is none. */
function blankAt(bytes: Uint8Array, at: number, end: number): number {
  const a = bytes[at]!
  if (a === SPACE || (a >= TAB && a <= CR)) return 1
  if (a === 0xc2) return at + 1 < end && (bytes[at + 1] === 0x85 || bytes[at + 1] === 0xa0) ? 2 : 0
  if (a < 0xe1 || a > 0xe3 || at + 2 >= end) return 0
  const rest = (bytes[at + 1]! << 8) | bytes[at + 2]!
  if (a === 0xe1) return rest === 0x9a80 ? 3 : 0
  if (a === 0xe3) return rest === 0x8080 ? 3 : 0
  const wide = (rest >= 0x8080 && rest <= 0x808a) || rest === 0x80a8 || rest === 0x80a9 || rest === 0x80af
  return wide || rest === 0x819f ? 3 : 0
}

/** The range `from`…`to` without blanks at its ends. */
export function trim(bytes: Uint8Array, from: number, to: number): Span {
  let start = from
  for (let size = 1; start < to && size > 0; start += size) size = blankAt(bytes, start, to)
  let end = to
  for (let size = 1; end > start && size > 0; end -= size) size = blankBefore(bytes, start, end)
  return { from: start, to: end }
}

/** Size in bytes of the blank that ends at `end`, or 0. */
function blankBefore(bytes: Uint8Array, start: number, end: number): number {
  for (let size = 1; size <= 3 && end - size >= start; size++) {
    if (blankAt(bytes, end - size, end) === size) return size
  }
  return 0
}
