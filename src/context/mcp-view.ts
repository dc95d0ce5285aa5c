// The vault as a tool of an AI agent gets it. Names come from the vault file under the policy; values from whoever has
// the key, which may be the agent process, to which we are the owner. So everything is asked of the policy here, before
// anybody is asked for it: a method that is not written out below does not exist.
import { Failure } from '../lib/errors.ts'
import type { Asker, Effect } from '../lib/gate.ts'
import { printable } from '../lib/names.ts'
import type { Secret } from '../lib/secret.ts'
import type { Entry, Names, Selection, View, Written } from '../vault/view.ts'

/** How many values a session was told. It is charged when a value is disclosed, not when one is asked for. */
export class Reads {
  #used = 0

  /** Throws `denied` when `count` more would be too many under `limit`. */
  check(count: number, limit: number): void {
    if (this.#used + count <= limit) return
    throw new Failure('denied', `the limit of this session is reached (max_reads_per_session is ${limit})`, {
      hint: 'ask the owner',
    })
  }

  charge(count: number): void {
    this.#used += count
  }
}

/** The half that needs no key. It does not say how big values are, and cannot copy the vault. */
export function mcpNames(names: Names): Names {
  return {
    summary: () => names.summary(),
    currentProject: () => names.currentProject(),
    projects: () => names.projects(),
    list: (project, options) => names.list(project, options),
    history: (project, key) => names.history(project, key),
    search: (query) => names.search(query),
    recipients: (project) => names.recipients(project),
    groups: () => names.groups(),
    group: (name) => names.group(name),
    keySources: (group, environment) => names.keySources(group, environment),
    audit: (query) => names.audit(query),
    useProject: refuse,
    backup: async () => refuse(),
  }
}

/**
 * `keyed` opens values; `names` is the same vault under the policy of `asker`. `steers` says what a variable of that
 * name would make programs do.
 */
export function mcpView(
  names: Names,
  keyed: View,
  asker: Asker,
  { reads, steers }: { reads: Reads; steers: (key: string) => string | undefined },
): View {
  const { principal, command, policy, effect: declared } = asker
  const limit = principal.kind === 'mcp' ? principal.rules.reads : 0
  const may = (effect: Effect, project: string, key?: string) =>
    policy.decide({ principal, command, effect, project, ...(key !== undefined && { key }) })

  /** Stops the act as if the name were missing; who may know the name is told the rule. */
  const demand = (effect: Effect, project: string, key?: string): void => {
    const { allow, rule } = may(effect, project, key)
    if (allow) return
    if (key === undefined) names.list(project)
    else names.history(project, key)
    throw new Failure('denied', `the policy refuses ${effect} on ${printable(key ?? project)} (${rule})`)
  }
  /** The same for something that must be there. */
  const demandPresent = (effect: Effect, project: string, key: string): void => {
    names.history(project, key)
    demand(effect, project, key)
  }

  const refusing = Object.fromEntries(REFUSED.map((name) => [name, refuse])) as unknown as Pick<View, Refused>
  return {
    ...mcpNames(names),
    ...refusing,

    read(project: string, key: string, options: { version?: number } = {}): Secret {
      demandPresent('reveal', project, key)
      reads.check(1, limit)
      const value = keyed.read(project, key, options)
      reads.charge(1)
      return value
    },

    readMany(project: string, selection: Selection): { entries: Entry[]; missing: string[] } {
      const { only, prefix } = selection
      const known = names.list(project).map(({ key }) => key)
      const wanted = known.filter(
        (key) => only?.includes(key) || (prefix === undefined ? only === undefined : key.startsWith(prefix)),
      )
      const effect = declared === 'inject' ? declared : 'reveal'
      const readable = wanted.filter((key) => may(effect, project, key).allow)
      const missing = (only ?? []).filter((key) => !readable.includes(key))
      if (readable.length === 0) return { entries: [], missing }
      // What a program is given is not told to the client.
      if (effect === 'reveal') reads.check(readable.length, limit)
      const { entries } = keyed.readMany(project, { only: readable })
      if (effect === 'reveal') reads.charge(entries.length)
      return { entries, missing }
    },

    compareMany(project: string, entries: readonly Entry[]) {
      const known = new Set(names.list(project).map(({ key }) => key))
      const comparable = entries.filter(({ key }) => known.has(key) && may('compare', project, key).allow)
      reads.check(comparable.length, limit)
      const states = comparable.length === 0 ? [] : keyed.compareMany(project, comparable)
      // To be told that a value is another one is to be told something about it.
      reads.charge(comparable.length)
      const state = new Map(states.map((one) => [one.key, one.state]))
      return entries.map(({ key }) => ({ key, state: state.get(key) ?? 'absent' }))
    },

    write(project: string, key: string, value: Secret, options: { onlyNew?: boolean } = {}): Written {
      names.list(project)
      if (!may('write', project, key).allow) {
        // Whether there is such a key already makes no difference to the answer; asking for it leaves a row.
        attempt(() => names.history(project, key))
        throw new Failure('denied', `the policy does not let you store ${printable(key)}`)
      }
      const steered = steers(key)
      if (steered !== undefined) {
        throw new Failure('denied', `${key} steers ${steered}: only the owner stores a secret of that name`, {
          hint: `the owner runs: tvault set ${key}`,
        })
      }
      return keyed.write(project, key, value, options)
    },

    rollback(project: string, key: string, to: number): Written {
      demandPresent('write', project, key)
      return keyed.rollback(project, key, to)
    },

    async delete(project: string, keys: readonly string[]): Promise<void> {
      for (const key of keys) demandPresent('destroy', project, key)
      await keyed.delete(project, keys)
    },

    createProject(name: string, description: string): void {
      const { allow, rule } = may('write', name)
      if (!allow) throw new Failure('denied', `the policy refuses a project of that name (${rule})`)
      keyed.createProject(name, description)
    },

    async deleteProject(name: string): Promise<void> {
      names.list(name)
      demand('destroy', name)
      const { deny, allow } = principal.kind === 'mcp' ? principal.rules.keys : { deny: [''], allow: [] }
      // Behind names that are hidden from the client there may be secrets, which it may not destroy.
      if (deny.length > 0 || !allow.some((pattern) => /^\*+$/.test(pattern))) {
        throw new Failure('denied', 'a project is destroyed only by who may destroy each of its secrets')
      }
      await keyed.deleteProject(name)
    },

    settle: (result) => keyed.settle(result),
  }
}

function attempt(act: () => unknown): void {
  try {
    act()
  } catch (error) {
    if (!(error instanceof Failure)) throw error
  }
}

const REFUSED = [
  'writeMany',
  'copy',
  'move',
  'share',
  'unshare',
  'createGroup',
  'addEnvironment',
  'removeEnvironment',
  'deleteGroup',
  'setBase',
  'resolve',
  'differences',
  'promotionPlan',
  'promote',
  'pin',
  'unpin',
  'rotate',
  'verifyAudit',
  'verifyAll',
  'fileKey',
] as const satisfies readonly (keyof View)[]

type Refused = (typeof REFUSED)[number]

function refuse(): never {
  throw new Failure('denied', 'an AI agent cannot do this')
}
