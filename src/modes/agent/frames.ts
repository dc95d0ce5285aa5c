// Protocol v2 on the agent's socket: bytes to messages and back, no I/O. A connection that begins with MAGIC speaks v2,
// any other one v1 (v1.ts). A message is a head (JSON) followed by its parts: the bytes of its values, which so never
// pass through JSON. A frame is length (u32, big-endian, of what follows) ‖ kind (1) ‖ payload. Limits hold before
// anything is allocated: whoever connects is a stranger until its hello was accepted.
import { ownBytes, text, u32, utf8 } from '../../lib/bytes.ts'
import { FRAME_HEADER, HEAD, PART } from './wire.ts'

/** Parts are cut into frames of at most so many bytes, so that a big value does not keep others waiting. */
const CHUNK_BYTES = 1 << 20
/** Small frames are written together, up to so many bytes. */
const SCRATCH_BYTES = 65_536
const MAX_PARTS = 1 << 20

/** How much one message may hold. */
export interface Limits {
  headBytes: number
  /** All parts together. */
  partBytes: number
}

/** Before the hello was accepted. */
export const STRANGER: Limits = { headBytes: 65_536, partBytes: 65_536 }
/** Afterwards: the names of a hundred thousand keys, and values of any size that fits into memory with them. */
export const KNOWN: Limits = { headBytes: 1 << 26, partBytes: 1 << 29 }

export interface Message {
  head: Record<string, unknown>
  parts: readonly Uint8Array[]
}

/** The other side sent what is no message; the connection is of no use any more. */
export class ProtocolFault extends Error {}

/**
 * Gives the frames of one message to `write`, which must have sent or copied them when it returns: the bytes of parts
 * are the caller's, and what was put together here is zeroed.
 */
export function encode({ head, parts }: Message, write: (bytes: Uint8Array) => void): void {
  const headBytes = utf8(JSON.stringify({ ...head, parts: parts.map((part) => part.length) }))
  const total = parts.reduce((sum, part) => sum + part.length + FRAME_HEADER, headBytes.length + FRAME_HEADER)
  const scratch = ownBytes(Math.min(total, SCRATCH_BYTES))
  let filled = 0
  const flush = (): void => {
    if (filled > 0) write(scratch.subarray(0, filled))
    scratch.fill(0, 0, filled)
    filled = 0
  }
  const put = (bytes: Uint8Array): void => {
    if (bytes.length > scratch.length - filled) flush()
    if (bytes.length > scratch.length) {
      write(bytes)
      return
    }
    scratch.set(bytes, filled)
    filled += bytes.length
  }
  const frame = (kind: number, payload: Uint8Array): void => {
    put(u32(payload.length + 1))
    put(Uint8Array.of(kind))
    put(payload)
  }
  frame(HEAD, headBytes)
  for (const part of parts) {
    for (let at = 0; at < part.length; at += CHUNK_BYTES) frame(PART, part.subarray(at, at + CHUNK_BYTES))
  }
  flush()
}

/** Puts messages together out of chunks of any size, in time and memory that are linear in what came. */
export class Decoder {
  limits: Limits
  readonly #header = new Uint8Array(FRAME_HEADER)
  /** Bytes there are of the frame's header. */
  #headed = 0
  /** Bytes to come of the frame's payload. */
  #left = 0
  /** The payload of a head, as far as it has come: the first `#gathered` bytes. */
  #gathering: Uint8Array = new Uint8Array(0)
  #gathered = 0
  #head: Record<string, unknown> | undefined
  #sizes: number[] = []
  #parts: Uint8Array[] = []
  /** The part that is being filled, and how far. */
  #open: Uint8Array = new Uint8Array(0)
  #filled = 0
  #over = false

  constructor(limits: Limits) {
    this.limits = limits
  }

  /** Bytes of parts that came so far. */
  partBytes = 0

  /** Whether a message has begun and not ended. */
  get midway(): boolean {
    return this.#headed > 0 || this.#head !== undefined
  }

  /**
   * Calls `take` for each message that `chunk` completes; what `take` does to `limits` holds from there on. The chunk
   * is not kept. Throws ProtocolFault for anything that is no message, or is beyond the limits.
   */
  push(chunk: Uint8Array, take: (message: Message) => void): void {
    for (let at = 0; at < chunk.length && !this.#over;) {
      if (this.#headed < FRAME_HEADER) {
        const taken = Math.min(FRAME_HEADER - this.#headed, chunk.length - at)
        this.#header.set(chunk.subarray(at, at + taken), this.#headed)
        this.#headed += taken
        at += taken
        if (this.#headed === FRAME_HEADER) this.#begin()
        continue
      }
      const taken = Math.min(this.#left, chunk.length - at)
      this.#payload(chunk.subarray(at, at + taken))
      at += taken
      if (this.#left > 0) continue
      const message = this.#end()
      if (message) take(message)
    }
  }

  /** Zeroes what has arrived of an unfinished message, and takes nothing more. */
  wipe(): void {
    this.#over = true
    for (const bytes of [...this.#parts, this.#gathering, this.#open]) bytes.fill(0)
    this.#parts = []
    this.#gathering = new Uint8Array(0)
    this.#head = undefined
  }

  /** A frame's header is there: is it one that may come now? */
  #begin(): void {
    const length = new DataView(this.#header.buffer).getUint32(0)
    this.#left = length - 1
    const kind = this.#header[4]
    if (length < 2) throw new ProtocolFault('frame size')
    if (kind === HEAD) {
      if (this.#head) throw new ProtocolFault('a head inside a message')
      if (this.#left > this.limits.headBytes) throw new ProtocolFault('head size')
      return
    }
    const size = this.#sizes[this.#parts.length]
    const room = kind === PART && this.#head && size !== undefined ? size - this.#filled : 0
    if (this.#left > room) throw new ProtocolFault('a part that nobody announced')
  }

  #payload(bytes: Uint8Array): void {
    this.#left -= bytes.length
    if (!this.#head) {
      this.#gather(bytes)
      return
    }
    const size = this.#sizes[this.#parts.length] ?? 0
    this.partBytes += bytes.length
    if (this.#filled === 0) this.#open = ownBytes(size)
    this.#open.set(bytes, this.#filled)
    this.#filled += bytes.length
    if (this.#filled === size) this.#close()
  }

  /** Grows with what has come, not with what was announced. */
  #gather(bytes: Uint8Array): void {
    const size = this.#gathered + bytes.length
    if (size > this.#gathering.length) {
      const larger = ownBytes(Math.max(size, Math.min(2 * this.#gathering.length, size + this.#left)))
      larger.set(this.#gathering.subarray(0, this.#gathered))
      this.#gathering = larger
    }
    this.#gathering.set(bytes, this.#gathered)
    this.#gathered = size
  }

  #close(): void {
    this.#parts.push(this.#open)
    this.#open = new Uint8Array(0)
    this.#filled = 0
  }

  /** A frame is complete; so may be the message. */
  #end(): Message | undefined {
    this.#headed = 0
    if (!this.#head) {
      const { head, sizes } = parseHead(this.#gathering.subarray(0, this.#gathered), this.limits.partBytes)
      this.#gathering = new Uint8Array(0)
      this.#gathered = 0
      this.#head = head
      this.#sizes = sizes
    }
    while (this.#sizes[this.#parts.length] === 0) this.#close()
    if (this.#parts.length < this.#sizes.length) return undefined
    const message = { head: this.#head, parts: this.#parts }
    this.#head = undefined
    this.#sizes = []
    this.#parts = []
    return message
  }
}

function parseHead(payload: Uint8Array, partBytes: number): { head: Record<string, unknown>; sizes: number[] } {
  let parsed: unknown
  try {
    parsed = JSON.parse(text(payload) ?? '')
  } catch {
    throw new ProtocolFault('a head that is no JSON')
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) throw new ProtocolFault('no head')
  const { parts, ...head } = parsed as Record<string, unknown>
  if (!Array.isArray(parts) || !parts.every((size) => Number.isSafeInteger(size) && size >= 0)) {
    throw new ProtocolFault('a head without the sizes of its parts')
  }
  const sizes = parts as number[]
  if (sizes.length > MAX_PARTS || sizes.reduce((sum, size) => sum + size, 0) > partBytes) {
    throw new ProtocolFault('part sizes')
  }
  return { head, sizes }
}
