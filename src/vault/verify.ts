// Two looks at a whole vault: structure, which needs no key (restore, doctor), and values, which opens every one.
// Both read everything and change nothing.
import { compare } from '../lib/bytes.ts'
import { Failure } from '../lib/errors.ts'
import { decodeEntry, readHead } from './audit.ts'
import { checkMeta } from './gaps.ts'
import { allGroups, chain, checkGroup } from './group-rows.ts'
import { decodeHeader } from './header-record.ts'
import { checkPolicyRows, readPolicyRow } from './policy-row.ts'
import { readTierRow } from './tier-row.ts'
import { allProjects, currentProject } from './projects.ts'
import { checkedRecipients, readRecipients } from './recipient-rows.ts'
import { META, decodeAudit, decodeNamed, decodeSecret, parseHistoryKey, parseSecretKey, secretKey } from './schema.ts'
import { everyVersion, openRow } from './secrets.ts'
import { readAuditKey } from './session.ts'
import type { Nanoseconds } from '../lib/time.ts'
import type { Reader } from '../store/store.ts'
import type { Keyring } from './keyring.ts'
import type { Project } from './projects.ts'
import type { Opener } from './secrets.ts'

export interface Structure {
  vaultId: string
  projects: number
  secrets: number
  /** Time of the newest version, or undefined when there is none. */
  newest: Nanoseconds | undefined
}

function inconsistent(what: string): Failure {
  return new Failure('corrupt', what, { hint: 'tvault doctor' })
}

/** Decodes every row and checks that rows belong together. Throws `corrupt` naming the first that does not. */
export function verifyStructure(reader: Reader): Structure {
  const header = decodeHeader(reader.get('meta', META.header))
  verifyMeta(reader)
  const projects = allProjects(reader)
  for (const [i, project] of projects.entries()) {
    if (projects[i + 1]?.name === project.name) throw inconsistent(`there are two projects called ${project.name}`)
  }
  const known = new Set(projects.map((project) => project.id.toHex()))
  const { secrets, newest } = verifySecrets(reader, known)
  verifyRecipients(reader, projects)
  verifyGroups(reader, known)
  verifyHistory(reader)
  verifyAuditRows(reader)
  const counts = { projects: projects.length, secrets }
  if (reader.count('projects') !== counts.projects || reader.count('secrets') !== counts.secrets) {
    throw inconsistent('the tables hold another number of rows than they say')
  }
  return { vaultId: header.vaultId, ...counts, newest }
}

function verifyMeta(reader: Reader): void {
  checkMeta(reader)
  readAuditKey(reader)
  readPolicyRow(reader, '', undefined)
  readTierRow(reader, '', undefined)
  if (reader.get('meta', META.current) && !currentProject(reader))
    throw inconsistent('the current project does not exist')
}

function verifySecrets(
  reader: Reader,
  projects: ReadonlySet<string>,
): { secrets: number; newest: Nanoseconds | undefined } {
  let secrets = 0
  let newest: Nanoseconds | undefined
  for (const { key: place, value } of reader.range('secrets')) {
    const { project, key } = parseSecretKey(place)
    if (!projects.has(project.toHex())) throw inconsistent(`${key} belongs to no project`)
    const row = decodeNamed(place, value)
    if (newest === undefined || row.updatedAt > newest) newest = row.updatedAt
    secrets++
  }
  return { secrets, newest }
}

/** Every project that says so has its list, and no list is of another project. */
function verifyRecipients(reader: Reader, projects: readonly Project[]): void {
  const shared = projects.filter((project) => readRecipients(reader, project).length > 0)
  if (reader.count('recipients') !== shared.length) throw inconsistent('there are recipients of no project')
}

/** Every environment has its project, once in a group, and none inherits from itself. */
function verifyGroups(reader: Reader, projects: ReadonlySet<string>): void {
  const groups = allGroups(reader)
  for (const group of groups) {
    const ids = group.environments.map(({ project }) => project.toHex())
    if (!ids.every((id) => projects.has(id))) throw inconsistent(`group ${group.name} has an environment of no project`)
    if (new Set(ids).size !== ids.length) throw inconsistent(`group ${group.name} has a project twice`)
    for (const { name } of group.environments) chain(group, name)
  }
  if (reader.count('groups') !== groups.length)
    throw inconsistent('the tables hold another number of rows than they say')
}

/** Every archived version belongs to a current secret of a higher version. */
function verifyHistory(reader: Reader): void {
  for (const { key: row, value } of reader.range('history')) {
    const { project, key, version } = parseHistoryKey(row)
    const place = secretKey(project, key)
    const current = reader.get('secrets', place)
    if (!current) throw inconsistent(`${key} version ${version} has no current secret`)
    if (decodeSecret(place, value).version !== version)
      throw inconsistent(`${key} version ${version} is another version`)
    if (decodeSecret(place, current).version <= version) throw inconsistent(`${key} is older than its own history`)
  }
}

function verifyAuditRows(reader: Reader): void {
  const head = readHead(reader)
  let sequence = 0n
  let last: Uint8Array | undefined
  for (const { key, value } of reader.range('audit')) {
    decodeEntry(key, value)
    const row = decodeAudit(key, value)
    sequence++
    last = row.mac
    if (row.sequence !== sequence) throw inconsistent(`audit row ${sequence} is missing`)
  }
  if (head.sequence !== sequence || (last && compare(last, head.mac) !== 0)) {
    throw inconsistent('the audit head does not belong to the last audit row')
  }
}

/**
 * Opens every value and every archived version, and checks every list of recipients and every group with the owner's
 * keys. `values` counts current ones, `versions` all. Throws `corrupt`
 * naming project, key and version.
 */
export function verifyAll(
  reader: Reader,
  opener: Opener & { keys: Keyring },
  progress?: (done: number, total: number) => void,
): { values: number; versions: number } {
  verifyStructure(reader)
  checkPolicyRows(reader, opener.header.vaultId, opener.keys)
  for (const group of allGroups(reader)) checkGroup(opener.keys, opener.header.vaultId, group)
  const total = reader.count('secrets') + reader.count('history')
  let values = 0
  let versions = 0
  for (const project of allProjects(reader)) {
    opener.keys.projectKey(project.id, project)
    checkedRecipients(reader, opener, project)
    for (const row of everyVersion(reader, project)) {
      try {
        openRow(opener, project, row).wipe()
      } catch (error) {
        if (!(error instanceof Failure)) throw error
        throw new Failure(error.kind, `${project.name}: ${error.message}`, {
          ...(error.hint && { hint: error.hint }),
        })
      }
      if (row.current) values++
      versions++
      progress?.(versions, total)
    }
  }
  return { values, versions }
}
