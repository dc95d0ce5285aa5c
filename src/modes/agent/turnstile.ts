// The order in which the conversations get at the vault. What was asked in the same turn of the event loop shares one
// commit, and nothing is handed over before that commit is on disk: the cost of a read is the cost of its disk write.
// A lock that another process holds is waited for without standing still. What waits can be taken back.
import { secretsIn } from '../../lib/secret.ts'
import { Failure } from '../../lib/errors.ts'
import type { Secret } from '../../lib/secret.ts'

/** What the turnstile needs of the vault. */
export interface Gate {
  /** Runs `act` so that all it commits is on disk together when this returns. False when the lock is not free: nothing ran. */
  together(act: () => void): boolean
  /** The lock for one act that lasts; undefined when it is not free. */
  alone(): (() => void) | undefined
}

export interface Work {
  /** `alone`: returns a promise, and nothing else may run meanwhile. */
  manner: 'together' | 'alone'
  /** Does not bring about a commit by itself, but goes along with the next one, or after a moment. */
  lazy?: boolean
  run: () => unknown
  /** What came of it, after it is on disk. */
  done: (result: unknown) => void
  failed: (error: unknown) => void
}

/** Work that goes along with the next commit, and that nobody waits for. */
export function unheard(run: () => void): Work {
  const nothing = (): void => undefined
  return { manner: 'together', lazy: true, run, done: nothing, failed: nothing }
}

interface Waiting extends Work {
  /** When it is given up (performance.now()). */
  deadline: number
}

const MAX_BATCH = 256
/** A batch ends when the values in its results hold so much. */
const MAX_BATCH_BYTES = 1 << 23
const LAZY_MILLISECONDS = 50
const FIRST_NAP = 1
const LONGEST_NAP = 16

export class Turnstile {
  readonly #gate: Gate
  readonly #patience: number
  readonly #queue: Waiting[] = []
  #turning = false
  #timer: ReturnType<typeof setTimeout> | undefined
  #scheduled = false
  #nap = FIRST_NAP
  #alone: Promise<void> | undefined

  /** `patience`: milliseconds that something waits for the lock before it fails with `busy`. */
  constructor(gate: Gate, patience: number) {
    this.#gate = gate
    this.#patience = patience
  }

  /** The act that must not be disturbed, while there is one. */
  get alone(): Promise<void> | undefined {
    return this.#alone
  }

  /** Queues `work`. What is returned takes it back, and says whether it was not begun yet. */
  add(work: Work): () => boolean {
    const waiting: Waiting = { ...work, deadline: performance.now() + this.#patience }
    this.#queue.push(waiting)
    if (!work.lazy) this.#soon()
    else this.#timer ??= setTimeout(() => this.#turn(), LAZY_MILLISECONDS)
    return () => {
      const at = this.#queue.indexOf(waiting)
      if (at >= 0) this.#queue.splice(at, 1)
      return at >= 0
    }
  }

  /** Runs what waits without being urgent, now, if that is possible. For the moment before the keys go away. */
  flush(): void {
    if (this.#alone || this.#turning) return
    const lazy = this.#queue.filter((work) => work.lazy)
    if (lazy.length === 0) return
    if (this.#batch(lazy) === undefined) return
    const left = this.#queue.filter((work) => !work.lazy)
    this.#queue.splice(0, this.#queue.length, ...left)
  }

  /** After everything that has come in this turn of the event loop was taken. */
  #soon(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    setImmediate(() => {
      this.#scheduled = false
      this.#turn()
    })
  }

  #turn(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (this.#alone) return
    const [first] = this.#queue
    if (!first) return
    const began = first.manner === 'alone' ? this.#runAlone(first) : this.#runTogether()
    if (!began) {
      this.#giveUp()
      this.#timer = setTimeout(() => this.#turn(), this.#nap)
      this.#nap = Math.min(LONGEST_NAP, this.#nap * 2)
      return
    }
    this.#nap = FIRST_NAP
    if (this.#queue.length > 0 && !this.#alone) this.#soon()
  }

  #runTogether(): boolean {
    const until = this.#queue.findIndex(({ manner }) => manner === 'alone')
    const batch = this.#queue.slice(0, Math.min(MAX_BATCH, until < 0 ? this.#queue.length : until))
    const count = this.#batch(batch)
    if (count === undefined) return false
    this.#queue.splice(0, count)
    return true
  }

  /** How many of `works` were run; undefined when the lock is not free. */
  #batch(works: readonly Waiting[]): number | undefined {
    const told: (() => void)[] = []
    const held: Secret[] = []
    let count = 0
    let weight = 0
    this.#turning = true
    try {
      const ran = this.#gate.together(() => {
        for (const work of works) {
          count += 1
          try {
            const result = work.run()
            const secrets = secretsIn(result)
            held.push(...secrets)
            weight += secrets.reduce((sum, { size }) => sum + size, 0)
            told.push(() => work.done(result))
          } catch (error) {
            told.push(() => work.failed(error))
          }
          if (weight > MAX_BATCH_BYTES) return
        }
      })
      if (!ran) return undefined
    } catch (error) {
      // Nothing of it is on disk, so nothing of it is handed over.
      for (const secret of held) secret.wipe()
      const failed = count === 0 ? works : works.slice(0, count)
      for (const work of failed) work.failed(error)
      return failed.length
    } finally {
      this.#turning = false
    }
    for (const tell of told) tell()
    return count
  }

  #runAlone(work: Waiting): boolean {
    let release: (() => void) | undefined
    try {
      release = this.#gate.alone()
    } catch (error) {
      this.#queue.shift()
      work.failed(error)
      return true
    }
    if (!release) return false
    this.#queue.shift()
    const free = release
    this.#alone = this.#carryOut(work).finally(() => {
      free()
      this.#alone = undefined
      if (this.#queue.length > 0) this.#soon()
    })
    return true
  }

  async #carryOut(work: Waiting): Promise<void> {
    try {
      const result = await work.run()
      work.done(result)
    } catch (error) {
      work.failed(error)
    }
  }

  /** What has waited for too long is told so. */
  #giveUp(): void {
    const now = performance.now()
    const late = this.#queue.filter(({ deadline }) => deadline < now)
    if (late.length === 0) return
    const left = this.#queue.filter(({ deadline }) => deadline >= now)
    this.#queue.splice(0, this.#queue.length, ...left)
    for (const work of late) {
      work.failed(
        new Failure('busy', 'another process is writing to the vault', {
          hint: 'try again; TVAULT_LOCK_TIMEOUT sets how many seconds to wait',
        }),
      )
    }
  }
}
