// The vault as a tool of an AI agent gets it, in the agent process or in a server that has the key itself. Everything is
// asked of the policy here, also of one that only the owner's budgets and word can answer, and again at the handle below:
// a method that is not written out does not exist.
import { isTier2 } from '../commands/policy-mcp.ts'
import { Failure } from '../lib/errors.ts'
import type { Asker, Effect } from '../lib/gate.ts'
import { printable } from '../lib/names.ts'
import type { Secret } from '../lib/secret.ts'
import { mcpGroups } from './mcp-groups.ts'
import type { Permits } from './permits.ts'
import type { Entry, Names, Selection, View, Written } from '../vault/view.ts'

/** The half that needs no key. It does not say how big values are, and cannot copy the vault. */
export function mcpNames(names: Names, { principal }: Asker): Names {
  return {
    summary: () => names.summary(),
    currentProject: () => names.currentProject(),
    projects: () => names.projects(),
    list(project, options) {
      const secrets = names.list(project, options)
      // The rules of now: a conversation outlives a change of them.
      const rules = principal.kind === 'mcp' ? principal.rules : undefined
      return rules?.tier2?.size
        ? secrets.map((one) => (isTier2(rules, project, one.key) ? { ...one, tier: 2 } : one))
        : secrets
    },
    history: (project, key) => names.history(project, key),
    search: (query) => names.search(query),
    recipients: (project) => names.recipients(project),
    groups: () => names.groups(),
    group: (name) => names.group(name),
    // A group of which the client may not know all is not there, whatever is asked about it.
    keySources: (group, environment) => names.keySources(names.group(group).name, environment),
    audit: (query) => names.audit(query),
    useProject: refuse,
    backup: async () => refuse(),
    policy: refuse,
    tiers: refuse,
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
  { permits, steers }: { permits: Permits; steers: (key: string) => string | undefined },
): View {
  const { principal, command, policy, effect: declared, act } = asker
  const may = (effect: Effect, project: string, key?: string) =>
    policy.decide({ principal, command, effect, project, ...(key !== undefined && { key }), ...(act && { act }) })

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
    ...mcpNames(names, asker),
    ...refusing,
    ...mcpGroups({ names, keyed, asker, reads: permits.mixed }),

    read(project: string, key: string, options: { version?: number } = {}): Secret {
      demandPresent('reveal', project, key)
      return permits.use('reveal', project, [key], () => keyed.read(project, key, options))
    },

    readMany(project: string, selection: Selection): { entries: Entry[]; missing: string[] } {
      const { only, prefix } = selection
      const known = names.list(project).map(({ key }) => key)
      const wanted = known.filter(
        (key) => only?.includes(key) || (prefix === undefined ? only === undefined : key.startsWith(prefix)),
      )
      const effect = declared === 'inject' || declared === 'write-file' ? declared : 'reveal'
      const readable = wanted.filter((key) => may(effect, project, key).allow)
      const missing = (only ?? []).filter((key) => !readable.includes(key))
      if (readable.length === 0) return { entries: [], missing }
      const { entries } = permits.use(effect, project, readable, () => keyed.readMany(project, { only: readable }))
      return { entries, missing }
    },

    resolve(group: string, environment: string, { only, prefix }: Selection) {
      const { environments } = names.group(group)
      const sources = names.keySources(group, environment)
      const projects = new Map(environments.map(({ name, project }) => [name, project]))
      const effect = declared === 'inject' ? declared : 'reveal'
      // A base is used like the environment itself, so it must be the client's as well.
      const bases = new Map(environments.map(({ name, from }) => [name, from]))
      for (let at: string | undefined = environment; at !== undefined; at = bases.get(at)) {
        demand(effect, projects.get(at) ?? '')
      }
      const places = sources
        .filter(({ key }) => only?.includes(key) || (prefix === undefined ? !only : key.startsWith(prefix)))
        .map(({ key, environment: source }) => ({ key, source, project: projects.get(source) ?? '' }))
        .filter(({ project, key }) => may(effect, project, key).allow)
      const missing = (only ?? []).filter((key) => !places.some((place) => place.key === key))
      if (places.length === 0) return { entries: [], missing }
      const keys = places.map(({ key }) => key)
      const { entries } = permits.useAll(effect, places, () => keyed.resolve(group, environment, { only: keys }))
      if (places.every(({ key, source }, i) => entries[i]?.key === key && entries[i].environment === source)) {
        return { entries, missing }
      }
      for (const { value } of entries) value.wipe()
      throw new Failure('conflict', 'the environment was changed meanwhile', { hint: 'ask again' })
    },

    compareMany(project: string, entries: readonly Entry[]) {
      const known = new Set(names.list(project).map(({ key }) => key))
      const comparable = entries.filter(({ key }) => known.has(key) && may('compare', project, key).allow)
      // To be told that a value is another one is to be told something about it.
      const keys = comparable.map(({ key }) => key)
      const compare = () => keyed.compareMany(project, comparable)
      const states = comparable.length === 0 ? [] : permits.use('compare', project, keys, compare)
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
      return permits.use('write', project, [key], () => keyed.write(project, key, value, options))
    },

    rollback(project: string, key: string, to: number): Written {
      demandPresent('write', project, key)
      return permits.use('write', project, [key], () => keyed.rollback(project, key, to))
    },

    async delete(project: string, keys: readonly string[]): Promise<void> {
      for (const key of keys) demandPresent('destroy', project, key)
      await permits.useLong('destroy', project, keys, () => keyed.delete(project, keys))
    },

    createProject(name: string, description: string): void {
      const { allow, rule } = may('write', name)
      if (!allow) throw new Failure('denied', `the policy refuses a project of that name (${rule})`)
      keyed.createProject(name, description)
    },

    async deleteProject(name: string): Promise<void> {
      names.list(name)
      demand('destroy', name)
      const { deny, allow } =
        principal.kind === 'mcp' && !principal.rules.own ? principal.rules.keys : { deny: [''], allow: [] }
      // Behind names that are hidden from the client there may be secrets, which it may not destroy.
      if (deny.length > 0 || !allow.some((pattern) => /^\*+$/.test(pattern))) {
        throw new Failure('denied', 'a project is destroyed only by who may destroy each of its secrets')
      }
      const keys = names.list(name).map(({ key }) => key)
      await permits.useLong('destroy', name, keys, () => keyed.deleteProject(name))
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
  'setPolicy',
  'raiseTier',
  'lowerTier',
  'clearTiers',
  'rotate',
  'verifyAudit',
  'verifyAll',
  'fileKey',
] as const satisfies readonly (keyof View)[]

type Refused = (typeof REFUSED)[number]

function refuse(): never {
  throw new Failure('denied', 'an AI agent cannot do this')
}
