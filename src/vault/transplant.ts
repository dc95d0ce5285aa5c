// A whole vault put in from outside: projects under their old ids, every version with its number and times, groups,
// recipients, and the audit rows of the vault it comes from. One commit into an empty store, and a second look that
// compares each value with its source. Values arrive one by one and are wiped at once, so their number does not matter.
import { wrapKey } from '../crypto/recipient.ts'
import { randomBytes } from '../crypto/random.ts'
import { Failure } from '../lib/errors.ts'
import { checkDescription, checkKey, checkProjectName } from '../lib/names.ts'
import { appendAudit, verifyChain } from './audit.ts'
import { sealValue } from './boxes.ts'
import { putGroup } from './group-rows.ts'
import { encodeHeader } from './header-record.ts'
import { keptHeader } from './header.ts'
import { Keyring } from './keyring.ts'
import { allProjects, findProject, makeCurrent, resetCurrent } from './projects.ts'
import { putShared } from './recipient-rows.ts'
import { KEY_BYTES, MAC_BYTES, META, encodeProject, encodeSecret, historyKey, secretKey, uuidBytes } from './schema.ts'
import { currentRow, rowHolds, versionRow } from './secrets.ts'
import { readAuditKey, writeAuditKey } from './session.ts'
import { verifyAll } from './verify.ts'
import type { Recipient } from '../crypto/recipient.ts'
import type { Secret } from '../lib/secret.ts'
import type { Nanoseconds } from '../lib/time.ts'
import type { Reader, Store, Writer } from '../store/store.ts'
import type { AuditNote } from './audit.ts'
import type { Header } from './header-record.ts'
import type { Protect } from './keyring.ts'
import type { Project } from './projects.ts'

export interface TransplantProject {
  /** A uuid; its 16 bytes become the id. */
  id: string
  name: string
  description: string
  createdAt: Nanoseconds
  updatedAt: Nanoseconds
  recipients: readonly { recipient: Recipient; sharedAt: Nanoseconds }[]
}

/** One version of one secret. */
export interface TransplantVersion {
  /** The uuid of its project. */
  project: string
  key: string
  version: number
  createdAt: Nanoseconds
  updatedAt: Nanoseconds
  isCurrent: boolean
  /** Wiped by whoever walks the versions. */
  value: Secret
}

export interface TransplantGroup {
  name: string
  description: string
  createdAt: Nanoseconds
  updatedAt: Nanoseconds
  /** `project` is a name, `from` the environment that it inherits from. */
  environments: readonly { name: string; project: string; from: string | undefined }[]
}

/** What is put in. `versions` and `audit` may be walked several times and give the same each time. */
export interface Transplant {
  projects: readonly TransplantProject[]
  /** Name of the current project; without one it is `default`, if there is such a project. */
  current: string | undefined
  versions(): Iterable<TransplantVersion>
  groups: readonly TransplantGroup[]
  /** Rows of another audit log, in the order of their times. */
  audit(): Iterable<{ timestamp: Nanoseconds; note: AuditNote }>
}

export interface TransplantOptions {
  /** The last audit row of the new vault: what was done here. */
  note: AuditNote
  protect?: Protect
  progress?: (done: number) => void
}

/**
 * Makes a vault in an empty store out of `source`, with the 32-byte `kek` and the salt it belongs to, and reads it
 * back: see `transplant` and `verifyTransplant`. Does not wipe `kek`.
 */
export function plantVault(
  store: Store,
  kek: Uint8Array,
  from: Pick<Header, 'vaultId' | 'createdAt' | 'kdf' | 'salt'>,
  source: Transplant,
  { note, protect, progress = () => undefined }: TransplantOptions,
): { values: number; versions: number } {
  const header = keptHeader(kek, from)
  const keys = new Keyring(header, kek.slice(), { key: randomBytes(KEY_BYTES) }, protect)
  try {
    let planted = 0
    transplant(store, header, keys, source, note, (done) => progress((planted = done)))
    return store.snapshot((reader) =>
      verifyTransplant(reader, header, keys, source, (done) => progress(planted + done)),
    )
  } finally {
    keys.wipe()
  }
}

/**
 * Makes the vault of `header` in an empty store, all in one commit that ends with the audit row `note`. Throws
 * `conflict` when the store holds a vault, `usage` for a name that is refused, `corrupt` for versions that do not fit together.
 */
function transplant(
  store: Store,
  header: Header,
  keys: Keyring,
  source: Transplant,
  note: AuditNote,
  progress: (done: number) => void,
): void {
  store.commit((writer) => {
    if (writer.get('meta', META.header)) throw new Failure('conflict', 'there is a vault already')
    writer.put('meta', META.header, encodeHeader(header))
    writeAuditKey(writer, keys.wrapAuditKey())
    const projects = new Map<string, Project>()
    for (const project of source.projects) projects.set(project.id, plantProject(writer, header, keys, project))
    let done = 0
    for (const version of source.versions()) {
      plantVersion(writer, header, keys, projects.get(version.project), version)
      progress(++done)
    }
    for (const group of source.groups) plantGroup(writer, header, keys, group)
    const current = source.current === undefined ? undefined : findProject(writer, source.current)
    if (current) makeCurrent(writer, current)
    else resetCurrent(writer)
    for (const row of source.audit()) appendAudit(writer, keys.auditKey, row.note, row.timestamp)
    appendAudit(writer, keys.auditKey, note)
  })
}

/**
 * Reads the finished vault: its structure, every box, the audit chain, and that it holds exactly the versions of
 * `source` with the same values, numbers and times. Throws `corrupt` naming the first that differs.
 */
function verifyTransplant(
  reader: Reader,
  header: Header,
  keys: Keyring,
  source: Transplant,
  progress: (done: number) => void,
): { values: number; versions: number } {
  const opener = { header, keys }
  keys.checkAuditKey(readAuditKey(reader))
  const counts = verifyAll(reader, opener)
  verifyChain(reader, keys.auditKey)
  const projects = new Map(allProjects(reader).map((project) => [project.id.toHex(), project]))
  let done = 0
  for (const { project: id, key, version, createdAt, updatedAt, isCurrent, value } of source.versions()) {
    try {
      const project = projects.get(uuidBytes(id).toHex())
      const row = project && versionRow(reader, project, key, version)
      const isSame = row && row.createdAt === createdAt && row.updatedAt === updatedAt
      if (!isSame || !rowHolds(opener, project, row, value)) throw differs(key, version)
      if ((currentRow(reader, project, key)?.version === version) !== isCurrent) throw differs(key, version)
    } finally {
      value.wipe()
    }
    progress(++done)
  }
  if (done !== counts.versions) throw new Failure('corrupt', 'the new vault holds more versions than its source')
  return counts
}

function differs(key: string, version: number): Failure {
  return new Failure('corrupt', `the new vault holds something else than its source: ${key}, version ${version}`)
}

function plantProject(writer: Writer, header: Header, keys: Keyring, from: TransplantProject): Project {
  const { createdAt, updatedAt, recipients } = from
  const id = uuidBytes(from.id)
  const name = checkProjectName(from.name)
  if (findProject(writer, name) || writer.get('projects', id)) {
    throw new Failure('conflict', `project ${name} exists already`)
  }
  const key = randomBytes(KEY_BYTES)
  try {
    const description = checkDescription(from.description)
    const bare = { name, description, createdAt, updatedAt, recipientsMac: new Uint8Array(MAC_BYTES) }
    const record = { ...bare, wrappedKey: keys.wrapProjectKey(id, bare, key) }
    writer.put('projects', id, encodeProject(id, record))
    const project = { id, ...record }
    if (recipients.length === 0) return project
    const shared = recipients.map(({ recipient, sharedAt }) => {
      const signer = keys.derived('audit-signer', recipient.publicKey)
      const stanzas = { stanza: wrapKey(key, recipient), signer: wrapKey(signer, recipient) }
      signer.fill(0)
      return { publicKey: recipient.publicKey, label: '', sharedAt, ...stanzas }
    })
    return putShared(writer, keys, header.vaultId, project, key, shared)
  } finally {
    key.fill(0)
  }
}

function plantVersion(
  writer: Writer,
  header: Header,
  keys: Keyring,
  project: Project | undefined,
  from: TransplantVersion,
): void {
  const { key, version, createdAt, updatedAt, isCurrent, value } = from
  try {
    if (!project) throw new Failure('corrupt', `${key} belongs to no project`)
    const place = secretKey(project.id, checkKey(key))
    const table = isCurrent ? 'secrets' : 'history'
    const row = isCurrent ? place : historyKey(project.id, key, version)
    if (writer.get(table, row)) throw new Failure('corrupt', `${key} version ${version} is there twice`)
    const where = { vaultId: header.vaultId, project: project.id, key, version, createdAt, updatedAt }
    const box = sealValue(header.suite, keys.projectKey(project.id, project), value, where)
    writer.put(table, row, encodeSecret(place, { version, createdAt, updatedAt, box }))
  } finally {
    value.wipe()
  }
}

function plantGroup(writer: Writer, header: Header, keys: Keyring, from: TransplantGroup): void {
  const environments = from.environments.map(({ name, project, from: base }) => {
    const found = findProject(writer, project)
    if (found) return { name, project: found.id, base }
    throw new Failure('corrupt', `environment ${name} has no project`)
  })
  putGroup(writer, keys, header.vaultId, { ...from, environments, pins: [] })
}
