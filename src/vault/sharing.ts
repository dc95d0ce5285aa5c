// Sharing a project with a public key, and taking it back. To share is to wrap the project's key; to take back is to
// give the project a new key, seal every value and version again and wrap the new key for those who stay. What the
// one who left has read, nobody can take back: the keys to be changed at their providers are told.
import { fingerprint, parseRecipient, recipientFrom, wrapKey } from '../crypto/recipient.ts'
import { randomBytes } from '../crypto/random.ts'
import { compare } from '../lib/bytes.ts'
import { Failure } from '../lib/errors.ts'
import { checkLabel, printable } from '../lib/names.ts'
import { now } from '../lib/time.ts'
import { sealValue } from './boxes.ts'
import { OPERATIONS } from './operations.ts'
import { checkedRecipients, putShared } from './recipient-rows.ts'
import { copyRows, rebuild } from './rotate.ts'
import { ID_BYTES, KEY_BYTES, encodeSecret, historyKey, secretKey, under } from './schema.ts'
import { everyVersion, openRow, placeOf } from './secrets.ts'
import type { Recipient } from '../crypto/recipient.ts'
import type { Reader, Writer } from '../store/store.ts'
import type { Keyring } from './keyring.ts'
import type { Project } from './projects.ts'
import type { Shared } from './recipient-rows.ts'
import type { Scope } from './scope.ts'
import type { Opener, SecretRow } from './secrets.ts'
import type { RecipientInfo } from './view.ts'

/** What sharing and unsharing need: the owner's keys. */
type Owner = Opener & { keys: Keyring }

/**
 * Wraps the project's key for `text` (tvault1…). Sharing again changes nothing but the label, when one is given.
 * Throws `usage` for a bad public key or label, `corrupt` when somebody else changed the list.
 */
export function share(
  scope: Scope,
  owner: Owner,
  name: string,
  text: string,
  label: string | undefined,
): { recipient: RecipientInfo; changed: boolean } {
  const recipient = parseRecipient(text)
  if (label !== undefined) checkLabel(label)
  scope.demand(OPERATIONS.share, { project: name })
  return scope.session.commit((writer) => {
    const project = scope.project(writer, name)
    const list = checkedRecipients(writer, owner, project)
    const present = list.find((one) => compare(one.publicKey, recipient.publicKey) === 0)
    const key = owner.keys.projectKey(project.id, project)
    const entry = present ? { ...present, label: label ?? present.label } : wrapped(owner.keys, key, recipient, label)
    if (entry.label === present?.label) return { recipient: recipientInfo(entry), changed: false }
    const next = present ? list.map((one) => (one === present ? entry : one)) : [...list, entry]
    putShared(writer, owner.keys, owner.header.vaultId, touched(project), key, next)
    const metadata = { recipient: recipient.text, ...(entry.label !== '' && { label: entry.label }) }
    scope.record(writer, scope.note(OPERATIONS.share, { project: name }, { metadata }))
    return { recipient: recipientInfo(entry), changed: true }
  })
}

/** What is said about a recipient. */
export function recipientInfo({ publicKey, label, sharedAt }: Shared): RecipientInfo {
  const recipient = recipientFrom(publicKey)
  return { recipient: recipient.text, fingerprint: fingerprint(recipient), label, sharedAt }
}

/** `key` and the key for signing audit rows, wrapped for `recipient`. */
function wrapped(keys: Keyring, key: Uint8Array, recipient: Recipient, label = ''): Shared {
  const own = keys.derived('audit-signer', recipient.publicKey)
  try {
    const { publicKey } = recipient
    return { publicKey, label, sharedAt: now(), stanza: wrapKey(key, recipient), signer: wrapKey(own, recipient) }
  } finally {
    own.fill(0)
  }
}

/**
 * Gives the project a new key without `text` (tvault1…): a fresh file in which every value and version is sealed again
 * and no wrap of the old key is left. Returns what the one who left could read. Throws `not_found` for a key that it is
 * not shared with, `corrupt` when somebody else changed the list or a value does not open; nothing is changed then.
 */
export async function unshare(
  scope: Scope,
  owner: Owner,
  name: string,
  text: string,
  progress: (done: number, total: number) => void = () => undefined,
): Promise<{ recipient: RecipientInfo; couldRead: string[]; versions: number; remaining: number }> {
  const recipient = parseRecipient(text)
  scope.demand(OPERATIONS.unshare, { project: name })
  const key = randomBytes(KEY_BYTES)
  let result: { recipient: RecipientInfo; couldRead: string[]; versions: number; remaining: number } | undefined
  let written: Project | undefined
  try {
    await rebuild(
      scope.session,
      (from, to) => {
        const project = scope.project(from, name)
        const list = checkedRecipients(from, owner, project)
        const leaver = list.find((one) => compare(one.publicKey, recipient.publicKey) === 0)
        if (!leaver) throw notShared(name, recipient)
        const stay = list.filter((one) => one !== leaver)
        copyRows(from, to, (table, row) => belongs(table, row, project.id))
        const { couldRead, versions } = sealAgain(from, to, owner, project, key, progress)
        const again = stay.map(({ publicKey, label, sharedAt }) => ({
          ...wrapped(owner.keys, key, recipientFrom(publicKey), label),
          sharedAt,
        }))
        written = putShared(to, owner.keys, owner.header.vaultId, touched(project), key, again)
        const metadata = { recipient: recipient.text, secrets: couldRead.length, versions, remaining: stay.length }
        scope.record(to, scope.note(OPERATIONS.unshare, { project: name }, { metadata }))
        result = { recipient: recipientInfo(leaver), couldRead, versions, remaining: stay.length }
      },
      (fresh) => {
        if (written) openEvery(fresh, owner, written)
      },
    )
  } finally {
    key.fill(0)
    owner.keys.forgetProjects()
  }
  if (result) return result
  throw new Failure('internal', 'the project was not sealed again')
}

/** Rows of the project in any table; they are written anew. */
function belongs(table: string, row: Uint8Array, id: Uint8Array): boolean {
  const keyed = table === 'projects' || table === 'recipients' || table === 'secrets' || table === 'history'
  return keyed && compare(row.subarray(0, ID_BYTES), id) === 0
}

/** Writes every version of every secret under the new key; numbers and times stay. */
function sealAgain(
  from: Reader,
  to: Writer,
  owner: Owner,
  project: Project,
  key: Uint8Array,
  progress: (done: number, total: number) => void,
): { couldRead: string[]; versions: number } {
  const total = countRows(from, 'secrets', project.id) + countRows(from, 'history', project.id)
  const couldRead: string[] = []
  let versions = 0
  const again = (row: SecretRow): Uint8Array => {
    const value = openRow(owner, project, row)
    try {
      const box = sealValue(owner.header.suite, key, value, placeOf(owner, project, row))
      progress(++versions, total)
      return encodeSecret(secretKey(project.id, row.key), { ...row, box })
    } finally {
      value.wipe()
    }
  }
  for (const { current, ...row } of everyVersion(from, project)) {
    if (current) couldRead.push(row.key)
    const table = current ? 'secrets' : 'history'
    const place = secretKey(project.id, row.key)
    to.put(table, current ? place : historyKey(project.id, row.key, row.version), again(row))
  }
  return { couldRead, versions }
}

/** Throws `corrupt` when a value of the project does not open. */
function openEvery(reader: Reader, opener: Opener, project: Project): void {
  for (const row of everyVersion(reader, project)) openRow(opener, project, row).wipe()
}

function countRows(reader: Reader, table: string, project: Uint8Array): number {
  let count = 0
  for (const _ of reader.keys(table, under(project))) count++
  return count
}

/** The project with a new time of change; a clock that was set back does not make it older. */
function touched(project: Project): Project {
  const at = now()
  return { ...project, updatedAt: project.updatedAt > at ? project.updatedAt : at }
}

function notShared(name: string, recipient: Recipient): Failure {
  return new Failure('not_found', `project ${printable(name)} is not shared with ${recipient.text}`, {
    hint: `tvault projects recipients -p ${printable(name)}`,
  })
}
