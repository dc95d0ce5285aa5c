// One connection of the agent: tells v1 from v2 by the first byte, sends at the pace of the reader, and ends what is too
// slow. What a conversation does with what was said is not known here (session.ts, plain.ts).
import type { Socket } from 'bun'
import { ownCopy } from '../../lib/bytes.ts'
import type { Peer } from '../../lib/native-socket.ts'

/** From accepting to the end of the first request, in milliseconds. */
const FIRST_REQUEST_MILLISECONDS = 10_000
/** Longest silence in the middle of a message, and longest time in which a reader takes nothing. */
const STALL_MILLISECONDS = 10_000
/** With more than this unsent nothing more is answered; bytes. */
const FULL_BYTES = 1 << 20

/** What a conversation may do to its connection. */
export interface Wire {
  /** Sends `bytes`, which are the caller's again when it returns. */
  send(bytes: Uint8Array): void
  /** Ends the connection after what was sent has gone out. */
  end(): void
  /** The other side has said who it is: no deadline for it any more. */
  settled(): void
  /** The reader is slow: answer nothing until `drained` is called. */
  readonly full: boolean
  /** Takes nothing more from the other side until `resume`. */
  pause(): void
  resume(): void
}

/** What a connection tells its conversation. */
export interface Conversation {
  receive(chunk: Uint8Array): void
  /** The other side will send nothing more. */
  halfClosed(): void
  /** The reader has caught up. */
  drained(): void
  /** The connection is gone. */
  close(): void
  /** Something is being worked on. */
  readonly working: boolean
  /** A message has begun and not ended. */
  readonly midway: boolean
  /** Values or a passphrase came with what was received since this was asked last. */
  tookSecrets(): boolean
}

/** `own`: the agent's connection to itself. Undefined: who was refused. */
export type Wired = Socket<Connection | 'own' | undefined>

export class Connection implements Wire {
  readonly peer: Peer
  readonly #socket: Wired
  readonly #begin: (first: number | undefined, connection: Connection) => Conversation
  #conversation: Conversation | undefined
  /** What the kernel did not take yet, oldest first. */
  #unsent: Uint8Array[] = []
  #unsentBytes = 0
  #ending = false
  #paused = false
  #known = false
  #deadline: ReturnType<typeof setTimeout> | undefined
  #reading: ReturnType<typeof setTimeout> | undefined
  #writing: ReturnType<typeof setTimeout> | undefined

  /** `begin` makes the conversation when its first byte is there, or when there will be none. */
  constructor(socket: Wired, peer: Peer, begin: (first: number | undefined, connection: Connection) => Conversation) {
    this.#socket = socket
    this.peer = peer
    this.#begin = begin
    this.#deadline = this.#terminateAfter(FIRST_REQUEST_MILLISECONDS)
  }

  /** Whether the other side has said who it is. */
  get known(): boolean {
    return this.#known
  }

  get working(): boolean {
    return this.#conversation?.working ?? false
  }

  get full(): boolean {
    return this.#unsentBytes > FULL_BYTES
  }

  /** Returns whether `chunk` held secrets. */
  receive(chunk: Uint8Array): boolean {
    if (this.#ending) return false
    this.#conversation ??= this.#begin(chunk[0], this)
    this.#conversation.receive(chunk)
    this.#watch()
    return this.#conversation.tookSecrets()
  }

  /** The rest of a message that has begun must come. */
  #watch(): void {
    clearTimeout(this.#reading)
    const expected = !this.#paused && !this.#ending && this.#conversation?.midway
    this.#reading = expected ? this.#terminateAfter(STALL_MILLISECONDS) : undefined
  }

  halfClosed(): void {
    if (this.#ending) return
    this.#conversation ??= this.#begin(undefined, this)
    this.#conversation.halfClosed()
  }

  send(bytes: Uint8Array): void {
    if (this.#ending) return
    const sent = this.#unsent.length === 0 ? Math.max(0, this.#socket.write(bytes)) : 0
    if (sent === bytes.length) return
    // What is sent later must outlive the Secret that it came from.
    this.#unsent.push(ownCopy(bytes.subarray(sent)))
    this.#unsentBytes += bytes.length - sent
    this.#writing ??= this.#terminateAfter(STALL_MILLISECONDS)
  }

  end(): void {
    this.#ending = true
    if (this.#unsent.length === 0) this.#socket.end()
  }

  settled(): void {
    this.#known = true
    clearTimeout(this.#deadline)
  }

  pause(): void {
    if (this.#paused) return
    this.#paused = true
    clearTimeout(this.#reading)
    this.#socket.pause()
  }

  resume(): void {
    if (!this.#paused) return
    this.#paused = false
    this.#socket.resume()
    this.#watch()
  }

  /** The kernel takes more. */
  flush(): void {
    let progress = false
    for (let bytes = this.#unsent[0]; bytes; bytes = this.#unsent[0]) {
      const sent = Math.max(0, this.#socket.write(bytes))
      bytes.fill(0, 0, sent)
      this.#unsentBytes -= sent
      progress ||= sent > 0
      if (sent < bytes.length) {
        this.#unsent[0] = bytes.subarray(sent)
        break
      }
      this.#unsent.shift()
    }
    if (progress || this.#unsent.length === 0) {
      clearTimeout(this.#writing)
      this.#writing = this.#unsent.length > 0 ? this.#terminateAfter(STALL_MILLISECONDS) : undefined
    }
    if (this.#unsent.length > 0) return
    if (this.#ending) this.#socket.end()
    else this.#conversation?.drained()
  }

  terminate(): void {
    this.#socket.terminate()
  }

  /** The connection is gone. */
  closed(): void {
    this.#ending = true
    for (const timer of [this.#deadline, this.#reading, this.#writing]) clearTimeout(timer)
    for (const bytes of this.#unsent) bytes.fill(0)
    this.#unsent = []
    this.#conversation?.close()
  }

  #terminateAfter(milliseconds: number): ReturnType<typeof setTimeout> {
    return setTimeout(() => this.#socket.terminate(), milliseconds)
  }
}
