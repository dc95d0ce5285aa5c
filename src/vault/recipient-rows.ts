// With whom a project is shared: one row of public keys and what is wrapped for them. Its mac stands in the project's
// own record, which is bound to the box of the project's key; so neither somebody who writes the file nor a recipient
// can add or change a public key, and the owner never wraps a new key to one that was slipped in.
import { LABELS, hkdf, mac } from '../crypto/keys.ts'
import { STANZA_SIZE, recipientFrom } from '../crypto/recipient.ts'
import { concat, equalConstantTime, u64, utf8 } from '../lib/bytes.ts'
import { Failure } from '../lib/errors.ts'
import { isLabel } from '../lib/names.ts'
import { bind } from './boxes.ts'
import { Cursor } from './cursor.ts'
import { KEY_BYTES, MAC_BYTES, encodeProject, frame, short, u16, unframe } from './schema.ts'
import type { Nanoseconds } from '../lib/time.ts'
import type { Reader, Writer } from '../store/store.ts'
import type { Keyring } from './keyring.ts'
import type { Project } from './projects.ts'
import type { Opener } from './secrets.ts'

export const MAX_RECIPIENTS = 1000

/** One recipient of a project. */
export interface Shared {
  /** 32 bytes. */
  publicKey: Uint8Array
  /** What the owner calls it; may be empty. */
  label: string
  sharedAt: Nanoseconds
  /** The project's key, wrapped to the public key. */
  stanza: Uint8Array
  /** The key with which this recipient continues the audit chain, wrapped likewise. */
  signer: Uint8Array
}

const NOT_SHARED = new Uint8Array(MAC_BYTES)

/** Body: count u16, then for each: public key (32), shared u64, two stanzas (93 each), label (u16 length). Place: project id. */
export function encodeRecipients(id: Uint8Array, list: readonly Shared[]): Uint8Array {
  return frame('recipients', id, body(list))
}

function body(list: readonly Shared[]): Uint8Array {
  const parts = list.flatMap((one) => [one.publicKey, u64(one.sharedAt), one.stanza, one.signer, short(one.label)])
  return concat(u16(list.length), ...parts)
}

/** The list under project id `id`, in the order of sharing. Throws `corrupt`. */
export function decodeRecipients(id: Uint8Array, record: Uint8Array): Shared[] {
  const cursor = new Cursor(unframe('recipients', id, record), 'the record of the recipients')
  const list = Array.from({ length: cursor.u16() }, () => {
    const publicKey = recipientFrom(cursor.bytes(KEY_BYTES)).publicKey
    const sharedAt = cursor.u64()
    const [stanza, signer] = [cursor.bytes(STANZA_SIZE), cursor.bytes(STANZA_SIZE)]
    const label = cursor.short()
    if (!isLabel(label)) throw cursor.damage()
    return { publicKey, label, sharedAt, stanza, signer }
  })
  cursor.end()
  const distinct = new Set(list.map(({ publicKey }) => publicKey.toHex()))
  if (list.length === 0 || distinct.size !== list.length) throw cursor.damage()
  return list
}

/** Whether the project's record says that there is a list. */
export function isShared(project: Project): boolean {
  return !equalConstantTime(project.recipientsMac, NOT_SHARED)
}

/** The list as it stands in the file. Throws `corrupt` when it is damaged, or is there for one half only. */
export function readRecipients(reader: Reader, project: Project): Shared[] {
  const record = reader.get('recipients', project.id)
  if ((record !== undefined) !== isShared(project)) throw forged(project)
  return record ? decodeRecipients(project.id, record) : []
}

/** The list, after its mac was checked with the project's key. Throws `corrupt` when anybody but the owner changed it. */
export function checkedRecipients(reader: Reader, opener: Opener, project: Project): Shared[] {
  const list = readRecipients(reader, project)
  if (list.length === 0) return list
  const key = opener.keys.projectKey(project.id, project)
  if (equalConstantTime(listMac(key, opener.header.vaultId, project.id, list), project.recipientsMac)) return list
  throw forged(project)
}

/**
 * Writes list and record of a project, each bound to the other. `key` is the project's key, the one it has or a new
 * one; it stays the caller's. Returns the record written. Throws `usage` for more than 1000 recipients.
 */
export function putShared(
  writer: Writer,
  keys: Keyring,
  vaultId: string,
  project: Project,
  key: Uint8Array,
  list: readonly Shared[],
): Project {
  if (list.length > MAX_RECIPIENTS) throw new Failure('usage', `a project has at most ${MAX_RECIPIENTS} recipients`)
  const recipientsMac = list.length === 0 ? NOT_SHARED : listMac(key, vaultId, project.id, list)
  const { id, wrappedKey: _, ...bare } = { ...project, recipientsMac }
  const record = { ...bare, wrappedKey: keys.wrapProjectKey(id, bare, key) }
  writer.put('projects', id, encodeProject(id, record))
  if (list.length === 0) writer.delete('recipients', id)
  else writer.put('recipients', id, encodeRecipients(id, list))
  return { id, ...record }
}

/** Under a key of the project, so that no list of an earlier key is ever good again. */
function listMac(key: Uint8Array, vaultId: string, id: Uint8Array, list: readonly Shared[]): Uint8Array {
  const own = hkdf(key, new Uint8Array(0), utf8(LABELS.recipients), KEY_BYTES)
  const sum = mac(own, bind(LABELS.recipients, utf8(vaultId), id, body(list)))
  own.fill(0)
  return sum
}

function forged(project: Project): Failure {
  return new Failure('corrupt', `the recipients of project ${project.name} were changed by somebody else`, {
    hint: 'the list was tampered with or damaged; restore a backup',
  })
}
