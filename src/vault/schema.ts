// The on-disk contract: tables, row keys and the bytes of every record (topic `formats`). A change of any layout
// here needs a new format byte and a reader for the old one. The checksum finds damage without a key; that nobody
// changed a row on purpose is the business of the boxes (boxes.ts) and of the audit chain (audit.ts).
import { joined, text, u32, u64, utf8 } from '../lib/bytes.ts'
import { Failure } from '../lib/errors.ts'
import { checkDescription, checkProjectName, isKey } from '../lib/names.ts'
import type { Nanoseconds } from '../lib/time.ts'

/** The tables of a vault. */
export const TABLES: readonly string[] = ['meta', 'projects', 'recipients', 'groups', 'secrets', 'history', 'audit']

/** Rows of table `meta`. */
export const META = {
  header: utf8('header'),
  /** 16-byte id of the current project; the row is absent when there is none. */
  current: utf8('current'),
  /** The audit key, wrapped under the KEK. */
  auditKey: utf8('audit_key'),
  auditHead: utf8('audit_head'),
  /** The policy for AI agents; absent when there never was one. */
  policy: utf8('policy'),
  /** What was counted against its budgets. */
  uses: utf8('uses'),
  /** The secrets of tier 2; absent when there never were any. */
  tiers: utf8('tiers'),
} as const

export const FORMAT = 1
/** Bytes a box adds to its plaintext: nonce 12, tag 16. */
export const BOX_OVERHEAD = 28
export const KEY_BYTES = 32
export const ID_BYTES = 16
export const MAC_BYTES = 32
const CHECKSUM_BYTES = 4
const SMALL_BYTES = 1000

export interface ProjectRecord {
  name: string
  description: string
  createdAt: Nanoseconds
  updatedAt: Nanoseconds
  /** Mac of the list of recipients (recipient-rows.ts), 32 bytes; all zero when there is no list. */
  recipientsMac: Uint8Array
  /** Box of the project's 32-byte key: 60 bytes. */
  wrappedKey: Uint8Array
}

export interface SecretRecord {
  version: number
  createdAt: Nanoseconds
  updatedAt: Nanoseconds
  /** Box of the value. */
  box: Uint8Array
}

export interface AuditRecord {
  mac: Uint8Array
  /** What the mac covers besides its predecessor and the sequence: timestamp (8 bytes) and JSON. */
  content: Uint8Array
}

export interface AuditHead {
  sequence: bigint
  timestamp: Nanoseconds
  mac: Uint8Array
}

/** What a record is; part of its checksum, so that a record in the wrong place counts as damaged. */
export type RecordKind =
  | 'header'
  | 'current'
  | 'audit key'
  | 'audit head'
  | 'policy'
  | 'uses'
  | 'tiers'
  | 'project'
  | 'recipients'
  | 'group'
  | 'secret'
  | 'audit'

/** A failure of kind `corrupt` for `what`, for example `project record`. */
export function damaged(what: string): Failure {
  return new Failure('corrupt', `${what} is damaged`, { hint: 'tvault doctor' })
}

/** The checksum over the word for each kind, with which every other one begins. */
const beginnings = new Map<RecordKind, number>()

/** Without an array of its own for each part: a list of ten thousand names asks for ten thousand of these. */
function checksum(kind: RecordKind, place: Uint8Array, body: Uint8Array): number {
  let sum = beginnings.get(kind)
  if (sum === undefined) {
    sum = Bun.hash.crc32(joined(utf8(kind), Uint8Array.of(0)))
    beginnings.set(kind, sum)
  }
  return Bun.hash.crc32(body, Bun.hash.crc32(u32(body.length), Bun.hash.crc32(place, sum)))
}

/** Part of a record. Small ones are copied: a view needs a buffer of its own under it, which costs more (lib/bytes.ts). */
function part(bytes: Uint8Array, from: number, to = bytes.length): Uint8Array {
  return to - from > SMALL_BYTES ? bytes.subarray(from, to) : bytes.slice(from, to)
}

/** Record bytes: format (1), `body`, CRC-32 (4, big-endian) over kind, place, length and everything before. */
export function frame(kind: RecordKind, place: Uint8Array, body: Uint8Array): Uint8Array {
  const framed = joined(Uint8Array.of(FORMAT), body)
  return joined(framed, u32(checksum(kind, place, framed)))
}

/** The body inside `record`. Throws `corrupt` for damage and for a format this version does not know. */
export function unframe(kind: RecordKind, place: Uint8Array, record: Uint8Array): Uint8Array {
  return part(intact(kind, place, record), 1)
}

/** The record without its checksum, which was right: the format byte, then the body. Throws like `unframe`. */
function intact(kind: RecordKind, place: Uint8Array, record: Uint8Array): Uint8Array {
  const end = record.length - CHECKSUM_BYTES
  if (end < 1) throw damaged(`the ${kind} record`)
  const framed = part(record, 0, end)
  if (checksum(kind, place, framed) !== view(record).getUint32(end)) throw damaged(`the ${kind} record`)
  if (framed[0] !== FORMAT) {
    throw new Failure('corrupt', `the ${kind} record has format ${framed[0]}, which this version does not know`, {
      hint: 'use a newer tvault',
    })
  }
  return framed
}

/** Row keys of `secrets`: project id ‖ key; also the place of a secret's record, current or archived. */
export function secretKey(project: Uint8Array, key: string): Uint8Array {
  return joined(project, utf8(key))
}

/** Row keys of `history`: project id ‖ key ‖ 0x00 ‖ version (u32, big-endian), so that versions sort by number. */
export function historyKey(project: Uint8Array, key: string, version: number): Uint8Array {
  return joined(project, utf8(key), Uint8Array.of(0), u32(version))
}

/** Row keys of `audit`: sequence as u64, big-endian. */
export function auditKey(sequence: bigint): Uint8Array {
  return u64(sequence)
}

/** Project id and key in a row key of `secrets`. Throws `corrupt`. */
export function parseSecretKey(row: Uint8Array): { project: Uint8Array; key: string } {
  return { project: row.slice(0, ID_BYTES), key: keyIn(row) }
}

/** The key alone. Throws `corrupt`. */
export function keyIn(row: Uint8Array): string {
  const key = text(row.slice(ID_BYTES))
  if (row.length <= ID_BYTES || key === undefined || !isKey(key)) throw damaged('a row key of the secrets')
  return key
}

/** Project id, key and version in a row key of `history`. Throws `corrupt`. */
export function parseHistoryKey(row: Uint8Array): { project: Uint8Array; key: string; version: number } {
  const zero = row.length - 5
  if (zero <= ID_BYTES || row[zero] !== 0) throw damaged('a row key of the history')
  return { ...parseSecretKey(row.subarray(0, zero)), version: view(row).getUint32(zero + 1) }
}

/** Body: created u64, updated u64, name (u16 length), description (u16 length), mac (32), box (60). Place: project id. */
export function encodeProject(id: Uint8Array, project: ProjectRecord): Uint8Array {
  const body = joined(
    u64(project.createdAt),
    u64(project.updatedAt),
    short(project.name),
    short(project.description),
    project.recipientsMac,
    project.wrappedKey,
  )
  return frame('project', id, body)
}

/** The record under project id `id`. Throws `corrupt`. */
export function decodeProject(id: Uint8Array, record: Uint8Array): ProjectRecord {
  if (id.length !== ID_BYTES) throw damaged('a row key of the projects')
  const body = unframe('project', id, record)
  if (body.length < 20) throw damaged('the project record')
  const nameEnd = 18 + view(body).getUint16(16)
  if (body.length < nameEnd + 2) throw damaged('the project record')
  const descriptionEnd = nameEnd + 2 + view(body).getUint16(nameEnd)
  const macEnd = descriptionEnd + MAC_BYTES
  if (body.length !== macEnd + KEY_BYTES + BOX_OVERHEAD) throw damaged('the project record')
  const name = text(body.subarray(18, nameEnd))
  const description = text(body.subarray(nameEnd + 2, descriptionEnd))
  if (name === undefined || description === undefined || !passes(name, description)) throw damaged('the project record')
  return {
    name,
    description,
    createdAt: view(body).getBigUint64(0),
    updatedAt: view(body).getBigUint64(8),
    recipientsMac: body.slice(descriptionEnd, macEnd),
    wrappedKey: body.slice(macEnd),
  }
}

/** Body: version u32 (from 1), created u64, updated u64, box. Place: row key of `secrets`, for archived versions too. */
export function encodeSecret(place: Uint8Array, secret: SecretRecord): Uint8Array {
  return frame('secret', place, joined(u32(secret.version), u64(secret.createdAt), u64(secret.updatedAt), secret.box))
}

/** The record at `place`. Throws `corrupt`. */
export function decodeSecret(place: Uint8Array, record: Uint8Array): SecretRecord {
  const framed = intact('secret', place, record)
  if (framed.length < 21 + BOX_OVERHEAD) throw damaged('the secret record')
  const numbers = view(framed)
  const version = numbers.getUint32(1)
  if (version === 0) throw damaged('the secret record')
  return {
    version,
    createdAt: numbers.getBigUint64(5),
    updatedAt: numbers.getBigUint64(13),
    box: framed.slice(21),
  }
}

/** Like `decodeSecret`, and the failure says which secret it is: for places whose name the asker may know. */
export function decodeNamed(place: Uint8Array, record: Uint8Array): SecretRecord {
  try {
    return decodeSecret(place, record)
  } catch (error) {
    if (!(error instanceof Failure) || error.kind !== 'corrupt') throw error
    throw damaged(`the record of ${parseSecretKey(place).key}`)
  }
}

/** Body: mac (32), content. Place: row key. */
export function encodeAudit(place: Uint8Array, row: AuditRecord): Uint8Array {
  return frame('audit', place, joined(row.mac, row.content))
}

/** The record at `place`. Throws `corrupt`. */
export function decodeAudit(place: Uint8Array, record: Uint8Array): AuditRecord & { sequence: bigint } {
  if (place.length !== 8) throw damaged('a row key of the audit log')
  const body = unframe('audit', place, record)
  if (body.length < MAC_BYTES + 8) throw damaged('the audit record')
  return {
    sequence: view(place).getBigUint64(0),
    mac: body.slice(0, MAC_BYTES),
    content: body.slice(MAC_BYTES),
  }
}

/** Body: sequence u64, timestamp u64, mac (32). */
export function encodeAuditHead(head: AuditHead): Uint8Array {
  return frame('audit head', META.auditHead, joined(u64(head.sequence), u64(head.timestamp), head.mac))
}

/** Throws `corrupt`. */
export function decodeAuditHead(record: Uint8Array): AuditHead {
  const body = unframe('audit head', META.auditHead, record)
  if (body.length !== 16 + MAC_BYTES) throw damaged('the audit head record')
  return { sequence: view(body).getBigUint64(0), timestamp: view(body).getBigUint64(8), mac: body.slice(16) }
}

/** 16 bytes of a uuid in its 36-character form. Throws RangeError for anything else. */
export function uuidBytes(uuid: string): Uint8Array {
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(uuid)) throw new RangeError('not a uuid')
  return Uint8Array.fromHex(uuid.replaceAll('-', ''))
}

/** The 36-character form of 16 bytes. */
export function uuidText(bytes: Uint8Array): string {
  return bytes.toHex().replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}

function passes(name: string, description: string): boolean {
  try {
    checkProjectName(name)
    checkDescription(description)
    return true
  } catch {
    return false
  }
}

/** UTF-8 text behind its length as u16. */
export function short(value: string): Uint8Array {
  const bytes = utf8(value)
  return joined(u16(bytes.length), bytes)
}

/** Unsigned 16-bit integer, big-endian. Throws RangeError outside 0 … 65535. */
export function u16(value: number): Uint8Array {
  if (value > 0xffff) throw new RangeError('not an unsigned 16-bit integer')
  return u32(value).subarray(2)
}

/** The numbers in `bytes`, which must be long enough: a DataView would cost many times more (lib/bytes.ts says why). */
export function view(bytes: Uint8Array): Numbers {
  return new Numbers(bytes)
}

class Numbers {
  readonly #bytes: Uint8Array

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  getUint16(at: number): number {
    return (this.#byte(at) << 8) | this.#byte(at + 1)
  }

  getUint32(at: number): number {
    return this.getUint16(at) * 0x10000 + this.getUint16(at + 2)
  }

  getBigUint64(at: number): bigint {
    return (BigInt(this.getUint32(at)) << 32n) | BigInt(this.getUint32(at + 4))
  }

  #byte(at: number): number {
    const byte = this.#bytes[at]
    if (byte === undefined) throw new RangeError('out of bounds')
    return byte
  }
}

/** The rows whose keys begin with `prefix`. Not for prefixes of 0xff bytes only. */
export function under(prefix: Uint8Array): { from: Uint8Array; to: Uint8Array } {
  const to = prefix.slice()
  let last = to.length - 1
  while (last > 0 && to[last] === 0xff) last--
  to[last] = (to[last] ?? 0) + 1
  return { from: prefix, to: to.subarray(0, last + 1) }
}
