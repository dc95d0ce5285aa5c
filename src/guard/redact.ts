// Takes values out of a stream of bytes: every form of a value becomes `[REDACTED:KEY]`, across any border between
// two pieces. A door: values are read once, into tables that `end` wipes.
// The rule: nothing leaves that could still be the beginning of a form.
import { concat, ownBytes, utf8 } from '../lib/bytes.ts'
import { Failure } from '../lib/errors.ts'
import { estimateStrength } from '../lib/strength.ts'
import type { Secret } from '../lib/secret.ts'
import { formsOf } from './redact-forms.ts'
import type { Form } from './redact-forms.ts'
import { Table } from './redact-table.ts'
import type { Found } from './redact-table.ts'
import { Views, isStruck, sequencesIn } from './redact-view.ts'
import type { View } from './redact-view.ts'

/** Shorter values are not replaced: they are everywhere. */
const LEAST_BYTES = 4
/** Shorter values, and values that a guessing program finds, are found out by printing guesses. */
const SAFE_BYTES = 8
const SAFE_BITS = 40

/** Bytes of values after which a long preparation lets others have their turn. */
const BYTES_AT_ONCE = 2048

/** A value and the key that is shown in its place; without a name it is only said that something was there. */
export interface Named {
  name: string
  value: Secret
}

/** Bytes of a sequence that are looked at one by one. */
const FEW = 32

/** Why a value is no value that can be hidden by replacing it. */
export interface Unsafe {
  name: string
  reason: 'short' | 'guessable'
  /** Whether it is replaced all the same. */
  replaced: boolean
}

/** What several streams have in common. */
interface Common {
  table: Table
  marks: readonly Uint8Array[]
  unsafe: readonly Unsafe[]
  streams: number
  /** The tables are gone before the streams have ended, so nothing more may pass. */
  revoked?: boolean
}

/** Whether more of the stream will come, may come after somebody waited, or will not. */
type State = 'running' | 'pausing' | 'ended'

export class Redactor {
  readonly #common: Common
  /** What came in and did not leave yet, because it may be the beginning of a form: a part of one of the rooms. */
  #held: Uint8Array = new Uint8Array(0)
  /** How many bytes of it have left already: shown while the program paused, or part of a form before. */
  #gone = 0
  /** Memory for what is held together with what comes in. The other one still holds what was returned last. */
  #rooms: [Uint8Array, Uint8Array] = [new Uint8Array(0), new Uint8Array(0)]
  readonly #views = new Views()
  #ended = false
  #redactions = 0

  /**
   * Reads the values, and does not wipe them. Names are keys; of equal values the first name is shown. Of those in
   * `known` only the ones that nobody guesses are replaced: the program was not given them.
   */
  constructor(secrets: readonly Named[] | Common, known: readonly Named[] = []) {
    this.#common = 'table' in secrets ? secrets : prepared(new Preparing(secrets, known))
    this.#common.streams += 1
  }

  /**
   * One for `known` alone, made in small steps with `pause` between them, so that a process with many values can serve
   * others meanwhile. Reads the values, and does not wipe them.
   */
  static async among(known: readonly Named[], pause: () => Promise<void>): Promise<Redactor> {
    const preparing = new Preparing([], known)
    try {
      while (preparing.some(BYTES_AT_ONCE)) await pause()
      return new Redactor(preparing.end())
    } finally {
      preparing.wipe()
    }
  }

  /** A redactor for another stream, with the same tables. They are wiped when the last stream has ended. */
  another(): Redactor {
    this.#checkOpen()
    return new Redactor(this.#common)
  }

  /** Wipes the tables under all streams: nothing passes through any of them any more. */
  revoke(): void {
    this.#common.revoked = true
    this.#common.table.wipe()
  }

  /** Whether it has ended, and every other stream of the same tables too: they are wiped. */
  get released(): boolean {
    return this.#common.streams === 0
  }

  /** How many forms were replaced so far. */
  get redactions(): number {
    return this.#redactions
  }

  /** How many bytes are held back. */
  get held(): number {
    return Math.max(0, this.#held.length - this.#gone)
  }

  /**
   * Those of `names` (all when not given) whose values cannot be hidden by replacing them: whoever can choose what is
   * printed finds them out by trying. A caller for whom that matters does not give them to the program.
   */
  unsafe(names?: readonly string[]): Unsafe[] {
    return this.#common.unsafe.filter(({ name }) => names === undefined || names.includes(name))
  }

  /**
   * What may leave after `chunk` came in. It may lie in `chunk` or in memory of ours: it is valid until the next call,
   * and so must be `chunk`.
   */
  push(chunk: Uint8Array): Uint8Array {
    this.#checkOpen()
    return this.#release(this.#join(chunk), 'running')
  }

  /** What may be shown of what is held back, while the program pauses and somebody waits: a few bytes at most. */
  pause(): Uint8Array {
    this.#checkOpen()
    const { found, until } = this.#look(this.#held, 'pausing')
    // A form that is complete may lie inside the beginning of a longer one.
    const end = found.starts.reduce((least, start) => Math.min(least, start), until)
    if (end <= this.#gone) return new Uint8Array(0)
    const shown = this.#held.subarray(this.#gone, end)
    this.#gone = end
    return shown
  }

  /** The rest, after the last piece. Wipes what was held, and the tables with the last stream. */
  end(): Uint8Array {
    if (this.#ended) return new Uint8Array(0)
    const rest = this.#common.revoked ? new Uint8Array(0) : new Uint8Array(this.#release(this.#held, 'ended'))
    this.#ended = true
    for (const room of this.#rooms) room.fill(0)
    this.#views.wipe()
    this.#common.streams -= 1
    if (this.#common.streams === 0) this.#common.table.wipe()
    return rest
  }

  /** What is held and `chunk` behind it, in one piece. */
  #join(chunk: Uint8Array): Uint8Array {
    const [held, size] = [this.#held, this.#held.length + chunk.length]
    // A Buffer has another, slower indexOf.
    if (held.length === 0) return new Uint8Array(chunk.buffer, chunk.byteOffset, size)
    const room = this.#roomFor(1, size)
    this.#rooms.reverse()
    room.set(held)
    room.set(chunk, held.length)
    return room.subarray(0, size)
  }

  #checkOpen(): void {
    if (this.#ended) throw new Error('the stream has ended')
    if (this.#common.revoked) throw new Failure('locked', 'the vault was locked meanwhile')
  }

  /**
   * All forms in `text`, those from number `plain` on with escape sequences inside, and where a form could begin that
   * is not complete.
   */
  #look(text: Uint8Array, state: State): { found: Found; plain: number; until: number } {
    const { table } = this.#common
    const found: Found = { starts: [], ends: [], owners: [] }
    // A view shows everything but sequences. So unless something is struck over, or a form holds such bytes itself, what
    // it covers is looked at in it alone, and again only where a form may begin inside of a sequence.
    const once = !table.holdsSpecial && !isStruck(text)
    if (!once) table.scan(text, found)
    const plain = once ? 0 : found.starts.length
    let seen = 0
    const tail = (part: Uint8Array): number => (state === 'ended' ? part.length : table.tail(part, state === 'pausing'))
    let until = tail(text)
    // As far as a form can reach with CR LF between all its bytes.
    for (const view of this.#views.around(text, 3 * table.span)) {
      if (once) {
        // No form reaches over a special byte.
        table.scanPart(text, seen, view.first, found)
        this.#lookInside(text, view, found)
        seen = view.last + 1
      }
      const before = found.starts.length
      table.scan(view.bytes, found)
      for (let i = before; i < found.starts.length; i++) {
        found.starts[i] = this.#views.place(found.starts[i]!, view)
        found.ends[i] = this.#views.place(found.ends[i]! - 1, view) + 1
      }
      if (view.end === text.length) until = Math.min(until, this.#views.place(tail(view.bytes), view))
    }
    if (once) table.scanPart(text, seen, text.length, found)
    return { found, plain, until }
  }

  /** Forms that begin behind the escape of a sequence; those behind the last one of the view are found elsewhere. */
  #lookInside(text: Uint8Array, { tails, last }: View, found: Found): void {
    const { table } = this.#common
    for (let i = 0; i < tails.length; i += 2) {
      const [from, end] = [tails[i]!, tails[i + 1]!]
      if (from > last) return
      if (end - from <= FEW) table.scanBeginnings(text, from, end, found)
      else table.scanPart(text, from, Math.min(text.length, end + 3 * table.span), found)
    }
  }

  /** `text` up to where a form could begin, with marks in place of forms. The rest is held. */
  #release(text: Uint8Array, state: State): Uint8Array {
    const { found, plain, until } = this.#look(text, state)
    const gone = this.#gone
    const matches = found.starts.flatMap((start, i) => (start < until ? [i] : []))
    if (matches.length === 0) {
      this.#hold(text, until, gone)
      return text.subarray(Math.min(gone, until), until)
    }
    matches.sort((a, b) => found.starts[a]! - found.starts[b]! || found.ends[b]! - found.ends[a]! || a - b)
    const parts: Uint8Array[] = []
    let at = gone
    for (const i of matches) {
      const [start, end] = [found.starts[i]!, found.ends[i]!]
      if (end <= at) continue
      if (start > at) parts.push(text.subarray(at, start))
      parts.push(this.#common.marks[found.owners[i]!]!)
      if (i >= plain) parts.push(sequencesIn(text, Math.max(start, at), end))
      this.#redactions += 1
      at = end
    }
    if (at < until) parts.push(text.subarray(at, until))
    this.#hold(text, until, at)
    return concat(...parts)
  }

  /** Keeps `text` from `from` on. Everything before `gone` has left. */
  #hold(text: Uint8Array, from: number, gone: number): void {
    this.#gone = Math.max(0, gone - from)
    this.#held = text.subarray(from)
    if (from === text.length || text.buffer === this.#rooms[0].buffer) return
    // It lies in the caller's memory.
    const room = this.#roomFor(0, text.length - from)
    room.set(this.#held)
    this.#held = room.subarray(0, text.length - from)
  }

  #roomFor(index: 0 | 1, size: number): Uint8Array {
    const room = this.#rooms[index]
    if (room.length >= size) return room
    room.fill(0)
    return (this.#rooms[index] = ownBytes(2 * size))
  }
}

/** Tables in the making: values become forms one after the other. */
class Preparing {
  readonly #secrets: readonly Named[]
  /** So many of them are given; the rest is known. */
  readonly #given: number
  readonly #unsafe: Unsafe[] = []
  readonly #forms: (Form & { owner: number })[] = []
  #next = 0

  constructor(given: readonly Named[], known: readonly Named[]) {
    this.#secrets = [...given, ...known]
    this.#given = given.length
  }

  /** Takes values until they are `most` bytes; whether there are more. */
  some(most: number): boolean {
    let taken = 0
    while (this.#next < this.#secrets.length && taken < most) {
      taken += this.#secrets[this.#next]!.value.size
      this.#take(this.#next++)
    }
    return this.#next < this.#secrets.length
  }

  end(): Common {
    const marks = this.#secrets.map(({ name }) => utf8(name === '' ? '[REDACTED]' : `[REDACTED:${name}]`))
    return { table: new Table(this.#forms), marks, unsafe: this.#unsafe, streams: 0 }
  }

  wipe(): void {
    for (const { bytes } of this.#forms) bytes.fill(0)
  }

  #take(owner: number): void {
    const { name, value } = this.#secrets[owner]!
    const bytes = value.reveal()
    const reason = whyUnsafe(bytes)
    const isGiven = owner < this.#given
    const replaced = isReplaceable(bytes) && (isGiven || reason === undefined)
    if (isGiven && reason !== undefined) this.#unsafe.push({ name, reason, replaced })
    if (replaced) for (const form of formsOf(bytes)) this.#forms.push({ ...form, owner })
  }
}

function prepared(preparing: Preparing): Common {
  try {
    preparing.some(Number.MAX_SAFE_INTEGER)
    return preparing.end()
  } finally {
    preparing.wipe()
  }
}

/** Not too short, and not one character all along. */
function isReplaceable(value: Uint8Array): boolean {
  const solid = value.filter((byte) => byte !== 10 && byte !== 13)
  const fits = solid.length >= LEAST_BYTES && solid.some((byte) => byte !== solid[0])
  solid.fill(0)
  return fits
}

function whyUnsafe(value: Uint8Array): Unsafe['reason'] | undefined {
  if (value.length === 0) return undefined
  if (value.length < SAFE_BYTES || !isReplaceable(value)) return 'short'
  return estimateStrength(value).bits < SAFE_BITS ? 'guessable' : undefined
}
