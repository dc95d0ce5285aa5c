// What of a stream is kept when it is long: its beginning and its end, and how much there was. The rule: what is
// dropped was never more than one piece in memory.

/** What was kept. `head` and `tail` follow each other when nothing was dropped. */
export interface Kept {
  head: Uint8Array
  tail: Uint8Array
  /** Bytes of the whole stream, and of what is missing between head and tail. */
  total: number
  dropped: number
}

export class Capped {
  readonly #head: Uint8Array
  /** A ring: the last bytes after the head. */
  readonly #tail: Uint8Array
  #total = 0

  /** Sizes in bytes. */
  constructor(headBytes: number, tailBytes: number) {
    this.#head = new Uint8Array(headBytes)
    this.#tail = new Uint8Array(tailBytes)
  }

  /** Copies what is kept of `chunk`. */
  take(chunk: Uint8Array): void {
    const toHead = Math.max(0, Math.min(chunk.length, this.#head.length - this.#total))
    this.#head.set(chunk.subarray(0, toHead), toHead > 0 ? this.#total : 0)
    const size = this.#tail.length
    // Where the byte with number n of what follows the head lies: n modulo size.
    const behind = this.#total + toHead - this.#head.length
    const rest = chunk.subarray(toHead)
    const kept = rest.subarray(Math.max(0, rest.length - size))
    const from = size === 0 ? 0 : (behind + rest.length - kept.length) % size
    const first = Math.min(kept.length, size - from)
    this.#tail.set(kept.subarray(0, first), first > 0 ? from : 0)
    this.#tail.set(kept.subarray(first), 0)
    this.#total += chunk.length
  }

  /** Copies of what was kept so far; the memory of ours is wiped. */
  end(): Kept {
    const headSize = Math.min(this.#total, this.#head.length)
    const behind = this.#total - headSize
    const size = Math.min(behind, this.#tail.length)
    const start = behind > size && size > 0 ? behind % size : 0
    const tail = new Uint8Array(size)
    tail.set(this.#tail.subarray(start, start + size))
    tail.set(this.#tail.subarray(0, start), Math.min(size, this.#tail.length - start))
    const head = this.#head.slice(0, headSize)
    this.#head.fill(0)
    this.#tail.fill(0)
    return { head, tail, total: this.#total, dropped: behind - size }
  }
}
