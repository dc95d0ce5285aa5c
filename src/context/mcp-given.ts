// The values that programs and requests of a session were given, kept until it ends: what a program wrote down, a later
// one may print, and then it is taken out as well (attack C8). A door: they are copied.
// The rule: a value that could be found out by printing guesses is not taken out of the output of a program that was not
// given it, or redaction would tell it.
import { Secret } from '../lib/secret.ts'
import { compare } from '../lib/bytes.ts'

interface Named {
  name: string
  value: Secret
}

/** So many are kept; older ones are forgotten. */
const MOST_VALUES = 2000
const MOST_BYTES = 4 << 20

export class Given {
  #kept: Named[] = []
  #bytes = 0

  /** Copies `values`, as far as they are not known. */
  remember(values: readonly Named[]): void {
    for (const { name, value } of values) {
      if (value.size === 0 || value.size > MOST_BYTES || this.#holds(value)) continue
      this.#kept.push({ name, value: copied(value) })
      this.#bytes += value.size
    }
    while (this.#kept.length > MOST_VALUES || this.#bytes > MOST_BYTES) {
      const oldest = this.#kept.shift()
      this.#bytes -= oldest?.value.size ?? 0
      oldest?.value.wipe()
    }
  }

  /** Copies of all that is known, for the caller to wipe. */
  all(): Named[] {
    return this.#kept.map(({ name, value }) => ({ name, value: copied(value) }))
  }

  /** Wipes everything. */
  forget(): void {
    for (const { value } of this.#kept) value.wipe()
    this.#kept = []
    this.#bytes = 0
  }

  #holds(value: Secret): boolean {
    return this.#kept.some((one) => one.value.size === value.size && compare(one.value.reveal(), value.reveal()) === 0)
  }
}

function copied(value: Secret): Secret {
  return new Secret(new Uint8Array(value.reveal()))
}
