// Text as a terminal shows it: without escape sequences, without what was struck over. Only the surroundings of such
// bytes are rewritten, because that is slow; the rest is looked at as it is.
import { ownBytes } from '../lib/bytes.ts'

const [NUL, BELL, BACKSPACE, LF, CANCEL, SUBSTITUTE, ESCAPE] = [0x00, 0x07, 0x08, 0x0a, 0x18, 0x1a, 0x1b]
/** A string inside an escape sequence that is longer is none. */
const MAX_STRING_BYTES = 4096

/** Whether `bytes` hold one of the bytes around which texts are rewritten. */
export function holdsSpecial(bytes: Uint8Array): boolean {
  return [NUL, BACKSPACE, ESCAPE].some((byte) => bytes.includes(byte))
}

/** Whether anything in `text` is struck over. */
export function isStruck(text: Uint8Array): boolean {
  return text.includes(BACKSPACE)
}

/** From this length on a native copy is faster than a loop. */
const LONG_COPY = 16

/** A stretch of a text without what does not show. Valid until the next one is asked for. */
export interface View {
  bytes: Uint8Array
  /** Where the first and the last special byte stand in the text. */
  first: number
  last: number
  /** Where in the text the bytes behind each escape stand that belong to its sequence: from, to, from, to … */
  tails: readonly number[]
  /** Where the stretch ends in the text. */
  end: number
}

/** Makes views of one text after the other, in the same memory. */
export class Views {
  #bytes: Uint8Array = new Uint8Array(0)
  #size = 0
  /** The view is made of runs: where each begins in it, and in the text. */
  #starts = new Int32Array(64)
  #places = new Int32Array(64)
  #runs = 0
  /** Where special bytes stand in the text. */
  #marks = new Int32Array(64)
  #tails: number[] = []

  /** Where the byte number `index` of the latest view stands in the text; for its length, the end of the stretch. */
  place(index: number, { end }: View): number {
    if (index >= this.#size) return end
    let [low, high] = [0, this.#runs - 1]
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if (this.#starts[middle]! <= index) low = middle
      else high = middle - 1
    }
    return this.#places[low]! + index - this.#starts[low]!
  }

  /** The stretches of `text` within `radius` bytes of an escape sequence, a backspace or a NUL, as they show. */
  *around(text: Uint8Array, radius: number): Generator<View> {
    const special = new Specials(text)
    for (let first = special.next(0); first < text.length;) {
      const from = Math.max(0, first - radius)
      let last = first
      let next = special.next(last + 1)
      this.#marks[0] = first
      let count = 1
      while (next <= last + radius && next < text.length) {
        if (count === this.#marks.length) this.#marks = doubled(this.#marks)
        this.#marks[count++] = next
        last = next
        next = special.next(last + 1)
      }
      const end = Math.min(last + 1 + radius, text.length)
      this.#show(text, from, end, count)
      yield { bytes: this.#bytes.subarray(0, this.#size), first, last, tails: this.#tails, end }
      first = next
    }
  }

  wipe(): void {
    this.#bytes.fill(0)
  }

  /** The special bytes of the stretch are the first `count` marks. */
  #show(text: Uint8Array, from: number, end: number, count: number): void {
    if (this.#bytes.length < end - from) {
      this.#bytes.fill(0)
      this.#bytes = ownBytes(2 * (end - from))
    }
    this.#size = 0
    this.#runs = 0
    this.#tails = []
    const whole = Buffer.from(text.buffer, text.byteOffset, text.length)
    for (let at = from, mark = 0; at < end;) {
      // A sequence may have others inside of it.
      while (mark < count && this.#marks[mark]! < at) mark++
      const until = mark < count ? this.#marks[mark]! : end
      if (at < until) {
        this.#add(whole, at, until)
        at = until
      } else if (text[at] === ESCAPE) {
        const behind = sequenceEnd(text, at, end)
        this.#tails.push(at + 1, behind)
        at = behind
      } else {
        if (text[at] === BACKSPACE) this.#dropLast()
        at++
      }
    }
  }

  #add(text: Buffer, from: number, end: number): void {
    if (this.#runs === this.#starts.length) {
      this.#starts = doubled(this.#starts)
      this.#places = doubled(this.#places)
    }
    this.#starts[this.#runs] = this.#size
    this.#places[this.#runs++] = from
    const bytes = this.#bytes
    if (end - from >= LONG_COPY) text.copy(bytes, this.#size, from, end)
    else for (let at = from, to = this.#size; at < end; at++, to++) bytes[to] = text[at]!
    this.#size += end - from
  }

  #dropLast(): void {
    if (this.#size === 0) return
    this.#size--
    if (this.#starts[this.#runs - 1] === this.#size) this.#runs--
  }
}

function doubled(array: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(array.length * 2)
  larger.set(array)
  return larger
}

/** The places of special bytes. Each kind is searched for only when the walk has passed the last one found. */
class Specials {
  readonly #text: Uint8Array
  /** The next escape, backspace and NUL; behind the walk when it is to be searched for. */
  #escape = -1
  #backspace = -1
  #nul = -1

  constructor(text: Uint8Array) {
    this.#text = text
  }

  /** The first special byte at `from` or after it; the length of the text when there is none. */
  next(from: number): number {
    if (this.#escape < from) this.#escape = this.#find(ESCAPE, from)
    if (this.#backspace < from) this.#backspace = this.#find(BACKSPACE, from)
    if (this.#nul < from) this.#nul = this.#find(NUL, from)
    const struck = this.#backspace < this.#nul ? this.#backspace : this.#nul
    return this.#escape < struck ? this.#escape : struck
  }

  #find(byte: number, from: number): number {
    const found = this.#text.indexOf(byte, from)
    return found < 0 ? this.#text.length : found
  }
}

/** The escape sequences between `from` and `end`, one after the other: what a terminal must still get. */
export function sequencesIn(text: Uint8Array, from: number, end: number): Uint8Array {
  const kept = ownBytes(end - from)
  let size = 0
  for (let at = from; at < end;) {
    if (text[at] !== ESCAPE) {
      at++
      continue
    }
    const next = sequenceEnd(text, at, end)
    kept.set(text.subarray(at, next), size)
    size += next - at
    at = next
  }
  return kept.subarray(0, size)
}

/** Where the escape sequence that begins at `at` ends (ECMA-48, 5.4 and 8.3.89); `end` when it is not complete. */
function sequenceEnd(text: Uint8Array, at: number, end: number): number {
  const kind = text[at + 1] ?? 0
  at += 2
  if (kind === 0x5b) {
    // CSI: parameters and intermediates, then one final byte. Anything else ends it and does not belong to it.
    while (at < end && text[at]! >= 0x20 && text[at]! < 0x40) at++
    return Math.min(end, at < end && text[at]! >= 0x40 && text[at]! < 0x7f ? at + 1 : at)
  }
  // OSC, DCS, SOS, PM, APC: a string up to ST or BEL.
  if ([0x5d, 0x50, 0x58, 0x5e, 0x5f].includes(kind)) {
    for (const limit = Math.min(end, at + MAX_STRING_BYTES); at < limit; at++) {
      const byte = text[at]!
      if (byte === BELL) return at + 1
      if (byte === ESCAPE) return Math.min(end, at + (text[at + 1] === 0x5c ? 2 : 0))
      if (byte === LF || byte === CANCEL || byte === SUBSTITUTE) return at
    }
    return Math.min(end, at)
  }
  // Intermediates and a final byte; a lone ESC before anything else.
  for (at--; at < end && text[at]! >= 0x20 && text[at]! < 0x30; at++);
  return Math.min(end, at < end && text[at]! >= 0x30 && text[at]! < 0x7f ? at + 1 : at)
}
