// A seeded mutator of bytes: what damage, hostile hands and careless editors do to a file, in any combination.
import type { randomFrom } from './room.ts'

export type Below = ReturnType<typeof randomFrom>

/** Bytes on which parsers trip. */
const AWKWARD = [
  0x00, 0x01, 0x09, 0x0a, 0x0d, 0x20, 0x22, 0x23, 0x27, 0x2d, 0x3a, 0x5b, 0x5c, 0x7b, 0x7f, 0x80, 0xc2, 0xff,
]

/** One to four changes to a copy of `sample`; `words` are put in whole now and then, and `other` gives foreign pieces. */
export function mutate(sample: Uint8Array, below: Below, words: readonly Uint8Array[], other: Uint8Array): Uint8Array {
  let bytes = sample
  for (let left = 1 + below(4); left > 0; left--) bytes = change(bytes, below, words, other)
  return bytes
}

function change(bytes: Uint8Array, below: Below, words: readonly Uint8Array[], other: Uint8Array): Uint8Array {
  const at = below(bytes.length + 1)
  const to = Math.min(bytes.length, at + 1 + below(below(4) === 0 ? 200 : 8))
  switch (below(9)) {
    case 0:
      return replaced(bytes, at, Math.min(bytes.length, at + 1), Uint8Array.of(AWKWARD[below(AWKWARD.length)]!))
    case 1: {
      const changed = bytes.slice()
      if (at < bytes.length) changed[at]! ^= 1 << below(8)
      return changed
    }
    case 2:
      return replaced(bytes, at, to, new Uint8Array(0))
    case 3:
      return bytes.slice(0, at)
    case 4:
      return replaced(bytes, at, at, bytes.slice(at, to))
    case 5: {
      const from = below(other.length + 1)
      return replaced(bytes, at, to, other.subarray(from, from + below(100)))
    }
    case 6: {
      const changed = bytes.slice()
      for (let i = at; i < to; i++) changed[i] = below(256)
      return changed
    }
    default:
      return replaced(bytes, at, below(2) === 0 ? at : to, words[below(words.length)]!)
  }
}

function replaced(bytes: Uint8Array, from: number, to: number, piece: Uint8Array): Uint8Array {
  const whole = new Uint8Array(from + piece.length + bytes.length - to)
  whole.set(bytes.subarray(0, from))
  whole.set(piece, from)
  whole.set(bytes.subarray(to), from + piece.length)
  return whole
}
