// What a use of values by an AI agent costs and needs, behind the question whether it is allowed: the owner's word, and
// room in the budgets. Whatever tells, compares, injects or changes a value for a client goes through `use`; the agent
// and a server without one have the same.
import { Failure } from '../lib/errors.ts'
import type { Asker, Decision, Effect } from '../lib/gate.ts'
import type { Approvals, Use } from '../modes/agent/approvals.ts'
import type { Charge, SecretPlace } from '../vault/view.ts'

/** How many values a session was told, where the policy is a file. It is charged when a value is disclosed. */
export class Reads {
  #used = 0

  /** Throws `denied` when `count` more would be too many under `limit`. */
  check(count: number, limit: number): void {
    if (this.#used + count <= limit) return
    throw new Failure('denied', `the limit of this session is reached (max_reads_per_session is ${limit})`, {
      hint: 'ask the owner',
      code: 'budget_exhausted',
    })
  }

  charge(count: number): void {
    this.#used += count
  }
}

export interface Permitting {
  asker: Asker
  reads: Reads
  /** Counts and runs, both or neither (Vault.spending). */
  spending: <T>(charges: readonly Charge[], act: () => T) => T
  /** Absent where nobody can be asked. */
  approvals: Approvals | undefined
  /** The process that asks: id and start time. */
  process: string
}

/** How long approvals hold where no policy says so, and how long a request waits, in seconds. */
export const DEFAULT_TERMS = { uses: 3, seconds: 300, wait: 60 }

const TOLD: readonly Effect[] = ['reveal', 'compare']
/** Longest part of a client's name that is counted by. */
const LONGEST_CLIENT = 100

export class Permits {
  readonly #with: Permitting

  constructor(permitting: Permitting) {
    this.#with = permitting
  }

  /**
   * Runs `act`, which uses `keys` of `project` in the way of `effect`, when all of it is permitted. Throws `denied` with
   * a code before anything is done.
   */
  use<T>(effect: Effect, project: string, keys: readonly string[], act: () => T): T {
    return this.useAll(
      effect,
      keys.map((key) => ({ project, key })),
      act,
    )
  }

  /** The same for secrets of several projects. */
  useAll<T>(effect: Effect, places: readonly SecretPlace[], act: () => T): T {
    const { charges, demand } = this.#begin(effect, places)
    const result = this.#with.spending(charges, () => {
      demand()
      return act()
    })
    this.#charge(effect, places.length)
    return result
  }

  /** The same for an act that takes its time. */
  async useLong<T>(effect: Effect, project: string, keys: readonly string[], act: () => Promise<T>): Promise<T> {
    const { charges, demand } = this.#begin(
      effect,
      keys.map((key) => ({ project, key })),
    )
    this.#with.spending(charges, demand)
    return act()
  }

  /** Values of several projects at once. A policy with rules for each has no words for that. */
  readonly mixed = {
    check: (count: number): void => {
      const { rules } = this
      if (!rules.own) return this.#with.reads.check(count, rules.reads)
      throw new Failure('denied', 'under a policy of the vault an AI agent does not compare values across projects')
    },
    charge: (count: number): void => this.#with.reads.charge(count),
  }

  private get rules() {
    const { principal } = this.#with.asker
    if (principal.kind === 'mcp') return principal.rules
    throw new Failure('internal', 'a permit for somebody who is no AI agent')
  }

  /** What is to be counted, and the question to the owner, which comes after the counting: one that fails undoes it. */
  #begin(effect: Effect, places: readonly SecretPlace[]): { charges: Charge[]; demand: () => void } {
    const { rules } = this
    if (!rules.own && TOLD.includes(effect)) this.#with.reads.check(places.length, rules.reads)
    const decisions = places.map(({ project, key }) => this.#decide(effect, project, key))
    const rule = decisions.find(({ approve }) => approve !== undefined)?.approve
    const demand = (): void => (rule === undefined ? undefined : this.#demand(effect, places, rule))
    return { charges: rules.own ? this.#charges(effect, decisions) : [], demand }
  }

  #decide(effect: Effect, project: string, key: string): Decision {
    const { principal, command, policy, act } = this.#with.asker
    const decision = policy.decide({ principal, command, effect, project, key, ...(act && { act }) })
    if (decision.allow) return decision
    throw new Failure('denied', `the policy refuses ${effect} (${decision.rule})`)
  }

  #demand(effect: Effect, places: readonly SecretPlace[], rule: string): void {
    const { approvals, asker, process } = this.#with
    const { principal, command, act = {} } = asker
    if (principal.kind !== 'mcp') return
    if (!approvals) throw noOneToAsk()
    const { client, version } = principal
    const use: Use = { client, version, process, command, effect, ...named(places), act, rule }
    const approval = approvals.demand(use, this.rules.own?.session ?? DEFAULT_TERMS)
    asker.via = { ...asker.via, approval }
  }

  #charges(effect: Effect, decisions: readonly Decision[]): Charge[] {
    const { principal } = this.#with.asker
    const client = principal.kind === 'mcp' ? principal.client.slice(0, LONGEST_CLIENT) : ''
    const kind = TOLD.includes(effect) ? 'reads' : 'runs'
    const charges = new Map<string, Charge>()
    for (const { budgets: bound } of decisions) {
      for (const budget of bound?.budgets ?? []) {
        if (budget.kind !== kind) continue
        const name = JSON.stringify([client, bound!.name, kind])
        const id = `${budget.seconds} ${name}`
        const before = charges.get(id)?.count ?? 0
        // A run counts once, whatever it uses; values that are told count each.
        const count = kind === 'reads' ? before + 1 : 1
        charges.set(id, { name, count, limit: budget.count, seconds: budget.seconds })
      }
    }
    return [...charges.values()]
  }

  #charge(effect: Effect, count: number): void {
    if (!this.rules.own && TOLD.includes(effect)) this.#with.reads.charge(count)
  }
}

/** Places as the owner is asked about them. A key has no `/`, so nothing else reads like those of several projects. */
function named(places: readonly SecretPlace[]): { project: string; keys: string[] } {
  const projects = [...new Set(places.map(({ project }) => project))]
  const several = projects.length > 1
  return {
    project: projects.join(' + '),
    keys: places.map(({ project, key }) => (several ? `${project}/${key}` : key)),
  }
}

/** Approval is given in the agent, which outlives one client and hears the owner. */
export function noOneToAsk(): Failure {
  return new Failure('denied', 'it waits for the owner, and without an agent nobody can be asked', {
    hint: 'the owner runs: tvault unlock',
    code: 'approval_required',
  })
}
