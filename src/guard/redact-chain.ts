// Two redactors one behind the other: what the first lets through goes into the second. The one that knows more values
// comes first: what it replaced is whole, and the other one finds no piece of it.
import { concat } from '../lib/bytes.ts'
import type { Filter } from './watch.ts'

/** A stream that values are taken out of: a Redactor, or several. */
export interface Redacting extends Filter {
  /** How many forms were replaced so far. */
  readonly redactions: number
  /** For another stream, with the same values. */
  another(): Redacting
}

export class RedactorChain implements Redacting {
  readonly #first: Redacting
  readonly #second: Redacting
  #ended = false

  constructor(first: Redacting, second: Redacting) {
    this.#first = first
    this.#second = second
  }

  get redactions(): number {
    return this.#first.redactions + this.#second.redactions
  }

  another(): RedactorChain {
    return new RedactorChain(this.#first.another(), this.#second.another())
  }

  push(chunk: Uint8Array): Uint8Array {
    return this.#second.push(this.#first.push(chunk))
  }

  /** The rest of both; nothing when it was asked for before. */
  end(): Uint8Array {
    if (this.#ended) return new Uint8Array(0)
    this.#ended = true
    const rest = new Uint8Array(this.#second.push(this.#first.end()))
    return concat(rest, this.#second.end())
  }
}
