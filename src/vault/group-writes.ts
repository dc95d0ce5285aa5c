// Values that move between the environments of a group: promoted, pinned, unpinned. A value is opened and sealed again
// inside the one transaction that also writes the audit row; it never leaves the vault on the way.
import { compareTexts, toHex } from '../lib/bytes.ts'
import { Failure } from '../lib/errors.ts'
import { checkKey, printable } from '../lib/names.ts'
import { boundedNames } from './audit.ts'
import { checkedGroup, links, nearest, pinState } from './group-names.ts'
import { putGroup } from './group-rows.ts'
import { touched } from './groups.ts'
import { OPERATIONS } from './operations.ts'
import { copyRows, rebuild } from './rotate.ts'
import { secretKey } from './schema.ts'
import { currentKeys, currentRow, openRow, putValue, rowHolds } from './secrets.ts'
import { followTier } from './tiers.ts'
import type { Reader } from '../store/store.ts'
import type { Group } from './group-rows.ts'
import type { Link } from './group-names.ts'
import type { Project } from './projects.ts'
import type { Scope } from './scope.ts'
import type { Opener, SecretRow } from './secrets.ts'
import type { Promotion, Written } from './view.ts'

/** What `promote` would do with the named keys, or with all that `from` has of its own. Comparing counts as reading. */
export function promotionPlan(
  scope: Scope,
  opener: Opener,
  name: string,
  from: string,
  to: string,
  named: readonly string[] | undefined,
): Promotion[] {
  const { rows, missing, source, target } = scope.intend((writer) => {
    const { source, target } = ends(scope, writer, name, from, to)
    for (const project of [source, target]) {
      scope.demand(OPERATIONS.compare, { project: project.name }, { group: name })
    }
    const keys = [...new Set(named ?? currentKeys(writer, source))].sort(compareTexts)
    const rows: { row: SecretRow; present: SecretRow | undefined }[] = []
    const missing: string[] = []
    for (const key of keys) {
      const row = scope.allowed(OPERATIONS.compare, source.name, key) ? currentRow(writer, source, key) : undefined
      const known = row && scope.allowed(OPERATIONS.compare, target.name, key)
      if (row) rows.push({ row, present: known ? currentRow(writer, target, key) : undefined })
      else missing.push(key)
    }
    const compared = rows.map(({ row }) => row.key)
    const metadata = { bulk: true, source: 'diff', count: compared.length, group: name, keys: boundedNames(compared) }
    const note = (project: Project) => scope.note(OPERATIONS.compare, { project: project.name }, { metadata })
    const intent = compared.length === 0 ? undefined : [note(source), note(target)]
    return { intent, found: { rows, missing, source, target } }
  })
  return [
    ...rows.map(({ row, present }) => promotion(opener, source, row, target, present)),
    ...missing.map((key): Promotion => ({ key, change: 'missing', fromVersion: 0, toVersion: 0 })),
  ].sort((a, b) => compareTexts(a.key, b.key))
}

function promotion(
  opener: Opener,
  source: Project,
  row: SecretRow,
  target: Project,
  present: SecretRow | undefined,
): Promotion {
  const versions = { key: row.key, fromVersion: row.version, toVersion: present?.version ?? 0 }
  if (!present) return { ...versions, change: 'new' }
  const value = openRow(opener, source, row)
  try {
    return { ...versions, change: rowHolds(opener, target, present, value) ? 'same' : 'changed' }
  } finally {
    value.wipe()
  }
}

/**
 * Carries a plan out: everything new or changed in it, in one transaction. Throws `conflict`, and changes nothing, when
 * one of the keys is at another version by now.
 */
export function promote(
  scope: Scope,
  opener: Opener,
  name: string,
  from: string,
  to: string,
  plan: readonly Promotion[],
): Written[] {
  const chosen = plan.filter(({ change }) => change === 'new' || change === 'changed')
  return scope.session.commit((writer) => {
    const { source, target } = ends(scope, writer, name, from, to)
    const written = chosen.map(({ key, fromVersion, toVersion }) => {
      scope.demand(OPERATIONS.read, { project: source.name, key })
      scope.demand(OPERATIONS.promote, { project: target.name, key })
      const row = currentRow(writer, source, key)
      if (row?.version !== fromVersion || (currentRow(writer, target, key)?.version ?? 0) !== toVersion) {
        throw new Failure('conflict', `${key} was changed meanwhile`, { hint: 'run the command again' })
      }
      const value = openRow(opener, source, row)
      try {
        followTier(scope, writer, writer, { project: source.name, key }, { project: target.name, key })
        return putValue(writer, opener, target, key, value)
      } finally {
        value.wipe()
      }
    })
    if (written.length === 0) return written
    const keys = boundedNames(written.map(({ key }) => key))
    const metadata = { bulk: true, count: written.length, group: name, from_env: from, to_env: to, keys }
    scope.record(writer, scope.note(OPERATIONS.promote, { project: target.name }, { metadata }))
    return written
  })
}

/** The projects of two environments. Throws `usage` when they are the same. */
function ends(
  scope: Scope,
  reader: Reader,
  name: string,
  from: string,
  to: string,
): { source: Project; target: Project } {
  const group = checkedGroup(scope, reader, name)
  if (from === to) {
    throw new Failure('usage', `${printable(from)} cannot be promoted to itself`, { hint: 'name two environments' })
  }
  const [source] = links(scope, reader, group, from)
  const [target] = links(scope, reader, group, to)
  return { source: source.project, target: target.project }
}

/**
 * Copies the value that `environment` inherits for `key` into its own project, so that changes of the base no longer
 * reach it. A key of its own stays as it is. Returns where the value comes from. Throws `not_found` when no base has it.
 */
export function pin(
  scope: Scope,
  opener: Opener,
  name: string,
  environment: string,
  key: string,
): Written & { from: string } {
  checkKey(key)
  return scope.session.commit((writer) => {
    const group = checkedGroup(scope, writer, name)
    const path = links(scope, writer, group, environment)
    const [{ project }] = path
    scope.demand(OPERATIONS.pin, { project: project.name, key })
    const { link, row } = scope.found(nearest(writer, path, key), { project: project.name, key })
    if (link.environment === environment) return { key, version: row.version, change: 'unchanged', from: environment }
    scope.demand(OPERATIONS.read, { project: link.project.name, key })
    const value = openRow(opener, link.project, row)
    try {
      const written = putValue(writer, opener, project, key, value)
      followTier(scope, writer, writer, { project: link.project.name, key }, { project: project.name, key })
      const at = currentRow(writer, project, key)?.createdAt ?? 0n
      const pins = [...livePins(writer, scope, group), { environment, key, at }]
      store(scope, writer, { ...group, pins })
      const metadata = { group: name, env: environment, from: link.environment }
      scope.record(writer, scope.note(OPERATIONS.pin, { project: project.name, key }, { metadata }))
      return { ...written, from: link.environment }
    } finally {
      value.wipe()
    }
  })
}

/**
 * Takes away the copy that `pin` made, so that `environment` inherits `key` again; nothing of the copy stays in the
 * file. Returns from where. Throws `conflict`, and destroys nothing, when the key was not pinned, was changed since, or
 * no base has it any more: then it may be the only one of its kind.
 */
export async function unpin(
  scope: Scope,
  name: string,
  environment: string,
  key: string,
): Promise<{ key: string; from: string }> {
  let from = ''
  await rebuild(scope.session, (reader, to) => {
    const group = checkedGroup(scope, reader, name)
    const [own, ...bases] = links(scope, reader, group, environment)
    const { project } = own
    scope.demand(OPERATIONS.unpin, { project: project.name, key })
    scope.found(currentRow(reader, project, key), { project: project.name, key })
    refuseToLose(pinState(reader, group, own, key), project, environment, key)
    const base = nearest(reader, bases, key)
    if (!base) throw mustStay(project, key, `no base of ${printable(environment)} has ${key} any more`)
    from = base.link.environment
    const doomed = toHex(secretKey(project.id, key))
    copyRows(reader, to, (table, row) => table === 'secrets' && toHex(row) === doomed)
    const pins = livePins(to, scope, group)
    store(scope, to, { ...group, pins })
    const metadata = { group: name, env: environment, from }
    scope.record(to, scope.note(OPERATIONS.unpin, { project: project.name, key }, { metadata }))
  })
  return { key, from }
}

function refuseToLose(state: 'pinned' | 'changed' | 'own', project: Project, environment: string, key: string): void {
  if (state === 'own') throw mustStay(project, key, `${key} is not pinned: it is ${printable(environment)}'s own`)
  if (state === 'changed')
    throw mustStay(project, key, `${key} was changed in ${printable(environment)} after it was pinned`)
}

function mustStay(project: Project, key: string, words: string): Failure {
  return new Failure('conflict', words, { hint: `tvault delete ${key} -p ${printable(project.name)} destroys it` })
}

/** Pins whose copy is still there. */
function livePins(reader: Reader, scope: Scope, group: Group): Group['pins'] {
  return group.pins.filter(({ environment, key }) => {
    const [link]: readonly Link[] = links(scope, reader, group, environment)
    return link !== undefined && pinState(reader, group, link, key) !== 'own'
  })
}

function store(scope: Scope, writer: Parameters<typeof putGroup>[0], group: Group): void {
  const { keys, header } = scope.session
  putGroup(writer, keys, header.vaultId, touched(group))
}
