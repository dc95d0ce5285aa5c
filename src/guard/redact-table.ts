// Finds forms of values in text. Every form is entered with a few of its 4-byte pieces; the text is sampled at a
// stride so small that one of them cannot slip through, and only where a sample fits is anything compared.
// The rule: a form is found whatever its case and however CR and LF are strewn into it.
import { ownBytes } from '../lib/bytes.ts'
import type { Form } from './redact-forms.ts'
import { holdsSpecial } from './redact-view.ts'
import { CASELESS, FOLD, MULTIPLIER, PIECE, Pieces, isGap, pieceAcross, pieceAt, spellings } from './redact-pieces.ts'

const [LF, CR, EQUALS] = [10, 13, 61]
const MAX_STRIDE = 12
/** How far into a form its pieces are taken from. */
const MAX_OFFSET = 256
/** Padding at the end of base64. */
const MAX_PADS = 2
/** How much of a form may be shown while a program pauses: this many bytes, and no more than a quarter of it. */
const MAX_SHOWN = 8

/** Bytes that are part of base64 in either alphabet. */
const BASE64 = Uint8Array.from({ length: 256 }, (_, byte) => Number(/[A-Za-z0-9+/_-]/.test(String.fromCharCode(byte))))

/** Where forms were found: the bytes from `starts[i]` up to `ends[i]` are a form of the value number `owners[i]`. */
export interface Found {
  starts: number[]
  ends: number[]
  owners: number[]
}

/** The text ended before it was clear whether, or where, the form ends. */
const UNDECIDED = -2
const DIFFERENT = -1

export class Table {
  /** All forms one after the other, in lower case, without CR and LF. */
  readonly #arena: Uint8Array
  readonly #at: Int32Array
  readonly #sizes: Int32Array
  readonly #owners: Int32Array
  readonly #open: Uint8Array
  readonly #count: number
  readonly #stride: number
  readonly #samples = new Pieces()
  readonly #beginnings = new Pieces()
  /** Which first one, two and three bytes forms have, as bits of a hash. */
  readonly #firsts = [1, 2, 3].map(() => new Uint8Array(8192))
  readonly #shortest: number
  /** A form holds a byte that views leave out, so what they show is not all that there can be. */
  readonly holdsSpecial: boolean
  /** Most bytes, CR and LF not counted, that any form can have. */
  readonly span: number

  /** Copies `forms` (and does not wipe them). Forms of less than four bytes are not taken. */
  constructor(forms: readonly (Form & { owner: number })[]) {
    const room = forms.reduce((sum, { bytes }) => sum + bytes.length, 0)
    const arena = ownBytes(room)
    const known = new Known(arena, forms.length)
    const columns = (): Int32Array => new Int32Array(forms.length)
    const [at, sizes, owners] = [columns(), columns(), columns()]
    const open = new Uint8Array(forms.length)
    let [used, count, shortest, longest] = [0, 0, Number.MAX_SAFE_INTEGER, 0]
    for (const form of forms) {
      const size = copyFolded(form.bytes, arena, used)
      if (size < PIECE || known.has(used, size)) continue
      at[count] = used
      sizes[count] = size
      owners[count] = form.owner
      open[count++] = Number(form.open)
      shortest = Math.min(shortest, size)
      longest = Math.max(longest, size)
      used += size
    }
    arena.fill(0, used)
    this.holdsSpecial = holdsSpecial(arena.subarray(0, used))
    this.#arena = arena
    this.#at = at
    this.#sizes = sizes
    this.#owners = owners
    this.#open = open
    this.#count = count
    this.#shortest = shortest
    this.span = longest + 1 + MAX_PADS
    this.#stride = Math.min(MAX_STRIDE, shortest - PIECE + 1)
    this.#enter(used)
    this.#samples.index()
    this.#beginnings.index()
  }

  /** Enters the pieces of all forms, which take up the first `used` bytes of the arena. */
  #enter(used: number): void {
    const [arena, stride] = [this.#arena, this.#stride]
    const common = new Uint32Array(65_536)
    const rank = (piece: number): number => Math.imul(piece, MULTIPLIER) >>> 16
    for (let at = 0; at + PIECE <= used; at++) common[rank(pieceAt(arena, at))]! += 1
    for (let form = 0; form < this.#count; form++) {
      const [at, size] = [this.#at[form]!, this.#sizes[form]!]
      // The rarest stretch of `stride` pieces, so that what many values begin with does not slow everything down.
      const last = Math.min(size - PIECE - stride + 1, MAX_OFFSET)
      let sum = 0
      for (let i = 0; i < stride; i++) sum += common[rank(pieceAt(arena, at + i))]!
      let [best, least] = [0, sum]
      for (let offset = 1; offset <= last; offset++) {
        sum -= common[rank(pieceAt(arena, at + offset - 1))]!
        sum += common[rank(pieceAt(arena, at + offset + stride - 1))]!
        if (sum < least) [best, least] = [offset, sum]
      }
      for (let i = 0; i < stride; i++) {
        for (const piece of spellings(arena, at + best + i)) this.#samples.add(piece, form, best + i)
      }
      for (const piece of spellings(arena, at)) this.#beginnings.add(piece, form, 0)
      for (let length = 1; length < PIECE; length++) {
        const bit = shortHash(arena, at, length)
        this.#firsts[length - 1]![bit >>> 3]! |= 1 << (bit & 7)
      }
    }
    common.fill(0)
  }

  /** Adds every form in `text` to `found`, in no order; forms that overlap or lie in each other too. */
  scan(text: Uint8Array, found: Found): void {
    const { bits, shift } = this.#samples
    const stride = this.#stride
    const size = text.length
    if (this.#count === 0 || size < PIECE) return
    const view = new DataView(text.buffer, text.byteOffset, size)
    let [lf, cr] = [nextOf(text, LF, 0), nextOf(text, CR, 0)]
    for (let from = 0, at = 0; from < size;) {
      const end = lf < cr ? lf : cr
      for (const last = end - PIECE; at <= last; at += stride) {
        const piece = view.getUint32(at, true) | CASELESS
        const bit = Math.imul(piece, MULTIPLIER) >>> shift
        if ((bits[bit >>> 3]! & (1 << (bit & 7))) !== 0) this.#compare(text, piece, at, found)
      }
      from = end
      while (from < size && isGap(text[from])) from++
      if (lf < from) lf = nextOf(text, LF, from)
      if (cr < from) cr = nextOf(text, CR, from)
      // Samples that begin before the gap and end behind it.
      for (; at < end; at += stride) {
        const piece = pieceAcross(text, at)
        if (piece !== undefined && this.#samples.mayHold(piece)) this.#compare(text, piece, at, found)
      }
      // A line is sampled from its start: sometimes more than needed, never less.
      at = from
    }
  }

  /** As `scan`, in the part of `text` from `from` up to `end`. */
  scanPart(text: Uint8Array, from: number, end: number, found: Found): void {
    if (end - from < PIECE) return
    const before = found.starts.length
    this.scan(text.subarray(from, end), found)
    for (let i = before; i < found.starts.length; i++) {
      found.starts[i]! += from
      found.ends[i]! += from
    }
  }

  /** Adds every form that begins from `from` on and before `end`, wherever it ends. For a few bytes. */
  scanBeginnings(text: Uint8Array, from: number, end: number, found: Found): void {
    const beginnings = this.#beginnings
    for (let at = from; at < end; at++) {
      const piece = isGap(text[at]) ? undefined : pieceAcross(text, at)
      if (piece === undefined || !beginnings.mayHold(piece)) continue
      for (let entry = beginnings.first(piece); entry !== 0; entry = beginnings.next(entry)) {
        if (!beginnings.is(entry, piece)) continue
        const form = beginnings.form(entry)
        const formEnd = this.#endOf(text, at, form, true)
        if (formEnd < 0) continue
        found.starts.push(at)
        found.ends.push(formEnd)
        found.owners.push(this.#owners[form]!)
      }
    }
  }

  /**
   * Where the part of `text` begins that what follows could still make a form; the length of `text` when there is
   * none. With `pausing`, parts that may be shown to somebody who waits do not count.
   */
  tail(text: Uint8Array, pausing: boolean): number {
    const size = text.length
    const shown = pausing ? Math.min(MAX_SHOWN, this.#shortest >> 2) : 0
    // Backwards over as many bytes as the longest form could have in front of its last.
    let [start, count] = [size, 0]
    while (start > 0 && count < this.span - 1) if (!isGap(text[--start])) count++
    for (let at = start; at < size; at++) {
      if (isGap(text[at])) continue
      const left = count--
      if (left < PIECE) {
        if (left > shown && this.#mayBegin(text, at, left)) return at
        continue
      }
      const piece = pieceAcross(text, at)
      if (piece === undefined || !this.#beginnings.mayHold(piece)) continue
      for (let entry = this.#beginnings.first(piece); entry !== 0; entry = this.#beginnings.next(entry)) {
        if (!this.#beginnings.is(entry, piece)) continue
        const form = this.#beginnings.form(entry)
        if (pausing && left <= Math.min(MAX_SHOWN, this.#sizes[form]! >> 2)) continue
        if (this.#endOf(text, at, form) === UNDECIDED) return at
      }
    }
    return size
  }

  /** Overwrites everything that holds a piece of a value. The table finds nothing afterwards. */
  wipe(): void {
    this.#arena.fill(0)
    this.#samples.wipe()
    this.#beginnings.wipe()
    for (const bits of this.#firsts) bits.fill(0)
  }

  #compare(text: Uint8Array, piece: number, at: number, found: Found): void {
    const samples = this.#samples
    for (let entry = samples.first(piece); entry !== 0; entry = samples.next(entry)) {
      if (!samples.is(entry, piece)) continue
      const form = samples.form(entry)
      const start = this.#startOf(text, at, form, samples.offset(entry))
      if (start === DIFFERENT) continue
      const end = this.#endOf(text, start, form, true)
      if (end < 0) continue
      found.starts.push(start)
      found.ends.push(end)
      found.owners.push(this.#owners[form]!)
    }
  }

  /** Where `form` begins when its byte number `offset` stands at `at`, or DIFFERENT. */
  #startOf(text: Uint8Array, at: number, form: number, offset: number): number {
    const base = this.#at[form]!
    for (let i = offset - 1; i >= 0; i--) {
      do at--
      while (at >= 0 && isGap(text[at]))
      if (at < 0 || FOLD[text[at]!] !== this.#arena[base + i]) return DIFFERENT
    }
    return at
  }

  /**
   * The end of `form` when it begins at `at`; DIFFERENT when it does not, UNDECIDED when the text ends too early. With
   * `asItIs`, what is there counts for the open end.
   */
  #endOf(text: Uint8Array, at: number, form: number, asItIs = false): number {
    const [base, length, size] = [this.#at[form]!, this.#sizes[form]!, text.length]
    for (let i = 0; i < length; i++, at++) {
      while (at < size && isGap(text[at])) at++
      if (at >= size) return UNDECIDED
      if (FOLD[text[at]!] !== this.#arena[base + i]) return DIFFERENT
    }
    if (this.#open[form] === 0) return at
    let end = at
    for (let pads = -1; pads < MAX_PADS; pads++, at++) {
      while (at < size && isGap(text[at])) at++
      if (at >= size) return asItIs ? end : UNDECIDED
      if (pads < 0 ? BASE64[text[at]!] === 0 : text[at] !== EQUALS) return end
      end = at + 1
    }
    return end
  }

  /** Whether some form may begin with the last `count` bytes of `text`, one to three, of which the first is at `at`. */
  #mayBegin(text: Uint8Array, at: number, count: number): boolean {
    const bytes = new Uint8Array(PIECE)
    for (let i = 0; i < count; at++) if (!isGap(text[at])) bytes[i++] = FOLD[text[at]!]!
    const bit = shortHash(bytes, 0, count)
    return (this.#firsts[count - 1]![bit >>> 3]! & (1 << (bit & 7))) !== 0
  }
}

/** Which stretches of the arena are forms already. */
class Known {
  readonly #arena: Uint8Array
  readonly #slots: Int32Array
  readonly #sizes: Int32Array

  constructor(arena: Uint8Array, most: number) {
    this.#arena = arena
    const slots = 1 << Math.ceil(Math.log2(most * 2 + 2))
    this.#slots = new Int32Array(slots)
    this.#sizes = new Int32Array(slots)
  }

  /** Whether the `size` bytes at `at` are there already; enters them when not. */
  has(at: number, size: number): boolean {
    let hash = size
    for (let i = 0; i < size; i++) hash = Math.imul(hash ^ this.#arena[at + i]!, 0x01000193)
    const mask = this.#slots.length - 1
    let slot = Math.imul(hash ^ (hash >>> 15), MULTIPLIER) & mask
    for (; this.#slots[slot] !== 0; slot = (slot + 1) & mask) {
      const other = this.#slots[slot]! - 1
      if (this.#sizes[slot] === size && this.#same(at, other, size)) return true
    }
    this.#slots[slot] = at + 1
    this.#sizes[slot] = size
    return false
  }

  #same(a: number, b: number, size: number): boolean {
    for (let i = 0; i < size; i++) if (this.#arena[a + i] !== this.#arena[b + i]) return false
    return true
  }
}

/** Copies `bytes` to `at` in lower case and without CR and LF; returns how many were copied. */
function copyFolded(bytes: Uint8Array, into: Uint8Array, at: number): number {
  let to = at
  for (const byte of bytes) if (!isGap(byte)) into[to++] = FOLD[byte]!
  return to - at
}

/** A hash of 16 bits of `length` bytes, one to three. */
function shortHash(bytes: Uint8Array, at: number, length: number): number {
  let hash = length
  for (let i = 0; i < length; i++) hash = Math.imul(hash ^ bytes[at + i]!, 0x01000193)
  return Math.imul(hash, MULTIPLIER) >>> 16
}

function nextOf(text: Uint8Array, byte: number, from: number): number {
  const found = text.indexOf(byte, from)
  return found < 0 ? text.length : found
}
