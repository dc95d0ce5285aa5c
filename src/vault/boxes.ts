// Every sealed box of a vault and what it is bound to. A box opens only in the place it was made for: whoever can
// write the file can neither swap two rows, nor replay an old one as new, nor move a key to another project.
// The parts are length-prefixed, so no two places share an encoding. Archived versions keep their place.
import { seal, unseal } from '../crypto/aead.ts'
import { LABELS } from '../crypto/keys.ts'
import { equalConstantTime, joined, u64, utf8 } from '../lib/bytes.ts'
import { Failure } from '../lib/errors.ts'
import { Secret } from '../lib/secret.ts'
import type { Suite } from '../crypto/aead.ts'
import type { Nanoseconds } from '../lib/time.ts'
import type { ProjectRecord } from './schema.ts'

/** Where a value belongs. `project` is the 16-byte id. */
export interface ValuePlace {
  vaultId: string
  project: Uint8Array
  key: string
  version: number
  createdAt: Nanoseconds
  updatedAt: Nanoseconds
}

/** Associated data: the label and each part behind its length as u32. */
export function bind(label: string, ...parts: readonly Uint8Array[]): Uint8Array {
  return measured(utf8(label), ...parts)
}

/** Each part behind its length as u32. */
function measured(...parts: readonly Uint8Array[]): Uint8Array {
  let size = 0
  for (const part of parts) size += 4 + part.length
  const whole = new Uint8Array(size)
  let at = 0
  for (const part of parts) {
    for (let shift = 24; shift >= 0; shift -= 8) whole[at++] = part.length >>> shift
    whole.set(part, at)
    at += part.length
  }
  return whole
}

/** What the header's verifier is bound to: every other field of the header. */
export function headerBinding(fields: Uint8Array): Uint8Array {
  return bind(LABELS.verifier, fields)
}

/** What the wrapped audit key is bound to. */
export function auditKeyBinding(vaultId: string): Uint8Array {
  return bind(LABELS['wrap-audit-key'], utf8(vaultId))
}

/** What a project's wrapped key is bound to: all that the project's record says. */
export function projectKeyBinding(
  vaultId: string,
  id: Uint8Array,
  project: Omit<ProjectRecord, 'wrappedKey'>,
): Uint8Array {
  const { name, description, createdAt, updatedAt, recipientsMac } = project
  const times = joined(u64(createdAt), u64(updatedAt))
  return bind(LABELS['wrap-dek'], utf8(vaultId), id, utf8(name), utf8(description), times, recipientsMac)
}

/** What all values of a project are bound to, by the array that its id is: the same for ten thousand of them. */
const heads = new WeakMap<Uint8Array, { vaultId: string; head: Uint8Array }>()
const NUMBERS = new Uint8Array(20)
const numbers = new DataView(NUMBERS.buffer)

/** Label, vault, project, key, and in one part version (u32), created and updated (u64). */
function valueBinding({ vaultId, project, key, version, createdAt, updatedAt }: ValuePlace): Uint8Array {
  let known = heads.get(project)
  if (known?.vaultId !== vaultId) {
    known = { vaultId, head: bind(LABELS.value, utf8(vaultId), project) }
    heads.set(project, known)
  }
  numbers.setUint32(0, version)
  numbers.setBigUint64(4, createdAt)
  numbers.setBigUint64(12, updatedAt)
  return joined(known.head, measured(utf8(key), NUMBERS))
}

/** A door: the box of `value` under the project's key. Does not wipe `value`. */
export function sealValue(suite: Suite, key: Uint8Array, value: Secret, place: ValuePlace): Uint8Array {
  return seal(suite, key, value.reveal(), valueBinding(place))
}

/** The value in `box`, for the caller to wipe. Throws `corrupt` when the box was not made for this place. */
export function openValue(suite: Suite, key: Uint8Array, box: Uint8Array, place: ValuePlace): Secret {
  const value = unseal(suite, key, box, valueBinding(place))
  if (value) return new Secret(value)
  throw new Failure('corrupt', `${place.key} version ${place.version} does not open: it was damaged or tampered with`, {
    hint: 'tvault doctor',
  })
}

/** A door: whether `box` holds exactly `value`. Throws `corrupt` like openValue. */
export function holdsValue(suite: Suite, key: Uint8Array, box: Uint8Array, place: ValuePlace, value: Secret): boolean {
  const present = openValue(suite, key, box, place)
  const same = equalConstantTime(present.reveal(), value.reveal())
  present.wipe()
  return same
}
