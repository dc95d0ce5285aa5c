// Uses that wait for the owner's word. Everything is in the memory of the agent: when it ends or is locked, nothing is
// approved any more. An approval is for exactly what was asked: client and process, command, project, keys, words of the
// program, host, file and directory. What is asked in another way is another question. Who is not answered is refused.
import { Failure } from '../../lib/errors.ts'
import type { Act, Effect } from '../../lib/gate.ts'

/** What somebody wants to do. */
export interface Use {
  client: string
  version: string
  /** The process that asks, so that no other one can use what it was given: id and start time. */
  process: string
  command: string
  effect: Effect
  project: string
  keys: readonly string[]
  act: Act
  /** The rule that has the owner asked. */
  rule: string
}

/** How long things last, in seconds, and how often a session may be used. */
export interface Terms {
  uses: number
  seconds: number
  wait: number
}

/** A request as the owner sees it. */
export interface Pending {
  id: string
  /** `use`: one use. `session`: everything that needs the owner, for a while. */
  kind: 'use' | 'session'
  client: string
  version: string
  pid: number
  command: string
  effect: Effect
  project: string
  keys: string[]
  program: string[]
  host: string
  file: string
  directory: string
  purpose: string
  rule: string
  seconds_left: number
  /** What an approval gives when nothing else is said. */
  uses: number
  minutes: number
}

export type Answer = 'waiting' | 'approved' | 'denied' | 'expired' | 'unknown'

interface Request {
  id: string
  kind: Pending['kind']
  use: Use
  print: string
  terms: Terms
  /** Milliseconds of the clock. */
  until: number
  answer: Answer
}

interface Given {
  uses: number
  until: number
  id: string
}

/** How long an approved use may take until it is begun, and an answer is remembered, in seconds. */
const KEPT = 60
/** One client cannot bury the others under its questions. */
const MOST_WAITING = 5
const MOST_KEPT = 200
const WORDS_SHOWN = 40
const NOW = ['none', 'list']

export class Approvals {
  readonly #now: () => number
  readonly #random: (size: number) => Uint8Array
  readonly #asked: (pending: Pending) => void
  readonly #requests = new Map<string, Request>()
  /** Approved uses by their print. */
  readonly #uses = new Map<string, Given>()
  /** Approved sessions by client and process. */
  readonly #sessions = new Map<string, Given>()

  /** `now`: a clock in milliseconds that never goes back. `asked` hears of every new request. */
  constructor(options: { now: () => number; random: (size: number) => Uint8Array; asked: (pending: Pending) => void }) {
    this.#now = options.now
    this.#random = options.random
    this.#asked = options.asked
  }

  /**
   * Returns the id of the approval that covers `use`, which is then used once. Throws `denied` otherwise: code
   * `approval_required` with a request that waits now, or `approval_denied`.
   */
  demand(use: Use, terms: Terms): string {
    if (NOW.includes(use.effect)) return ''
    const print = printOf('use', use)
    const given = this.#take(this.#uses, print) ?? this.#take(this.#sessions, holderOf(use))
    if (given !== undefined) return given
    const open = this.#find(print)
    if (open?.answer === 'denied') throw refused(open.id)
    const request = open?.answer === 'waiting' ? open : this.#ask('use', use, print, terms)
    throw required(request.id, this.#left(request.until))
  }

  /** Asks for a session; the same question again is the same request. Throws `denied` like `demand`. */
  askSession(use: Use, terms: Terms): { request: string; seconds: number } {
    const print = printOf('session', use)
    const open = this.#find(print)
    if (open?.answer === 'denied') throw refused(open.id)
    const request = open?.answer === 'waiting' ? open : this.#ask('session', use, print, terms)
    return { request: request.id, seconds: this.#left(request.until) }
  }

  /** How it stands with the session of a client. */
  session(use: Pick<Use, 'client' | 'process'>): {
    locked: boolean
    uses_left: number
    seconds_left: number
    pending: number
  } {
    this.#forget()
    const given = this.#sessions.get(holderOf(use))
    const pending = this.#waiting().filter((one) => holderOf(one.use) === holderOf(use)).length
    if (!given) return { locked: true, uses_left: 0, seconds_left: 0, pending }
    return { locked: false, uses_left: given.uses, seconds_left: this.#left(given.until), pending }
  }

  /** How it stands with a request; only who asked is told. */
  answer(id: string, asker: Pick<Use, 'client' | 'process'>): { answer: Answer; seconds: number } {
    this.#forget()
    const request = this.#requests.get(id)
    if (!request || holderOf(request.use) !== holderOf(asker)) return { answer: 'unknown', seconds: 0 }
    return { answer: request.answer, seconds: this.#left(request.until) }
  }

  /**
   * Takes a question back; only who asked can. `declined`: somebody said no at the client, which holds for a minute like
   * a no of the owner. Returns whether it was waiting.
   */
  withdraw(id: string, asker: Pick<Use, 'client' | 'process'>, declined = false): boolean {
    const request = this.#requests.get(id)
    if (request?.answer !== 'waiting' || holderOf(request.use) !== holderOf(asker)) return false
    if (declined) this.#refuse(request)
    else this.#requests.delete(id)
    return true
  }

  /** What waits, oldest first. */
  list(): Pending[] {
    this.#forget()
    return this.#waiting().map((request) => this.#shown(request))
  }

  /**
   * The owner says yes, once or for `uses` uses within `seconds`. A second yes to the same request finds nothing.
   * Throws `not_found`.
   */
  approve(id: string, { uses, seconds }: { uses?: number | undefined; seconds?: number | undefined } = {}): Pending {
    const request = this.#decidable(id)
    const shown = this.#shown(request)
    request.answer = 'approved'
    const session = request.kind === 'session'
    const lasts = 1000 * (seconds ?? (session ? request.terms.seconds : KEPT))
    const given = { uses: uses ?? (session ? request.terms.uses : 1), until: this.#now() + lasts, id }
    request.until = this.#now() + KEPT * 1000
    if (session) this.#sessions.set(holderOf(request.use), given)
    else this.#uses.set(request.print, given)
    return shown
  }

  /** The owner says no, which holds for a minute. Throws `not_found`. */
  deny(id: string): Pending {
    const request = this.#decidable(id)
    const shown = this.#shown(request)
    this.#refuse(request)
    return shown
  }

  /** Nothing is approved and nothing waits any more. */
  clear(): void {
    this.#requests.clear()
    this.#uses.clear()
    this.#sessions.clear()
  }

  #refuse(request: Request): void {
    request.answer = 'denied'
    request.until = this.#now() + KEPT * 1000
  }

  #decidable(id: string): Request {
    this.#forget()
    const request = this.#requests.get(id)
    if (request?.answer === 'waiting') return request
    throw new Failure('not_found', request ? 'it was decided already, or is over' : 'no such request waits', {
      hint: 'tvault approvals',
    })
  }

  #ask(kind: Request['kind'], use: Use, print: string, terms: Terms): Request {
    const mine = this.#waiting().filter((one) => one.use.client === use.client || one.use.process === use.process)
    if (mine.length >= MOST_WAITING) {
      throw new Failure('denied', `${MOST_WAITING} uses of this client wait for the owner already`, {
        hint: 'wait for the owner: tvault approvals',
        code: 'approval_required',
      })
    }
    const id = this.#random(4).toHex()
    const request: Request = { id, kind, use, print, terms, until: this.#now() + terms.wait * 1000, answer: 'waiting' }
    this.#requests.set(id, request)
    this.#asked(this.#shown(request))
    return request
  }

  #take(from: Map<string, Given>, name: string): string | undefined {
    this.#forget()
    const given = from.get(name)
    if (!given) return undefined
    given.uses -= 1
    if (given.uses <= 0) from.delete(name)
    return given.id
  }

  #find(print: string): Request | undefined {
    this.#forget()
    return [...this.#requests.values()].findLast((one) => one.print === print)
  }

  #waiting(): Request[] {
    return [...this.#requests.values()].filter(({ answer }) => answer === 'waiting')
  }

  #left(until: number): number {
    return Math.max(0, Math.ceil((until - this.#now()) / 1000))
  }

  /** What was not answered in time is refused, and what is long over is forgotten. */
  #forget(): void {
    const now = this.#now()
    for (const request of this.#requests.values()) {
      if (now < request.until) continue
      if (request.answer !== 'waiting') this.#requests.delete(request.id)
      else {
        request.answer = 'expired'
        request.until = now + KEPT * 1000
      }
    }
    for (const map of [this.#uses, this.#sessions]) {
      for (const [name, { until }] of map) if (now >= until) map.delete(name)
    }
    for (const id of [...this.#requests.keys()].slice(0, -MOST_KEPT)) this.#requests.delete(id)
  }

  #shown({ id, kind, use, until, terms }: Request): Pending {
    const { argv = [], host = '', file = '', directory = '', purpose = '' } = use.act
    return {
      id,
      kind,
      client: use.client,
      version: use.version,
      pid: Number(use.process.split(':')[0]),
      command: use.command,
      effect: use.effect,
      project: use.project,
      keys: [...use.keys],
      program: argv
        .slice(0, WORDS_SHOWN)
        .concat(argv.length > WORDS_SHOWN ? [`(${argv.length - WORDS_SHOWN} more)`] : []),
      host,
      file,
      directory,
      purpose,
      rule: use.rule,
      seconds_left: this.#left(until),
      uses: kind === 'session' ? terms.uses : 1,
      minutes: kind === 'session' ? Math.round(terms.seconds / 60) : 1,
    }
  }
}

function holderOf({ client, process }: Pick<Use, 'client' | 'process'>): string {
  return JSON.stringify([client, process])
}

/** Everything that an approval is bound to, as a hash. The purpose is only words. */
function printOf(kind: Request['kind'], use: Use): string {
  const { client, version, process, command, effect, project, keys, act } = use
  const bound =
    kind === 'session'
      ? [kind, client, version, process]
      : [
          kind,
          client,
          version,
          process,
          command,
          effect,
          project,
          keys.toSorted(),
          act.argv ?? null,
          act.directory ?? null,
        ]
  const whole = kind === 'session' ? bound : [...bound, act.host ?? null, act.file ?? null, act.digest ?? null]
  return new Bun.CryptoHasher('sha256').update(JSON.stringify(whole)).digest('hex')
}

function required(request: string, seconds: number): Failure {
  return new Failure('denied', `it waits for the owner, who has ${seconds} seconds to allow it`, {
    hint: 'the owner runs: tvault approvals',
    code: 'approval_required',
    about: { request, seconds },
  })
}

function refused(request: string): Failure {
  return new Failure('denied', 'the owner refused it', {
    hint: 'ask the owner',
    code: 'approval_denied',
    about: { request },
  })
}
