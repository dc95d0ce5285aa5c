// Values through an environment group: the environment's own, else the one of its nearest base that has the key.
// Each project on the way is asked of the policy and gets its own intent in the audit log before a value leaves.
import { compareTexts } from '../lib/bytes.ts'
import { boundedNames } from './audit.ts'
import { checkedGroup, links, nearest } from './group-names.ts'
import { OPERATIONS } from './operations.ts'
import { currentKeys, currentRow, openAll, openRow, rowHolds } from './secrets.ts'
import type { Reader } from '../store/store.ts'
import type { AuditNote } from './audit.ts'
import type { Link } from './group-names.ts'
import type { Scope } from './scope.ts'
import type { Opener, SecretRow } from './secrets.ts'
import type { AuditEntry, GroupDifference, Resolved, Selection } from './view.ts'

interface Found {
  link: Link
  row: SecretRow
}

/** The chosen secrets of an environment, sorted bytewise by key, for the caller to wipe; `missing` lists unknown names. */
export function resolve(
  scope: Scope,
  opener: Opener,
  name: string,
  environment: string,
  selection: Selection,
  recipients?: readonly string[],
): { entries: Resolved[]; missing: string[] } {
  const { only, prefix } = selection
  const { found, missing } = scope.intend((writer) => {
    const path = links(scope, writer, checkedGroup(scope, writer, name), environment)
    for (const { project } of path) {
      scope.demand(OPERATIONS.read, { project: project.name }, { group: name, environment })
    }
    const picked = new Set(only)
    if (prefix !== undefined || only === undefined) {
      for (const { project } of path) for (const key of currentKeys(writer, project, prefix)) picked.add(key)
    }
    const keys = [...picked].sort(compareTexts)
    const found = keys.flatMap((key) => nearestAllowed(scope, writer, path, key))
    const there = new Set(found.map(({ row }) => row.key))
    const missing = keys.filter((key) => !there.has(key) && only?.includes(key))
    const metadata = {
      group: name,
      env: environment,
      ...(recipients && { recipients: boundedNames(recipients) }),
    }
    return { intent: intents(scope, path, found, metadata), found: { found, missing } }
  })
  return { entries: open(opener, found), missing }
}

/** As `read` and `readMany` write it: one secret by its name, several as names of their project. */
function intents(
  scope: Scope,
  path: readonly Link[],
  found: readonly Found[],
  shared: AuditEntry['metadata'],
): AuditNote[] {
  return path.flatMap(({ environment, project: { name: project } }) => {
    const keys = found.filter(({ link }) => link.environment === environment).map(({ row }) => row.key)
    const [key] = keys
    if (key === undefined) return []
    const source = { ...shared, source: environment }
    if (found.length === 1) return scope.note(OPERATIONS.read, { project, key }, { metadata: source })
    const metadata = { bulk: true, count: keys.length, ...source, keys: boundedNames(keys) }
    return scope.note(OPERATIONS.read, { project }, { metadata })
  })
}

function nearestAllowed(scope: Scope, reader: Reader, path: readonly Link[], key: string): Found[] {
  const allowed = path.filter(({ project }) => scope.allowed(OPERATIONS.read, project.name, key))
  const found = nearest(reader, allowed, key)
  return found ? [found] : []
}

/** All values, or none: what was opened is wiped when one does not open. */
function open(opener: Opener, found: readonly Found[]): Resolved[] {
  const sources = found.map(({ link }) => link.environment)
  const entries = openAll(
    opener,
    found.map(({ link, row }) => ({ project: link.project, row })),
  )
  return entries.map((entry, i) => ({ ...entry, environment: sources[i] ?? '' }))
}

/**
 * Which keys the environments of a group have of their own and, of those that more than one has, whether their values
 * are the same. Sorted bytewise by key. Never gives a value out, but comparing counts as reading.
 */
export function differences(scope: Scope, opener: Opener, name: string): GroupDifference[] {
  const compared = scope.intend((writer) => {
    const group = checkedGroup(scope, writer, name)
    const all = group.environments.map(({ name: one }) => links(scope, writer, group, one)[0])
    const rows = new Map<string, Found[]>()
    const notes: AuditNote[] = []
    for (const link of all) {
      const project = link.project.name
      scope.demand(OPERATIONS.compare, { project }, { group: name })
      const keys = [...currentKeys(writer, link.project)].filter((key) =>
        scope.allowed(OPERATIONS.compare, project, key),
      )
      for (const key of keys) {
        const row = currentRow(writer, link.project, key)
        if (row) rows.set(key, [...(rows.get(key) ?? []), { link, row }])
      }
      const metadata = { bulk: true, source: 'diff', count: keys.length, group: name, keys: boundedNames(keys) }
      if (keys.length > 0) notes.push(scope.note(OPERATIONS.compare, { project }, { metadata }))
    }
    return { intent: notes, found: rows }
  })
  return [...compared]
    .sort(([a], [b]) => compareTexts(a, b))
    .map(([key, found]) => ({
      key,
      environments: found.map(({ link }) => link.environment),
      same: allSame(opener, found),
    }))
}

function allSame(opener: Opener, [first, ...others]: readonly Found[]): boolean {
  if (!first || others.length === 0) return true
  const value = openRow(opener, first.link.project, first.row)
  try {
    return others.every(({ link, row }) => rowHolds(opener, link.project, row, value))
  } finally {
    value.wipe()
  }
}
