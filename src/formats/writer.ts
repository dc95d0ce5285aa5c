// Collects the bytes of an output that holds secret values. Buffers that were outgrown are wiped, so that only
// the finished Secret holds the values; whoever receives it prints and wipes it.
import { Secret } from '../lib/secret.ts'

/** One secret to be printed. */
export interface Printable {
  key: string
  value: Secret
}

export class Writer {
  #bytes = new Uint8Array(1024)
  #size = 0

  /** Appends UTF-8 text. For names and syntax, not for values. */
  text(text: string): this {
    return this.bytes(new TextEncoder().encode(text))
  }

  /** Appends a copy of `bytes`. */
  bytes(bytes: Uint8Array): this {
    this.#reserve(bytes.length)
    this.#bytes.set(bytes, this.#size)
    this.#size += bytes.length
    return this
  }

  byte(byte: number): this {
    this.#reserve(1)
    this.#bytes[this.#size++] = byte
    return this
  }

  /** Everything so far as a Secret. The writer is empty afterwards. */
  finish(): Secret {
    const whole = this.#bytes.slice(0, this.#size)
    this.#bytes.fill(0)
    this.#size = 0
    return new Secret(whole)
  }

  #reserve(more: number): void {
    if (this.#size + more <= this.#bytes.length) return
    const larger = new Uint8Array(Math.max(this.#bytes.length * 2, this.#size + more))
    larger.set(this.#bytes.subarray(0, this.#size))
    this.#bytes.fill(0)
    this.#bytes = larger
  }
}
