// The 4-byte pieces by which forms are found, and what counts as equal: letters of either case, and + and / with the
// - and _ that stand for them in the other alphabet of base64; in every form, because one rule for all is the simplest
// and only replaces more. CR and LF are gaps: they are no part of any form.

/** Bytes of a piece. */
export const PIECE = 4
/** Sets bit 5 of four bytes: letters lose their case, and what else becomes equal is told apart when comparing. */
export const CASELESS = 0x20202020
/** The hash of a piece is the upper bits of its product with this. */
export const MULTIPLIER = 0x9e3779b1

const [LF, CR, PLUS, MINUS, SLASH, UNDERSCORE] = [10, 13, 43, 45, 47, 95]

/** What each byte is compared as. */
export const FOLD = Uint8Array.from({ length: 256 }, (_, byte) => (byte >= 65 && byte <= 90 ? byte + 32 : byte))
FOLD[MINUS] = PLUS
FOLD[UNDERSCORE] = SLASH

export function isGap(byte: number | undefined): boolean {
  return byte === LF || byte === CR
}

/** Pieces of forms, to be looked up by what a text holds: a field of bits that says no at once, and chains behind it. */
export class Pieces {
  bits = new Uint8Array(0)
  shift = 0
  #heads = new Int32Array(0)
  #headShift = 0
  #next = new Int32Array(0)
  /** Entries count from 1. */
  #pieces = new Int32Array(64)
  #forms = new Int32Array(64)
  #offsets = new Int32Array(64)
  #count = 0

  add(piece: number, form: number, offset: number): void {
    const entry = ++this.#count
    if (entry === this.#pieces.length) {
      this.#pieces = doubled(this.#pieces)
      this.#forms = doubled(this.#forms)
      this.#offsets = doubled(this.#offsets)
    }
    this.#pieces[entry] = piece
    this.#forms[entry] = form
    this.#offsets[entry] = offset
  }

  /** To be called once, after the last `add`. */
  index(): void {
    const count = this.#count
    // One bit in 16 is set, as long as the field stays in the second-level cache.
    const logBits = Math.min(22, Math.max(12, Math.ceil(Math.log2(count * 16 + 1))))
    const logHeads = Math.min(22, Math.max(8, Math.ceil(Math.log2(count + 1))))
    this.bits = new Uint8Array(1 << (logBits - 3))
    this.shift = 32 - logBits
    this.#heads = new Int32Array(1 << logHeads)
    this.#headShift = 32 - logHeads
    this.#next = new Int32Array(count + 1)
    for (let entry = 1; entry <= count; entry++) {
      const hash = Math.imul(this.#pieces[entry]!, MULTIPLIER)
      const bit = hash >>> this.shift
      this.bits[bit >>> 3]! |= 1 << (bit & 7)
      const head = hash >>> this.#headShift
      this.#next[entry] = this.#heads[head]!
      this.#heads[head] = entry
    }
  }

  mayHold(piece: number): boolean {
    const bit = Math.imul(piece, MULTIPLIER) >>> this.shift
    return (this.bits[bit >>> 3]! & (1 << (bit & 7))) !== 0
  }

  /** The first entry that may be of `piece`, or 0. */
  first(piece: number): number {
    return this.#heads[Math.imul(piece, MULTIPLIER) >>> this.#headShift]!
  }

  next(entry: number): number {
    return this.#next[entry]!
  }

  is(entry: number, piece: number): boolean {
    return this.#pieces[entry] === piece
  }

  form(entry: number): number {
    return this.#forms[entry]!
  }

  offset(entry: number): number {
    return this.#offsets[entry]!
  }

  wipe(): void {
    for (const array of [this.bits, this.#heads, this.#next, this.#pieces, this.#forms, this.#offsets]) array.fill(0)
  }
}

/** The four bytes at `at` as a number, without case. */
export function pieceAt(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24) | CASELESS
}

/** The four bytes at `at` of folded text, as a text may spell them: in either alphabet of base64. */
export function spellings(folded: Uint8Array, at: number): number[] {
  let pieces = [pieceAt(folded, at)]
  for (let i = 0; i < PIECE; i++) {
    // What turns + into - and / into _, once case is gone.
    const change = folded[at + i] === PLUS ? PLUS ^ MINUS : folded[at + i] === SLASH ? SLASH ^ (UNDERSCORE | 0x20) : 0
    if (change !== 0) pieces = pieces.flatMap((piece) => [piece, piece ^ (change << (8 * i))])
  }
  return pieces
}

/** The four bytes from `at` on that are neither CR nor LF, as a number without case; undefined when there are fewer. */
export function pieceAcross(text: Uint8Array, at: number): number | undefined {
  let piece = 0
  for (let i = 0; i < PIECE; at++) {
    if (at >= text.length) return undefined
    if (!isGap(text[at])) piece |= text[at]! << (8 * i++)
  }
  return piece | CASELESS
}

/** `array` with room for twice as many; the old one is wiped. */
function doubled(array: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(array.length * 2)
  larger.set(array)
  array.fill(0)
  return larger
}
