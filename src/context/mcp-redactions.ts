// Redaction for whole projects, in the process that has the key: the agent, or a server for AI agents that opened the vault
// itself. Output comes in and goes out without the values; the values stay here, whatever the policy says about them.
// The rule: when the vault is locked the tables are wiped, and nothing passes that was not looked at.
import { Failure } from '../lib/errors.ts'
import type { Redactor } from '../guard/redact.ts'
import type { Confidential } from '../vault/confidential.ts'

/** So many sets of tables are kept; the one that was not used for the longest time goes first. */
const MOST_KEPT = 4
/** Milliseconds after which tables that nobody asked for again go away. */
const KEPT = 60_000

interface Kept {
  stamp: string
  base: Redactor
}

export class Redactions {
  /** By whom and what for; the last one was used last. */
  readonly #kept = new Map<string, Kept>()
  /** Kept no longer, and perhaps still looked with by a program that runs. */
  readonly #dropped = new Set<Redactor>()
  readonly #patience: number
  #timer: ReturnType<typeof setTimeout> | undefined
  /** Counts the times that all was wiped. */
  #era = 0

  /** `patience`: milliseconds that unused tables are kept. */
  constructor(patience = KEPT) {
    this.#patience = patience
  }

  /**
   * A stream from which the values are taken out, for the caller to end. The tables are made once for each state of the
   * projects: `name` says whose state it is. Throws `locked` when the vault was locked meanwhile.
   */
  async stream(name: string, found: Confidential): Promise<Redactor> {
    let base = this.#known(name, found)
    if (!base) {
      const made = await this.#make(found)
      // Somebody else may have made them meanwhile.
      base = this.#known(name, found) ?? made
      if (base !== made) made.end()
    }
    if (this.#kept.get(name)?.base !== base) this.#drop(name)
    this.#kept.delete(name)
    this.#kept.set(name, { stamp: found.stamp, base })
    for (const oldest of this.#kept.keys()) if (this.#kept.size > MOST_KEPT) this.#drop(oldest)
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.#dropAll(), this.#patience)
    this.#timer.unref()
    return base.another()
  }

  #known(name: string, { stamp }: Confidential): Redactor | undefined {
    const kept = this.#kept.get(name)
    return kept?.stamp === stamp ? kept.base : undefined
  }

  /** Streams that look with them go on; the tables are wiped with the last one. */
  #drop(name: string): void {
    const kept = this.#kept.get(name)
    if (!kept) return
    this.#kept.delete(name)
    kept.base.end()
    for (const base of this.#dropped) if (base.released) this.#dropped.delete(base)
    if (!kept.base.released) this.#dropped.add(kept.base)
  }

  #dropAll(): void {
    for (const name of [...this.#kept.keys()]) this.#drop(name)
  }

  /** Wipes all tables; streams that go on let nothing through. */
  wipe(): void {
    this.#era += 1
    clearTimeout(this.#timer)
    for (const base of [...this.#dropped, ...Array.from(this.#kept.values(), ({ base }) => base)]) base.revoke()
    this.#kept.clear()
    this.#dropped.clear()
  }

  async #make(found: Confidential): Promise<Redactor> {
    const era = this.#era
    const { Redactor } = await import('../guard/redact.ts')
    const entries = found.open()
    try {
      const known = entries.map(({ key: name, value }) => ({ name, value }))
      const base = await Redactor.among(known, () => Bun.sleep(0))
      if (era === this.#era) return base
      base.revoke()
      throw new Failure('locked', 'the vault was locked meanwhile')
    } finally {
      for (const { value } of entries) value.wipe()
    }
  }
}
