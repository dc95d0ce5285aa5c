// Reads the parts of a record's body in order. Whatever is cut short, too long or not text is damage of that record.
import { text } from '../lib/bytes.ts'
import { damaged, view } from './schema.ts'
import type { Failure } from '../lib/errors.ts'

export class Cursor {
  readonly #body: Uint8Array
  readonly #what: string
  #at = 0

  /** `what` names the record in the failure: `the group record`. */
  constructor(body: Uint8Array, what: string) {
    this.#body = body
    this.#what = what
  }

  /** The next `size` bytes, as a copy. */
  bytes(size: number): Uint8Array {
    const end = this.#at + size
    if (end > this.#body.length) throw this.damage()
    const part = this.#body.slice(this.#at, end)
    this.#at = end
    return part
  }

  u16(): number {
    return view(this.bytes(2)).getUint16(0)
  }

  u64(): bigint {
    return view(this.bytes(8)).getBigUint64(0)
  }

  /** UTF-8 text behind its length as u16. */
  short(): string {
    const words = text(this.bytes(this.u16()))
    if (words === undefined) throw this.damage()
    return words
  }

  /** Throws when something is left. */
  end(): void {
    if (this.#at !== this.#body.length) throw this.damage()
  }

  damage(): Failure {
    return damaged(this.#what)
  }
}
