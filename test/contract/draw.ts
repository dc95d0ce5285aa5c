// Random numbers and bytes that are the same in every run of one seed, so that a failure can be repeated.

export interface Draw {
  /** A whole number from `low` to `high`, both included. */
  number(low: number, high: number): number
  bytes(size: number): Uint8Array
}

/** A generator (mulberry32) that starts at `seed`. */
export function draw(seed: number): Draw {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let x = Math.imul(state ^ (state >>> 15), state | 1)
    x ^= x + Math.imul(x ^ (x >>> 7), x | 61)
    return (x ^ (x >>> 14)) >>> 0
  }
  return {
    number: (low, high) => low + (next() % (high - low + 1)),
    bytes: (size) => Uint8Array.from({ length: size }, () => next() & 0xff),
  }
}

/** The bytes of hexadecimal `text`. */
export function hex(text: string): Uint8Array {
  return Uint8Array.fromHex(text)
}
