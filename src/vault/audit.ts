// The audit log: a chain. Each row's mac covers the row before it, so an edit, a gap, a swap and a forged row are
// found by `verifyChain`; a cut tail is found when somebody kept an older head. A row is written in the same commit
// as what it tells. It never holds a value, and names in it are bounded in number and length. A recipient, who has not
// the key of the owner, continues the chain with a key of its own: it can write rows in its own name and in no other.
import { LABELS, mac } from '../crypto/keys.ts'
import { parseRecipient } from '../crypto/recipient.ts'
import { concat, equalConstantTime, text, toHex, u64, utf8 } from '../lib/bytes.ts'
import { Failure } from '../lib/errors.ts'
import { namedRecipient } from '../lib/gate.ts'
import { now } from '../lib/time.ts'
import { signingKey } from './keyring.ts'
import {
  META,
  MAC_BYTES,
  auditKey,
  damaged,
  decodeAudit,
  decodeAuditHead,
  encodeAudit,
  encodeAuditHead,
  view,
} from './schema.ts'
import type { Nanoseconds } from '../lib/time.ts'
import type { Reader, Writer } from '../store/store.ts'
import type { AuditHead } from './schema.ts'
import type { AuditEntry, AuditQuery } from './view.ts'

/** What a caller says; sequence and timestamp are given by the chain. */
export type AuditNote = Omit<AuditEntry, 'sequence' | 'timestamp'>

export const MAX_LISTED_NAMES = 50
const MAX_TEXT = 255
const START: AuditHead = { sequence: 0n, timestamp: 0n, mac: new Uint8Array(MAC_BYTES) }
const PHASES: readonly string[] = ['intent', 'outcome', 'done', 'refused'] satisfies readonly AuditEntry['phase'][]

/** The end of the chain; before the first row a head of sequence 0. Throws `corrupt`. */
export function readHead(reader: Reader): AuditHead {
  const record = reader.get('meta', META.auditHead)
  return record ? decodeAuditHead(record) : START
}

/** A head as it is printed and given back to `verifyChain`: `<sequence>:<64 hex digits>`. */
export function headText(head: AuditHead): string {
  return `${head.sequence}:${toHex(head.mac)}`
}

/**
 * Appends a row and moves the head; returns the row's sequence number. `key` is the audit key, or that of the recipient
 * whom the row's principal names. `clock` is given for rows of another log only. Times never go backwards.
 */
export function appendAudit(writer: Writer, key: Uint8Array, note: AuditNote, clock: Nanoseconds = now()): number {
  const head = readHead(writer)
  const timestamp = clock > head.timestamp ? clock : head.timestamp
  const sequence = head.sequence + 1n
  const content = concat(u64(timestamp), utf8(JSON.stringify(toRow(note))))
  const next = { sequence, timestamp, mac: link(key, head.mac, sequence, content) }
  const place = auditKey(sequence)
  writer.put('audit', place, encodeAudit(place, { mac: next.mac, content }))
  writer.put('meta', META.auditHead, encodeAuditHead(next))
  return Number(sequence)
}

/** Rows newest first. `sees` is asked before anything is counted. Throws `corrupt` for a row that does not decode. */
export function queryAudit(reader: Reader, query: AuditQuery, sees: (entry: AuditEntry) => boolean): AuditEntry[] {
  const found: AuditEntry[] = []
  for (const { key, value } of reader.range('audit', { reverse: true })) {
    if (found.length >= query.limit) break
    const entry = decodeEntry(key, value)
    if (query.since !== undefined && entry.timestamp < query.since) continue
    if (query.until !== undefined && entry.timestamp > query.until) continue
    if (query.action !== undefined && entry.action !== query.action) continue
    if (query.resourceType !== undefined && entry.resourceType !== query.resourceType) continue
    if (query.project !== undefined && projectOf(entry) !== query.project) continue
    if (sees(entry)) found.push(entry)
  }
  return found
}

/** The project a row is about, or undefined for the vault as a whole. */
export function projectOf(entry: AuditNote): string | undefined {
  if (entry.resourceType === 'project') return entry.resourceName
  const project = entry.metadata['project']
  return typeof project === 'string' ? project : undefined
}

/** One row without its mac checked. Throws `corrupt`. */
export function decodeEntry(place: Uint8Array, record: Uint8Array): AuditEntry {
  const { sequence, content } = decodeAudit(place, record)
  const json = text(content.subarray(8))
  let row: unknown
  try {
    row = JSON.parse(json ?? '')
  } catch {
    throw damaged('an audit row')
  }
  return { sequence: Number(sequence), timestamp: view(content).getBigUint64(0), ...fromRow(row) }
}

/**
 * Recomputes the whole chain with the audit key; the keys of recipients follow from it. `head` is one that was printed earlier: its row must still be there, unchanged.
 * Throws `corrupt` naming the first bad row, `usage` for a head that is none.
 */
export function verifyChain(reader: Reader, key: Uint8Array, head?: string): { rows: number; head: string } {
  const wanted = head === undefined ? undefined : parseHead(head)
  const end = readHead(reader)
  if (wanted && wanted.sequence > end.sequence) {
    throw broken(
      `the audit log ends at row ${end.sequence}, before the given head ${wanted.sequence}: its tail was cut`,
    )
  }
  let last = START
  const signers = new Signers(key)
  for (const { key: place, value } of reader.range('audit')) {
    const row = decodeAudit(place, value)
    const sequence = last.sequence + 1n
    if (row.sequence !== sequence) throw broken(`audit row ${sequence} is missing`)
    const { timestamp, principal } = decodeEntry(place, value)
    const signer = signers.key(principal)
    if (!signer || !equalConstantTime(row.mac, link(signer, last.mac, sequence, row.content))) {
      throw broken(`audit row ${sequence} was changed, or a row before it was`)
    }
    if (wanted?.sequence === sequence && !equalConstantTime(wanted.mac, row.mac)) {
      throw broken(`audit row ${sequence} is not the one the given head belongs to`)
    }
    last = { sequence, timestamp, mac: row.mac }
  }
  if (last.sequence !== end.sequence)
    throw broken(`the audit log ends at row ${last.sequence}, its head says ${end.sequence}`)
  if (!equalConstantTime(last.mac, end.mac) || last.timestamp !== end.timestamp) {
    throw broken(`the audit head does not belong to row ${last.sequence}`)
  }
  return { rows: Number(last.sequence), head: headText(last) }
}

/** The keys that may sign a row, by the principal it names. */
class Signers {
  readonly #owner: Uint8Array
  readonly #recipients = new Map<string, Uint8Array>()

  constructor(owner: Uint8Array) {
    this.#owner = owner
  }

  key(principal: string): Uint8Array | undefined {
    const recipient = namedRecipient(principal)
    if (recipient === undefined) return this.#owner
    let key = this.#recipients.get(recipient)
    if (!key) {
      key = this.#derived(recipient)
      if (key) this.#recipients.set(recipient, key)
    }
    return key
  }

  #derived(text: string): Uint8Array | undefined {
    try {
      const recipient = parseRecipient(text)
      return recipient.text === text ? signingKey(this.#owner, 'audit-signer', recipient.publicKey) : undefined
    } catch {
      return undefined
    }
  }
}

/** Names for the metadata of a row: the first fifty. */
export function boundedNames(names: readonly string[]): string[] {
  return names.slice(0, MAX_LISTED_NAMES)
}

function link(key: Uint8Array, before: Uint8Array, sequence: bigint, content: Uint8Array): Uint8Array {
  return mac(key, utf8(LABELS['audit-chain']), before, u64(sequence), content)
}

function broken(message: string): Failure {
  return new Failure('corrupt', message, { hint: 'the audit log was tampered with; compare it with a backup' })
}

function parseHead(head: string): { sequence: bigint; mac: Uint8Array } {
  const parts = /^(\d{1,18}):([0-9a-f]{64})$/.exec(head)
  if (!parts?.[1] || !parts[2]) {
    throw new Failure('usage', 'not an audit head', { hint: 'a head is printed by tvault audit verify: number:hex' })
  }
  return { sequence: BigInt(parts[1]), mac: Uint8Array.fromHex(parts[2]) }
}

function clip(value: string): string {
  return value.length > MAX_TEXT ? `${value.slice(0, MAX_TEXT - 1)}…` : value
}

function toRow(note: AuditNote): Record<string, unknown> {
  return {
    action: note.action,
    resource_type: note.resourceType,
    resource_name: clip(note.resourceName),
    principal: clip(note.principal),
    command: clip(note.command),
    phase: note.phase,
    result: note.result,
    metadata: note.metadata,
  }
}

function fromRow(row: unknown): AuditNote {
  const fields: Record<string, unknown> = typeof row === 'object' && row !== null ? { ...row } : {}
  const words = (name: string): string => {
    const value = fields[name]
    if (typeof value === 'string') return value
    throw damaged('an audit row')
  }
  const phase = words('phase')
  const metadata = fields['metadata']
  if (!isPhase(phase) || !isMetadata(metadata)) throw damaged('an audit row')
  return {
    action: words('action'),
    resourceType: words('resource_type'),
    resourceName: words('resource_name'),
    principal: words('principal'),
    command: words('command'),
    phase,
    result: words('result'),
    metadata,
  }
}

function isPhase(value: string): value is AuditEntry['phase'] {
  return PHASES.includes(value)
}

function isMetadata(value: unknown): value is AuditEntry['metadata'] {
  return (
    typeof value === 'object' &&
    value !== null &&
    Object.values(value).every(
      (item) =>
        ['string', 'number', 'boolean'].includes(typeof item) ||
        (Array.isArray(item) && item.every((name) => typeof name === 'string')),
    )
  )
}
