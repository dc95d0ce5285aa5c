// What the commands about environment groups share: their fields, a group as JSON, and where environments differ.
import { escaped, printable } from '../../lib/names.ts'
import { Failure } from '../../lib/errors.ts'
import { cell } from '../../faces/table.ts'
import { toRfc3339Seconds } from '../../lib/time.ts'
import type { GroupDifference, GroupInfo, KeySource, Names } from '../../vault/view.ts'
import type { Style } from '../context.ts'

export const GROUP_FIELD = { kind: 'text', required: true, about: 'The environment group' } as const
export const ENVIRONMENT_FIELD = {
  kind: 'text',
  required: true,
  about: 'The environment',
  placeholder: 'name',
} as const
export const GROUP_NAME_FIELD = { kind: 'text', at: 0, required: true, about: 'Name of the group' } as const

/** A group as `--json` prints it, in the form of TinyVault 0.23. */
export function groupData({ name, description, createdAt, updatedAt, environments }: GroupInfo) {
  const inheritance = environments.flatMap(({ name: child, from }) => (from === undefined ? [] : [[child, { from }]]))
  return {
    name,
    ...(description && { description }),
    created_at: toRfc3339Seconds(createdAt),
    updated_at: toRfc3339Seconds(updatedAt),
    environments: environments.map(({ name: environment, project }) => ({ name: environment, project })),
    ...(inheritance.length > 0 && { inheritance: Object.fromEntries(inheritance) }),
  }
}

/** `name=project` of the flag --env. Throws a usage failure. */
export function parseEnvironment(typed: string): { name: string; project: string } {
  const equals = typed.indexOf('=')
  const [name, project] = [typed.slice(0, equals), typed.slice(equals + 1)]
  if (equals > 0 && project !== '') return { name, project }
  throw new Failure('usage', `--env takes name=project, not ${printable(typed)}`, {
    hint: '--env production=web',
  })
}

export type Presence = 'missing' | 'local-only' | 'present' | 'same' | 'different'

/** One key across the environments of a group. */
export interface KeyDifference {
  key: string
  status: 'present' | 'same' | 'different' | 'drift'
  environments: { env: string; present: boolean; status: Presence; inherited_from?: string }[]
}

/**
 * Every key of a group in the order of its environments. Own keys count, inherited ones are marked: an environment that
 * inherits a key still has not got it. `values` are the differences of values, when they were compared.
 */
export function compareKeys(names: Names, group: GroupInfo, values?: readonly GroupDifference[]): KeyDifference[] {
  const sources = new Map<string, KeySource[]>()
  for (const { name } of group.environments) sources.set(name, names.keySources(group.name, name))
  const own = new Map<string, Set<string>>()
  for (const [name, found] of sources) {
    for (const { key, inherited } of found) {
      const owners = own.get(key) ?? new Set()
      if (!inherited) owners.add(name)
      own.set(key, owners)
    }
  }
  const inherits = new Map(
    [...sources].map(([name, found]) => [name, new Map(found.map((one) => [one.key, one]))] as const),
  )
  const same = new Map(values?.map((one) => [one.key, one.same]))
  return [...own]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, owners]) => {
      const state = presence(owners.size, values === undefined ? undefined : same.get(key))
      const environments = group.environments.map(({ name }) => {
        const source = inherits.get(name)?.get(key)
        if (owners.has(name)) return { env: name, present: true, status: state }
        const from = source?.inherited ? { inherited_from: source.environment } : {}
        return { env: name, present: false, status: 'missing' as const, ...from }
      })
      const complete = owners.size === group.environments.length
      return { key, status: state === 'different' ? state : complete ? overall(state) : 'drift', environments }
    })
}

function presence(owners: number, same: boolean | undefined): Exclude<Presence, 'missing'> {
  if (owners === 1) return 'local-only'
  if (same === undefined) return 'present'
  return same ? 'same' : 'different'
}

/** A group of one environment has every key in all of them. */
function overall(state: Exclude<Presence, 'missing' | 'different'>): 'present' | 'same' {
  return state === 'same' ? 'same' : 'present'
}

/** Whether the environments have not all the same keys, or, compared, not the same values. */
export function isDrift(keys: readonly KeyDifference[]): boolean {
  return keys.some(({ status }) => status === 'drift' || status === 'different')
}

/** `production → prod (inherits from base)`, one line each, indented. */
export function environmentLines({ environments }: GroupInfo): string {
  return environments
    .map(({ name, project, from }) => {
      const inherits = from === undefined ? '' : ` (inherits from ${cell(from)})`
      return `  ${cell(name)} → ${cell(project)}${inherits}\n`
    })
    .join('')
}

/** The last line of a comparison. `values`: they were compared as well. */
export function verdict(keys: readonly KeyDifference[], style: Style, values: boolean): string {
  const differing = keys.filter(({ status }) => status === 'drift' || status === 'different').length
  if (differing > 0) return `${style.warn(`Drift detected — ${differing} key(s) differ across environments`)}\n`
  const what = values ? 'the same keys and values' : 'the same key set'
  return `${style.ok(`No drift — all environments have ${what}`)}\n`
}

/** A name as part of a command to type. */
export function quoted(name: string): string {
  return /^[\w.@%+=:,/-]+$/.test(name) ? name : `'${escaped(name).replaceAll("'", "'\\''")}'`
}
