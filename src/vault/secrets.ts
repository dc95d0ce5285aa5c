// Secrets and their versions: rows in, rows out. Overwriting archives the old row verbatim; a version number is
// never used twice while the key lives. Nothing here asks the policy or writes audit rows (scope.ts).
import { Failure } from '../lib/errors.ts'
import { checkKey, printable } from '../lib/names.ts'
import { now } from '../lib/time.ts'
import { holdsValue, openValue, sealValue } from './boxes.ts'
import { checkEdges, checkGap } from './gaps.ts'
import {
  decodeNamed,
  decodeSecret,
  encodeSecret,
  keyIn,
  historyKey,
  parseHistoryKey,
  secretKey,
  under,
  BOX_OVERHEAD,
} from './schema.ts'
import { joined, utf8 } from '../lib/bytes.ts'
import type { Secret } from '../lib/secret.ts'
import type { Reader, Writer } from '../store/store.ts'
import type { Project } from './projects.ts'
import type { Header } from './header-record.ts'
import type { ProjectKeys } from './keyring.ts'
import type { SecretRecord } from './schema.ts'
import type { Entry, Progress, SecretInfo, Written } from './view.ts'
import type { ValuePlace } from './boxes.ts'

export const MAX_VERSION = 0xffffffff

export interface SecretRow extends SecretRecord {
  key: string
}

/** What is needed to open and seal values. */
export interface Opener {
  header: Header
  keys: ProjectKeys
}

/** The newest version. Throws `corrupt` for a damaged row, and for an archived row put back as the current one. */
export function currentRow(reader: Reader, project: Project, key: string): SecretRow | undefined {
  const place = secretKey(project.id, key)
  const record = reader.get('secrets', place)
  if (!record) return undefined
  const row = { key, ...decodeNamed(place, record) }
  const later = { from: historyKey(project.id, key, row.version), to: endOfHistory(project, key), limit: 1 }
  for (const _ of reader.keys('history', later)) throw putBack(project, key)
  return row
}

/**
 * Current rows sorted bytewise by key, those that are `wanted`, each as sound as `currentRow` finds it: in two walks,
 * however many there are. Of the others only the key is looked at. Throws `corrupt`.
 */
export function soundRows(
  reader: Reader,
  project: Project,
  prefix: string | undefined,
  wanted: (key: string) => boolean,
): SecretRow[] {
  const range = under(secretKey(project.id, prefix ?? ''))
  const newest = new Map<string, number>()
  for (const row of reader.keys('history', range)) {
    // In the order of versions, so the last one stays.
    const { key, version } = parseHistoryKey(row)
    newest.set(key, version)
  }
  checkEdges(reader, 'secrets', range)
  const rows: SecretRow[] = []
  for (const { key: place, value } of reader.range('secrets', range)) {
    const key = keyIn(place)
    if (!wanted(key)) continue
    const row = { key, ...decodeNamed(place, value) }
    if ((newest.get(key) ?? 0) >= row.version) throw putBack(project, key)
    rows.push(row)
  }
  return rows
}

function putBack(project: Project, key: string): Failure {
  const message = `${key} in project ${project.name} is older than its own history: it was tampered with`
  return new Failure('corrupt', message, { hint: 'tvault doctor' })
}

/** One version, archived or current. Throws `corrupt`. */
export function versionRow(reader: Reader, project: Project, key: string, version: number): SecretRow | undefined {
  const current = currentRow(reader, project, key)
  if (!current || version >= current.version) return current?.version === version ? current : undefined
  if (!isVersion(version)) return undefined
  const record = reader.get('history', historyKey(project.id, key, version))
  return record && archived(project, key, version, record)
}

/** The versions before the current one, oldest first. Throws `corrupt`. */
export function* archivedRows(reader: Reader, project: Project, key: string): Generator<SecretRow> {
  const range = { from: historyKey(project.id, key, 0), to: endOfHistory(project, key) }
  checkEdges(reader, 'history', range)
  for (const row of reader.range('history', range)) {
    yield archived(project, key, parseHistoryKey(row.key).version, row.value)
  }
}

/**
 * Every version of every secret of a project: archived ones sorted bytewise by key, oldest first, then the current ones.
 * Two walks over the tables, however many keys there are. Throws `corrupt`.
 */
export function* everyVersion(reader: Reader, project: Project): Generator<SecretRow & { current: boolean }> {
  const range = under(project.id)
  checkEdges(reader, 'history', range)
  for (const row of reader.range('history', range)) {
    const { key, version } = parseHistoryKey(row.key)
    yield { ...archived(project, key, version, row.value), current: false }
  }
  for (const row of currentRows(reader, project)) yield { ...row, current: true }
}

/** Current rows sorted bytewise by key. Throws `corrupt`. */
export function* currentRows(reader: Reader, project: Project, prefix = ''): Generator<SecretRow> {
  const range = under(secretKey(project.id, prefix))
  checkEdges(reader, 'secrets', range)
  for (const row of reader.range('secrets', range)) {
    const { version, createdAt, updatedAt, box } = decodeSecret(row.key, row.value)
    yield { key: keyIn(row.key), version, createdAt, updatedAt, box }
  }
}

/** Keys of current secrets sorted bytewise, without reading a value. Throws `corrupt`. */
export function* currentKeys(reader: Reader, project: Project, prefix = ''): Generator<string> {
  const range = under(secretKey(project.id, prefix))
  checkEdges(reader, 'secrets', range)
  for (const row of reader.keys('secrets', range)) yield keyIn(row)
}

/** How many current secrets a project has, without looking at one. Throws `corrupt`. */
export function countKeys(reader: Reader, project: Project): number {
  const range = under(project.id)
  checkEdges(reader, 'secrets', range)
  return reader.count('secrets', range)
}

/** Seals `value` as the next version and archives the row before it. Throws `usage` for a bad key. */
export function putValue(writer: Writer, opener: Opener, project: Project, key: string, value: Secret): Written {
  const place = secretKey(project.id, checkKey(key))
  const old = currentRow(writer, project, key)
  if (old) {
    if (old.version === MAX_VERSION) throw new Failure('failed', `${key} has no version numbers left`)
    writer.put('history', historyKey(project.id, key, old.version), encodeSecret(place, old))
  }
  const clock = now()
  const row = {
    version: (old?.version ?? 0) + 1,
    createdAt: old?.createdAt ?? clock,
    // A clock that was set back does not make a newer version look older.
    updatedAt: old && old.updatedAt > clock ? old.updatedAt : clock,
  }
  const box = sealValue(opener.header.suite, opener.keys.projectKey(project.id, project), value, {
    ...row,
    vaultId: opener.header.vaultId,
    project: project.id,
    key,
  })
  writer.put('secrets', place, encodeSecret(place, { ...row, box }))
  return { key, version: row.version, change: old ? 'updated' : 'created' }
}

/** The value of a row, for the caller to wipe. Throws `corrupt` when it was not made for this place. */
export function openRow(opener: Opener, project: Project, row: SecretRow): Secret {
  return openValue(
    opener.header.suite,
    opener.keys.projectKey(project.id, project),
    row.box,
    placeOf(opener, project, row),
  )
}

/** All values in the given order, or none: what was opened is wiped when one does not open. */
export function openAll(
  opener: Opener,
  rows: readonly { project: Project; row: SecretRow }[],
  progress?: Progress,
): Entry[] {
  const entries: Entry[] = []
  try {
    for (const { project, row } of rows) {
      entries.push({ key: row.key, value: openRow(opener, project, row) })
      progress?.(entries.length, rows.length)
    }
    return entries
  } catch (error) {
    for (const entry of entries) entry.value.wipe()
    throw error
  }
}

/** Whether the row holds exactly `value`. Throws `corrupt` like openRow. */
export function rowHolds(opener: Opener, project: Project, row: SecretRow, value: Secret): boolean {
  const key = opener.keys.projectKey(project.id, project)
  return holdsValue(opener.header.suite, key, row.box, placeOf(opener, project, row), value)
}

/** What may be said about a row without a key. */
export function secretInfo(project: Project, row: SecretRow): SecretInfo {
  return {
    project: project.name,
    key: row.key,
    version: row.version,
    createdAt: row.createdAt,
    updatedAt: row.updatedAt,
    size: row.box.length - BOX_OVERHEAD,
  }
}

/** Before it is said that a key, or a version of it, is not there. Throws `corrupt` when damage may hide it. */
export function checkAbsent(reader: Reader, project: Project, key: string, version?: number): void {
  checkGap(reader, 'secrets', secretKey(project.id, key))
  if (isVersion(version)) checkGap(reader, 'history', historyKey(project.id, key, version))
}

function isVersion(version: number | undefined): version is number {
  return Number.isInteger(version) && version! >= 1 && version! <= MAX_VERSION
}

/** What the box of a row is bound to. */
export function placeOf(opener: Opener, project: Project, row: SecretRow): ValuePlace {
  const { key, version, createdAt, updatedAt } = row
  return { vaultId: opener.header.vaultId, project: project.id, key, version, createdAt, updatedAt }
}

function archived(project: Project, key: string, version: number, record: Uint8Array): SecretRow {
  const row = decodeNamed(secretKey(project.id, key), record)
  if (row.version === version) return { key, ...row }
  throw new Failure(
    'corrupt',
    `${key} version ${version} in project ${project.name} is another version: it was tampered with`,
    {
      hint: 'tvault doctor',
    },
  )
}

function endOfHistory(project: Project, key: string): Uint8Array {
  return joined(project.id, utf8(key), Uint8Array.of(1))
}

/** The failure of a write that makes only new secrets. */
export function existsAlready(project: string, key: string): Failure {
  return new Failure('conflict', `${key} exists already in project ${printable(project)}`, {
    hint: '--force makes a new version of it; the old one stays in the history',
  })
}
