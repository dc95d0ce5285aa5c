// The pkt-line form in which git talks to a long running filter (gitprotocol-common(5)): four hex digits of length,
// themselves included, then the bytes; 0000 is a flush. A stream that breaks the form ends the conversation: guessing
// where the next packet begins would mix one file into another.
import { latin1, utf8 } from '../lib/bytes.ts'
import { Failure } from '../lib/errors.ts'
import { Secret } from '../lib/secret.ts'

const LENGTH_SIZE = 4
/** The most bytes that one packet carries; git refuses longer ones. */
export const MAX_PACKET = 65_516
const LF = 0x0a
const FLUSH = utf8('0000')

/** read(2): fills `into` from `at` with at most `length` bytes and says how many; 0 is the end. */
export type Read = (into: Uint8Array, at: number, length: number) => number

/** Reads packets. What a packet holds is valid until the next call. */
export class PacketReader {
  readonly #read: Read
  readonly #buffer = new Uint8Array(MAX_PACKET + LENGTH_SIZE)

  constructor(read: Read) {
    this.#read = read
  }

  /** The next packet, `flush`, or `end` when the stream ends between packets. Failure `failed` when it breaks the form. */
  next(): Uint8Array | 'flush' | 'end' {
    const got = this.#fill(0, LENGTH_SIZE)
    if (got === 0) return 'end'
    if (got < LENGTH_SIZE) throw broken('it ends inside a packet')
    const length = hexLength(this.#buffer)
    if (length === 0) return 'flush'
    if (length === undefined || length < LENGTH_SIZE || length > this.#buffer.length) throw broken('a length is wrong')
    if (this.#fill(LENGTH_SIZE, length) < length - LENGTH_SIZE) throw broken('it ends inside a packet')
    return this.#buffer.subarray(LENGTH_SIZE, length)
  }

  /**
   * The packets up to the next flush as pairs of name and value, split at the first `=`; one LF at the end of a packet
   * does not count. Undefined when the stream ends before the first one. Values are bytes, because paths are.
   */
  pairs(): Map<string, Uint8Array> | undefined {
    const found = new Map<string, Uint8Array>()
    for (let first = true; ; first = false) {
      const packet = this.next()
      if (packet === 'end' && first) return undefined
      if (packet === 'end') throw broken('it ends before a flush')
      if (packet === 'flush') return found
      const end = packet.at(-1) === LF ? packet.length - 1 : packet.length
      const equals = packet.indexOf(0x3d)
      if (equals < 0 || equals >= end) found.set(latin1(packet.subarray(0, end)), new Uint8Array(0))
      else found.set(latin1(packet.subarray(0, equals)), packet.slice(equals + 1, end))
    }
  }

  /** The packets up to the next flush as text, without their line ends. Undefined when the stream ends before the first. */
  lines(): string[] | undefined {
    const found: string[] = []
    for (;;) {
      const packet = this.next()
      if (packet === 'end' && found.length === 0) return undefined
      if (packet === 'end') throw broken('it ends before a flush')
      if (packet === 'flush') return found
      found.push(latin1(packet).replace(/\n$/, ''))
    }
  }

  /**
   * All bytes up to the next flush, which the caller wipes; undefined when there are more than `maxBytes`, which are
   * then read and dropped, so that the next request is found.
   */
  content(maxBytes: number): Secret | undefined {
    let whole = new Uint8Array(MAX_PACKET)
    let size = 0
    for (;;) {
      const packet = this.next()
      if (packet === 'end') throw broken('it ends before a flush')
      if (packet === 'flush') break
      if (size <= maxBytes) {
        if (size + packet.length > whole.length) whole = grown(whole, size + packet.length)
        if (size + packet.length <= maxBytes) whole.set(packet, size)
        size += packet.length
      }
      packet.fill(0)
    }
    const content = size > maxBytes ? undefined : new Secret(whole.slice(0, size))
    whole.fill(0)
    return content
  }

  /** Reads until `to`; how many bytes came, which is less at the end of the stream. */
  #fill(from: number, to: number): number {
    let at = from
    while (at < to) {
      const count = this.#read(this.#buffer, at, to - at)
      if (count === 0) break
      at += count
    }
    return at - from
  }
}

/** `text` as one packet with a line end, the form of everything that is not content. */
export function textPacket(text: string): Uint8Array {
  return framed(utf8(`${text}\n`))
}

/** What ends a list or a content. */
export function flushPacket(): Uint8Array {
  return FLUSH.slice()
}

/** `content` in as many packets as it needs (none for no bytes) and a flush. It is a copy that the caller wipes. */
export function contentPackets(content: Uint8Array): Uint8Array {
  const count = Math.ceil(content.length / MAX_PACKET)
  const whole = new Uint8Array(content.length + count * LENGTH_SIZE + FLUSH.length)
  let to = 0
  for (let from = 0; from < content.length; from += MAX_PACKET) {
    const piece = content.subarray(from, from + MAX_PACKET)
    whole.set(lengthOf(piece.length), to)
    whole.set(piece, to + LENGTH_SIZE)
    to += LENGTH_SIZE + piece.length
  }
  whole.set(FLUSH, to)
  return whole
}

function framed(bytes: Uint8Array): Uint8Array {
  if (bytes.length > MAX_PACKET) throw new RangeError('too long for a packet')
  const packet = new Uint8Array(LENGTH_SIZE + bytes.length)
  packet.set(lengthOf(bytes.length))
  packet.set(bytes, LENGTH_SIZE)
  return packet
}

function lengthOf(size: number): Uint8Array {
  return utf8((size + LENGTH_SIZE).toString(16).padStart(LENGTH_SIZE, '0'))
}

/** The number in the first four bytes, or undefined when they are not hex digits. */
function hexLength(bytes: Uint8Array): number | undefined {
  const digits = latin1(bytes.subarray(0, LENGTH_SIZE))
  return /^[0-9a-fA-F]{4}$/.test(digits) ? Number.parseInt(digits, 16) : undefined
}

function grown(buffer: Uint8Array<ArrayBuffer>, least: number): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(Math.max(buffer.length * 2, least))
  larger.set(buffer)
  buffer.fill(0)
  return larger
}

function broken(how: string): Failure {
  return new Failure('failed', `git and the filter do not understand each other: ${how}`)
}
