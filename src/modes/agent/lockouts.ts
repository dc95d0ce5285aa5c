// Clients that were refused so often within a minute that it is a search and no mistake. They are counted by name and by
// process, because a name is only what a client says of itself, and a process can be started again.
import { Failure } from '../../lib/errors.ts'

const WITHIN_MILLISECONDS = 60_000
const MOST_WATCHED = 2000

export interface LockedOut {
  client: string
  refusals: number
  /** RFC 3339. */
  since: string
}

export class Lockouts {
  readonly #now: () => number
  readonly #most: number
  readonly #told: (locked: LockedOut) => void
  readonly #refused = new Map<string, number[]>()
  readonly #out = new Map<string, LockedOut>()

  /** `most`: so many refusals within a minute lock out. `told` hears of every lock-out once. */
  constructor(options: { now: () => number; most: number; told: (locked: LockedOut) => void }) {
    this.#now = options.now
    this.#most = options.most
    this.#told = options.told
  }

  /** Counts a refusal. */
  refused(client: string, process: string): void {
    const now = this.#now()
    const counts = [`client ${client}`, `process ${process}`].map((name) => {
      const times = [...(this.#refused.get(name) ?? []).filter((at) => now - at < WITHIN_MILLISECONDS), now]
      this.#refused.delete(name)
      this.#refused.set(name, times.slice(-this.#most))
      return { name, count: times.length }
    })
    for (const name of [...this.#refused.keys()].slice(0, -MOST_WATCHED)) this.#refused.delete(name)
    const out = counts.filter(({ name, count }) => count >= this.#most && !this.#out.has(name))
    if (out.length === 0) return
    const locked = { client, refusals: this.#most, since: new Date().toISOString() }
    for (const { name } of out) this.#out.set(name, locked)
    this.#told(locked)
  }

  /** Throws `denied` with code `locked_out` for who is locked out. */
  check(client: string, process: string): void {
    if (!this.#out.has(`client ${client}`) && !this.#out.has(`process ${process}`)) return
    throw new Failure('denied', 'too many calls of this client were refused; it is locked out', {
      hint: 'the owner lets it in again: tvault approvals forgive',
      code: 'locked_out',
    })
  }

  list(): LockedOut[] {
    return [...new Set(this.#out.values())]
  }

  /** Lets everybody in again, or one client; how many that were. */
  forgive(client?: string): number {
    const before = this.list().length
    for (const [name, locked] of this.#out) if (client === undefined || locked.client === client) this.#out.delete(name)
    for (const name of [...this.#refused.keys()])
      if (client === undefined || name === `client ${client}`) this.#refused.delete(name)
    if (client !== undefined)
      for (const name of [...this.#refused.keys()]) if (name.startsWith('process ')) this.#refused.delete(name)
    return before - this.list().length
  }
}
