// The tables of a vault of the Go TinyVault, row by row, and what opens them. Nothing there is bound to its place and
// only boxes are authenticated, so rows are checked against each other: index against project, version against name.
// Row names, times, recipients and the audit log can be forged by whoever could write that file; a value cannot.
import { unseal } from '../crypto/aead.ts'
import { equalConstantTime, text, utf8 } from '../lib/bytes.ts'
import { Failure } from '../lib/errors.ts'
import { printable } from '../lib/names.ts'
import { Secret } from '../lib/secret.ts'
import type { KdfParameters } from '../crypto/kdf-parameters.ts'
import type { Nanoseconds } from '../lib/time.ts'
import { damage } from './bbolt.ts'
import type { Bbolt, Row, Tell } from './bbolt.ts'
import { Fields, decodeBase64, isObject, parseTime } from './go-json.ts'

/** The key derivation of every vault of the Go TinyVault: it is stored nowhere there. */
export const GO_KDF: KdfParameters = { memoryKib: 65_536, passes: 3, lanes: 4 }

const SUITE = 'aes-256-gcm'
const BOX_OVERHEAD = 28
const KEY_BYTES = 32
const SALT_BYTES = 16
const STANZA_BYTES = 93
const PROOF = utf8('tinyvault-verify-v1')
const NOTHING = new Uint8Array(0)
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
const UUID_LENGTH = 36
const MAX_VERSION = 0xffffffff
const TABLES = ['_config', '_meta', 'audit', 'project_names', 'projects', 'secret_versions', 'secrets'] as const

export interface GoMeta {
  vaultId: string
  createdAt: Nanoseconds
  salt: Uint8Array
  verifier: Uint8Array
}

export interface GoProject {
  /** A uuid in its 36-character form. */
  id: string
  name: string
  description: string
  createdAt: Nanoseconds
  updatedAt: Nanoseconds
  deleted: boolean
  /** Box of the 32-byte project key. */
  wrappedKey: Uint8Array
  /** Public keys, 32 bytes each, in the order of sharing. */
  recipients: Uint8Array[]
}

/** One version of one secret. */
export interface GoVersion {
  project: string
  key: string
  version: number
  createdAt: Nanoseconds
  updatedAt: Nanoseconds
  box: Uint8Array
}

export interface GoAudit {
  timestamp: Nanoseconds
  action: string
  resourceType: string
  resourceName: string
  metadata: Record<string, unknown>
}

export interface GoGroup {
  name: string
  description: string
  createdAt: Nanoseconds
  updatedAt: Nanoseconds
  environments: { name: string; project: string }[]
  /** Child and the environment it inherits from. */
  inheritance: { child: string; from: string }[]
}

export interface GoConfig {
  currentProject: string | undefined
  groups: GoGroup[]
  /** Names of rows that mean nothing to this version. */
  unknown: string[]
}

export class GoVault {
  readonly meta: GoMeta
  readonly #file: Bbolt
  readonly #keys = new Map<string, Uint8Array>()

  /** Throws `corrupt` when the row that everything hangs on is damaged, `failed` for a version of the vault that is not known. */
  constructor(file: Bbolt, tell: Tell) {
    this.#file = file
    const [row] = [...file.rows(utf8('_meta'), tell)].filter(({ key }) => text(key) === 'vault_meta')
    if (!row) throw damage('its first row is missing')
    this.meta = readMeta(row, tell)
  }

  /** Tells of tables that should be there, or should not. */
  checkTables(tell: Tell): void {
    const present = this.#file.buckets(tell).map(nameOf)
    for (const name of TABLES) if (!present.includes(name)) tell(damage(`the table ${name} is missing`))
    for (const name of present) {
      if (!(TABLES as readonly string[]).includes(name)) tell(damage(`there is an unknown table ${printable(name)}`))
    }
  }

  /** Takes the 32-byte key that was derived from the passphrase with GO_KDF. Throws `wrong_passphrase`. */
  unlock(kek: Uint8Array, projects: readonly GoProject[]): void {
    const proof = unseal(SUITE, kek, this.meta.verifier, NOTHING)
    if (!proof || !equalConstantTime(proof, PROOF)) {
      throw new Failure('wrong_passphrase', 'the passphrase does not open this vault of the Go TinyVault')
    }
    for (const { id, wrappedKey } of projects) {
      const key = unseal(SUITE, kek, wrappedKey, NOTHING)
      if (key?.length === KEY_BYTES) this.#keys.set(id, key)
    }
  }

  /** Whether the key of this project was opened by `unlock`. */
  opens(project: string): boolean {
    return this.#keys.has(project)
  }

  /** The value of `version`, for the caller to wipe; undefined when it does not open. */
  value({ project, box }: GoVersion): Secret | undefined {
    const key = this.#keys.get(project)
    const value = key && unseal(SUITE, key, box, NOTHING)
    return value && new Secret(value)
  }

  /** Zeroes the project keys. */
  wipe(): void {
    for (const key of this.#keys.values()) key.fill(0)
    this.#keys.clear()
  }

  /** All projects, deleted ones too. A project and the index of names must agree. */
  projects(tell: Tell): GoProject[] {
    const index = new Map<string, string>()
    for (const { key, value } of this.#file.rows(utf8('project_names'), tell)) index.set(nameOf(value), nameOf(key))
    const projects = [...this.#records('projects', tell, (row) => readProject(row, tell))]
    for (const { id, name, deleted } of projects) {
      const indexed = index.get(id)
      if (deleted ? indexed !== undefined : indexed !== name) {
        tell(damage(`project ${printable(name)} and the index of names do not agree`))
      }
      index.delete(id)
    }
    for (const name of index.values()) tell(damage(`project ${printable(name)} is in the index of names only`))
    return projects
  }

  /** The current versions. */
  secrets(tell: Tell): Generator<GoVersion> {
    return this.#records('secrets', tell, (row) => readVersion(row, false, tell))
  }

  /** The versions before them. */
  versions(tell: Tell): Generator<GoVersion> {
    return this.#records('secret_versions', tell, (row) => readVersion(row, true, tell))
  }

  config(tell: Tell): GoConfig {
    const config: GoConfig = { currentProject: undefined, groups: [], unknown: [] }
    let indexed: string[] | undefined
    for (const row of this.#file.rows(utf8('_config'), tell)) {
      const name = nameOf(row.key)
      const words = text(row.value)
      if (name === 'current_project') config.currentProject = words
      else if (name === 'group:_index' && words?.startsWith('[')) indexed = readIndex(words)
      else if (name.startsWith('group:')) config.groups.push(...passing(tell, () => [readGroup(row, tell)]))
      else config.unknown.push(name)
    }
    // A group called _index takes the place of the index there.
    const names = config.groups.map((group) => group.name)
    if (!names.includes('_index') && names.toSorted().join('\0') !== (indexed ?? []).toSorted().join('\0')) {
      tell(damage('the groups and their index do not agree'))
    }
    return config
  }

  /** The audit log in the order of its times. Rows lie almost in that order: only those of one second may be mixed. */
  *audit(tell: Tell): Generator<GoAudit> {
    let second = -1n
    let rows: GoAudit[] = []
    const sorted = (): GoAudit[] => rows.toSorted((a, b) => Number(a.timestamp - b.timestamp))
    for (const row of this.#records('audit', tell, (found) => readAudit(found, tell))) {
      const next = row.timestamp / 1_000_000_000n
      if (next !== second) {
        yield* sorted()
        rows = []
        second = next
      }
      rows.push(row)
    }
    yield* sorted()
  }

  *#records<T>(table: string, tell: Tell, read: (row: Row) => T): Generator<T> {
    for (const row of this.#file.rows(utf8(table), tell)) yield* passing(tell, () => [read(row)])
  }
}

/** What `read` returns, or nothing when it failed and `tell` let that pass. */
function passing<T>(tell: Tell, read: () => T[]): T[] {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    tell(error)
    return []
  }
}

/** Text of a name. Names that are not UTF-8 are in Go's JSON with U+FFFD, so that is how they are read everywhere. */
function nameOf(bytes: Uint8Array): string {
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes)
}

function readMeta({ value }: Row, tell: Tell): GoMeta {
  const known = ['version', 'salt', 'verifier', 'created_at', 'vault_id']
  const fields = new Fields('its first row', value, known, tell)
  const version = fields.count('version', MAX_VERSION)
  if (version !== 1) throw new Failure('failed', `the vault has version ${version}, and only 1 is known`)
  const vaultId = fields.text('vault_id')
  if (!UUID.test(vaultId)) throw fields.wrong('has no valid vault_id')
  return {
    vaultId,
    createdAt: fields.time('created_at'),
    salt: fields.bytes('salt', { size: SALT_BYTES }),
    verifier: fields.bytes('verifier', { size: PROOF.length + BOX_OVERHEAD }),
  }
}

const PROJECT_FIELDS = [
  'id',
  'name',
  'description',
  'encrypted_dek',
  'created_at',
  'updated_at',
  'deleted_at',
  'recipient_wraps',
]

function readProject({ key, value }: Row, tell: Tell): GoProject {
  const id = nameOf(key)
  const fields = new Fields(`project ${printable(id)}`, value, PROJECT_FIELDS, tell)
  if (!UUID.test(id) || fields.text('id') !== id) throw fields.wrong('lies under another id')
  const deleted = fields.has('deleted_at')
  if (deleted) fields.time('deleted_at')
  return {
    id,
    name: fields.text('name'),
    description: fields.textOrEmpty('description'),
    createdAt: fields.time('created_at'),
    updatedAt: fields.time('updated_at'),
    deleted,
    wrappedKey: fields.bytes('encrypted_dek', { size: KEY_BYTES + BOX_OVERHEAD }),
    recipients: fields.list('recipient_wraps').map(({ recipient, stanza, ...rest }) => {
      decodeBase64(fields, 'stanza', stanza, { size: STANZA_BYTES })
      if (Object.keys(rest).length > 0) throw fields.wrong('has no valid recipient_wraps')
      return decodeBase64(fields, 'recipient', recipient, { size: KEY_BYTES })
    }),
  }
}

const SECRET_FIELDS = ['encrypted_value', 'version', 'created_at', 'updated_at']

function readVersion({ key: rowKey, value }: Row, archived: boolean, tell: Tell): GoVersion {
  const name = nameOf(rowKey)
  const project = name.slice(0, UUID_LENGTH)
  const end = archived ? name.lastIndexOf('/') : name.length
  const key = name.slice(UUID_LENGTH + 1, end)
  const fields = new Fields(`secret ${printable(key)} of project ${printable(project)}`, value, SECRET_FIELDS, tell)
  if (!UUID.test(project) || name[UUID_LENGTH] !== '/' || key === '') throw fields.wrong('lies under another name')
  const version = fields.count('version', MAX_VERSION)
  if (archived && name.slice(end + 1) !== String(version).padStart(10, '0')) {
    throw fields.wrong(`lies as version ${printable(name.slice(end + 1))}, but is version ${version}`)
  }
  return {
    project,
    key,
    version,
    createdAt: fields.time('created_at'),
    updatedAt: fields.time('updated_at'),
    box: fields.bytes('encrypted_value', { least: BOX_OVERHEAD }),
  }
}

const AUDIT_FIELDS = ['action', 'resource_type', 'resource_id', 'resource_name', 'timestamp', 'metadata']

function readAudit({ key, value }: Row, tell: Tell): GoAudit {
  const name = nameOf(key)
  const fields = new Fields(`audit row ${printable(name)}`, value, AUDIT_FIELDS, tell)
  const timestamp = fields.time('timestamp')
  const end = name.lastIndexOf('_')
  if (parseTime(name.slice(0, end)) !== timestamp) throw fields.wrong('lies under another time')
  return {
    timestamp,
    action: fields.text('action'),
    resourceType: fields.text('resource_type'),
    resourceName: fields.textOrEmpty('resource_name'),
    metadata: Object.fromEntries([
      ...(fields.has('resource_id') ? [['resource_id', fields.text('resource_id')]] : []),
      ...fields.entries('metadata'),
    ]),
  }
}

const GROUP_FIELDS = ['name', 'description', 'created_at', 'updated_at', 'environments', 'inheritance']

function readGroup({ key, value }: Row, tell: Tell): GoGroup {
  const name = nameOf(key).slice('group:'.length)
  const fields = new Fields(`group ${printable(name)}`, value, GROUP_FIELDS, tell)
  if (fields.text('name') !== name) throw fields.wrong('lies under another name')
  const environments = fields.list('environments').map((environment) => {
    const { name: label, project } = environment
    if (typeof label === 'string' && typeof project === 'string') {
      return { name: label.toWellFormed(), project: project.toWellFormed() }
    }
    throw fields.wrong('has no valid environments')
  })
  const inheritance = fields.entries('inheritance').map(([child, base]) => {
    const from = isObject(base) ? base['from'] : undefined
    if (typeof from === 'string') return { child: child.toWellFormed(), from: from.toWellFormed() }
    throw fields.wrong('has no valid inheritance')
  })
  return {
    name,
    description: fields.textOrEmpty('description'),
    createdAt: fields.time('created_at'),
    updatedAt: fields.time('updated_at'),
    environments,
    inheritance,
  }
}

function readIndex(words: string): string[] {
  try {
    const names: unknown = JSON.parse(words)
    if (Array.isArray(names) && names.every((name) => typeof name === 'string')) return names
  } catch {
    // Without an index that can be read, it does not agree with the groups.
  }
  return []
}
