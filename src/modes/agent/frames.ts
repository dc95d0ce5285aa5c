// Protocol v2 on the agent's socket: bytes to messages and back, no I/O. A connection that begins with MAGIC speaks v2,
// any other one v1 (v1.ts). A message is a head (JSON) followed by its parts: the bytes of its values, which so never
// pass through JSON. A frame is length (u32, big-endian, of what follows) ‖ kind (1) ‖ payload. Limits hold before
// anything is allocated: whoever connects is a stranger until its hello was accepted.
import { concat, u32, utf8 } from '../../lib/bytes.ts'

/** First bytes of a v2 connection; v1 begins with JSON, so with no zero byte. */
export const MAGIC = utf8('\0tvault2')

const HEAD = 1
const PART = 2
/** Bytes in front of a frame's payload. */
const FRAME_HEADER = 5
/** Parts are cut into frames of at most so many bytes, so that a big value does not keep others waiting. */
const CHUNK_BYTES = 1 << 20

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

/** The frames of one message. The parts are views of what was given, not copies. */
export function* encode({ head, parts }: Message): Generator<Uint8Array> {
  yield frame(HEAD, utf8(JSON.stringify({ ...head, parts: parts.map((part) => part.length) })))
  for (const part of parts) {
    for (let at = 0; at < part.length; at += CHUNK_BYTES) yield frame(PART, part.subarray(at, at + CHUNK_BYTES))
  }
}

function frame(kind: number, payload: Uint8Array): Uint8Array {
  return concat(u32(payload.length + 1), Uint8Array.of(kind), payload)
}

/** Puts messages together out of chunks of any size. */
export class Decoder {
  limits: Limits
  #rest: Uint8Array = new Uint8Array(0)
  #head: Record<string, unknown> | undefined
  #parts: Uint8Array[] = []
  /** Bytes filled of the part that is being read. */
  #part = 0
  #filled = 0

  constructor(limits: Limits) {
    this.limits = limits
  }

  /** The messages that `chunk` completes. Throws ProtocolFault for anything that is not one, or is beyond the limits. */
  push(chunk: Uint8Array): Message[] {
    const found: Message[] = []
    let bytes = this.#rest.length === 0 ? chunk : concat(this.#rest, chunk)
    for (;;) {
      if (bytes.length < FRAME_HEADER) break
      const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0)
      if (length < 1 || length - 1 > Math.max(this.limits.headBytes, CHUNK_BYTES)) throw new ProtocolFault('frame size')
      if (bytes.length < 4 + length) break
      this.#frame(bytes[4]!, bytes.subarray(FRAME_HEADER, 4 + length))
      bytes = bytes.subarray(4 + length)
      const whole = this.#whole()
      if (whole) found.push(whole)
    }
    // What was a value must not stay behind in the buffer that it came in.
    const before = this.#rest
    this.#rest = bytes.slice()
    before.fill(0)
    return found
  }

  /** Zeroes what has arrived of an unfinished message. */
  wipe(): void {
    this.#rest.fill(0)
    for (const part of this.#parts) part.fill(0)
    this.#rest = new Uint8Array(0)
    this.#head = undefined
    this.#parts = []
  }

  #frame(kind: number, payload: Uint8Array): void {
    if (kind === HEAD) {
      if (this.#head) throw new ProtocolFault('a head inside a message')
      if (payload.length > this.limits.headBytes) throw new ProtocolFault('head size')
      const { head, sizes } = parseHead(payload, this.limits.partBytes)
      this.#head = head
      this.#parts = sizes.map((size) => new Uint8Array(size))
      this.#part = 0
      this.#filled = 0
      this.#skipFull()
      return
    }
    const part = kind === PART && this.#head ? this.#parts[this.#part] : undefined
    if (!part || payload.length === 0 || payload.length > part.length - this.#filled) {
      throw new ProtocolFault('a part that nobody announced')
    }
    part.set(payload, this.#filled)
    payload.fill(0)
    this.#filled += payload.length
    this.#skipFull()
  }

  #skipFull(): void {
    while (this.#part < this.#parts.length && this.#filled === this.#parts[this.#part]!.length) {
      this.#part += 1
      this.#filled = 0
    }
  }

  #whole(): Message | undefined {
    if (!this.#head || this.#part < this.#parts.length) return undefined
    const message = { head: this.#head, parts: this.#parts }
    this.#head = undefined
    this.#parts = []
    return message
  }
}

function parseHead(payload: Uint8Array, partBytes: number): { head: Record<string, unknown>; sizes: number[] } {
  let parsed: unknown
  try {
    parsed = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(payload))
  } catch {
    throw new ProtocolFault('a head that is no JSON')
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) throw new ProtocolFault('no head')
  const { parts, ...head } = parsed as Record<string, unknown>
  if (!Array.isArray(parts) || !parts.every((size) => Number.isSafeInteger(size) && size >= 0)) {
    throw new ProtocolFault('a head without the sizes of its parts')
  }
  const sizes = parts as number[]
  if (sizes.reduce((sum, size) => sum + size, 0) > partBytes) throw new ProtocolFault('part sizes')
  return { head, sizes }
}
