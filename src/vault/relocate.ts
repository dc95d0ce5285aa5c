// A secret under another name or in another project, with all its versions, their numbers and times. A box is bound to
// its place, so every version is opened and sealed again; no value leaves the vault on the way. Reading the source is
// asked of the policy, because whoever may read the new place could read through it what the old one keeps.
import { toHex } from '../lib/bytes.ts'
import { Failure } from '../lib/errors.ts'
import { checkKey, printable } from '../lib/names.ts'
import { sealValue } from './boxes.ts'
import { OPERATIONS } from './operations.ts'
import { copyRows, rebuild } from './rotate.ts'
import { encodeSecret, historyKey, secretKey } from './schema.ts'
import { followTier } from './tiers.ts'
import { archivedRows, currentRow, openRow } from './secrets.ts'
import type { Reader, Writer } from '../store/store.ts'
import type { AuditNote } from './audit.ts'
import type { Operation } from './operations.ts'
import type { Project } from './projects.ts'
import type { Scope } from './scope.ts'
import type { Opener, SecretRow } from './secrets.ts'
import type { SecretPlace } from './view.ts'

interface Ends {
  source: Project
  target: Project
  current: SecretRow
}

/** Copies `from` to `to`, which must not exist. Returns how many versions there are. */
export function copySecret(scope: Scope, opener: Opener, from: SecretPlace, to: SecretPlace): number {
  return scope.session.commit((writer) => {
    const ends = findEnds(scope, writer, from, to)
    const versions = sealAgain(writer, writer, opener, ends, to.key)
    followTier(scope, writer, writer, from, to)
    scope.record(writer, noteOf(scope, OPERATIONS.copy, from, to, versions))
    return versions
  })
}

/** The same in a fresh file, in which nothing of the old place is left (D5). */
export async function moveSecret(scope: Scope, opener: Opener, from: SecretPlace, to: SecretPlace): Promise<number> {
  let versions = 0
  scope.demand(OPERATIONS.move, from)
  await rebuild(scope.session, (reader, writer) => {
    const ends = findEnds(scope, reader, from, to)
    const doomed = toHex(secretKey(ends.source.id, from.key))
    copyRows(reader, writer, (table, row) => {
      if (table === 'secrets') return toHex(row) === doomed
      return table === 'history' && toHex(row.subarray(0, -5)) === doomed
    })
    versions = sealAgain(reader, writer, opener, ends, to.key)
    followTier(scope, reader, writer, from, to, { moved: true })
    scope.record(writer, noteOf(scope, OPERATIONS.move, from, to, versions))
  })
  return versions
}

/** Both projects and the present version, when the policy allows it and there is room for it. */
function findEnds(scope: Scope, reader: Reader, from: SecretPlace, to: SecretPlace): Ends {
  scope.demand(OPERATIONS.read, from)
  scope.demand(OPERATIONS.write, { project: to.project, key: checkKey(to.key) })
  const source = scope.project(reader, from.project)
  const target = scope.project(reader, to.project)
  const current = scope.found(currentRow(reader, source, from.key), from)
  if (currentRow(reader, target, to.key)) {
    throw new Failure('conflict', `${to.key} exists already in project ${printable(to.project)}`, {
      hint: 'its history cannot be joined with another one; choose another name, or delete it first',
    })
  }
  return { source, target, current }
}

function sealAgain(
  reader: Reader,
  writer: Writer,
  opener: Opener,
  { source, target, current }: Ends,
  key: string,
): number {
  const place = secretKey(target.id, key)
  let versions = 0
  const put = (row: SecretRow, table: 'secrets' | 'history', at: Uint8Array): void => {
    const { version, createdAt, updatedAt } = row
    const value = openRow(opener, source, row)
    try {
      const box = sealValue(opener.header.suite, opener.keys.projectKey(target.id, target), value, {
        vaultId: opener.header.vaultId,
        project: target.id,
        key,
        version,
        createdAt,
        updatedAt,
      })
      writer.put(table, at, encodeSecret(place, { version, createdAt, updatedAt, box }))
      versions += 1
    } finally {
      value.wipe()
    }
  }
  // Collected first: the table that is walked is the one that is written.
  const archive = [...archivedRows(reader, source, current.key)]
  for (const row of archive) put(row, 'history', historyKey(target.id, key, row.version))
  put(current, 'secrets', place)
  return versions
}

function noteOf(scope: Scope, operation: Operation, from: SecretPlace, to: SecretPlace, versions: number): AuditNote {
  return scope.note(operation, from, { metadata: { to_project: to.project, to_key: to.key, versions } })
}
