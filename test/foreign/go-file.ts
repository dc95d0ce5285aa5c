// Vaults of the Go TinyVault for tests, written without it: the JSON that it writes, in a bbolt file of our own making.
// The key is given and not derived, which makes a thousand of them cheap. test/interop has the real ones.
import { seal } from '../../src/crypto/aead.ts'
import { wrapKey } from '../../src/crypto/recipient.ts'
import { derive } from '../../src/crypto/kdf.ts'
import { utf8 } from '../../src/lib/bytes.ts'
import { GO_KDF } from '../../src/foreign/go-vault.ts'
import { bboltFile } from './bbolt-file.ts'
import type { Recipient } from '../../src/crypto/recipient.ts'
import type { Bytes } from './bbolt-file.ts'

export interface GoProjectSketch {
  name: string
  id: string
  description?: string
  deleted?: boolean
  /** By key: its values, oldest first; the last is current. */
  secrets?: Record<string, Bytes[]>
  recipients?: readonly Recipient[]
  /** The key is wrapped under another KEK, as that of a project deleted before a rotation. */
  lostKey?: boolean
}

export interface GoSketch {
  projects: GoProjectSketch[]
  current?: string
  /** Rows of _config as they are. */
  config?: Record<string, unknown>
  /** Audit rows in the order of their keys. */
  audit?: { timestamp: string; [field: string]: unknown }[]
  salt?: Uint8Array
  vaultId?: string
  /** Changes rows before they are written. */
  edit?: (tables: Record<string, [Bytes, Bytes][]>) => void
}

export const KEK = new Uint8Array(32).fill(7)
export const VAULT_ID = '8ff883ea-10df-473d-a839-64c719964588'
export const SALT = new Uint8Array(16).fill(3)
const NOTHING = new Uint8Array(0)

export const WEB = { name: 'web', id: uuid(1) }
/** Two projects with something in them. */
export const PLAIN: GoSketch = {
  projects: [
    { ...WEB, description: 'the shop', secrets: { A: ['one', 'two', 'three'], B_2: [''], BIN: ['\u0000\u00ff'] } },
    { name: 'api', id: uuid(2), secrets: { A: ['other'] } },
  ],
  current: 'api',
}

/** A uuid that ends with `number`. */
export function uuid(number: number): string {
  return `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`
}

/** Time of the version `version`, with all nine digits. */
export function time(version: number): string {
  return `2026-11-25T19:36:${String(version % 60).padStart(2, '0')}.123456789Z`
}

/** The key that the Go program would derive for SALT. */
export function deriveGo(passphrase: string, salt: Uint8Array = SALT): Uint8Array {
  return derive(utf8(passphrase), salt, GO_KDF)
}

export function goFile(sketch: GoSketch, kek: Uint8Array = KEK, pageSize = 4096): Uint8Array {
  const tables = goTables(sketch, kek)
  sketch.edit?.(tables)
  const small = ['_meta', '_config', 'project_names']
  return bboltFile(
    Object.entries(tables).map(([name, rows]) => ({ name, rows, inline: small.includes(name) })),
    { pageSize },
  )
}

function goTables(sketch: GoSketch, kek: Uint8Array): Record<string, [Bytes, Bytes][]> {
  const { projects, current, config = {}, audit = [], salt = SALT, vaultId = VAULT_ID } = sketch
  const tables: Record<string, [Bytes, Bytes][]> = {
    _config: [],
    _meta: [],
    audit: [],
    project_names: [],
    projects: [],
    secret_versions: [],
    secrets: [],
  }
  const put = (table: string, key: string, value: unknown): void =>
    void tables[table]?.push([key, typeof value === 'string' ? value : JSON.stringify(value)])
  const verifier = box(kek, utf8('tinyvault-verify-v1'))
  put('_meta', 'vault_meta', { version: 1, salt: salt.toBase64(), verifier, created_at: time(0), vault_id: vaultId })
  if (current !== undefined) put('_config', 'current_project', current)
  for (const [name, value] of Object.entries(config)) put('_config', name, value)
  projects.forEach((project, index) => {
    const { id, name, description, deleted, secrets = {}, recipients = [], lostKey } = project
    const key = new Uint8Array(32).fill(index + 20)
    put('projects', id, {
      id,
      name,
      ...(description !== undefined && { description }),
      encrypted_dek: box(lostKey ? new Uint8Array(32) : kek, key),
      created_at: time(1),
      updated_at: time(2),
      ...(deleted && { deleted_at: time(3) }),
      ...(recipients.length > 0 && {
        recipient_wraps: recipients.map((recipient) => ({
          recipient: recipient.publicKey.toBase64(),
          stanza: wrapKey(key, recipient).toBase64(),
        })),
      }),
    })
    if (!deleted) put('project_names', name, id)
    for (const [secret, values] of Object.entries(secrets)) {
      values.forEach((value, version) => {
        const row = {
          encrypted_value: box(key, typeof value === 'string' ? utf8(value) : value),
          version: version + 1,
          created_at: time(1),
          updated_at: time(version + 1),
        }
        if (version === values.length - 1) put('secrets', `${id}/${secret}`, row)
        else put('secret_versions', `${id}/${secret}/${String(version + 1).padStart(10, '0')}`, row)
      })
    }
  })
  audit.forEach((row, index) => put('audit', `${row.timestamp}_${uuid(index)}`, row))
  return tables
}

function box(key: Uint8Array, plaintext: Uint8Array): string {
  return seal('aes-256-gcm', key, plaintext, NOTHING).toBase64()
}
