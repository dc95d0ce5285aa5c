// The owner's policy for AI agents, and what was counted against its budgets: two rows of table `meta`. Both are in the
// clear, as names are, under a mac of the vault's own key: whoever changes a byte of them has them refused. An older row
// that somebody puts back is not noticed; who can do that can put the whole file back.
import { LABELS, mac } from '../crypto/keys.ts'
import { concat, equalConstantTime, text, u32, u64, utf8 } from '../lib/bytes.ts'
import { Failure } from '../lib/errors.ts'
import { bind } from './boxes.ts'
import { readTierRow } from './tier-row.ts'
import { MAC_BYTES, META, damaged, frame, unframe, view } from './schema.ts'
import type { Nanoseconds } from '../lib/time.ts'
import type { Reader, Writer } from '../store/store.ts'
import type { Keyring } from './keyring.ts'
import type { Charge } from './view.ts'

export interface PolicyRow {
  /** Counts the changes, from 1. */
  revision: number
  changedAt: Nanoseconds
  /** Empty: there was a policy, and it was taken away. */
  text: string
}

/** What a budget was used for since `start`, in milliseconds since 1970. */
interface Used {
  start: number
  count: number
  seconds: number
}

const POLICY_FIELDS = MAC_BYTES + 12
const MOST_COUNTERS = 10_000

/**
 * The policy, or undefined when there never was one. With `keys` its mac is checked; without them it is good for names
 * only. Throws `corrupt`.
 */
export function readPolicyRow(reader: Reader, vaultId: string, keys: Keyring | undefined): PolicyRow | undefined {
  const record = reader.get('meta', META.policy)
  if (!record) return undefined
  const body = unframe('policy', META.policy, record)
  const words = body.length < POLICY_FIELDS ? undefined : text(body.subarray(POLICY_FIELDS))
  if (words === undefined) throw damaged('the policy record')
  const numbers = view(body)
  const row = { revision: numbers.getUint32(MAC_BYTES), changedAt: numbers.getBigUint64(MAC_BYTES + 4), text: words }
  if (keys && !equalConstantTime(policyMac(keys, vaultId, row), body.subarray(0, MAC_BYTES))) {
    throw new Failure('corrupt', 'the policy was changed by somebody else', {
      hint: 'it allows nothing until the owner stores one again: tvault policy edit',
    })
  }
  return row
}

/** Body: mac (32), revision u32, time u64, text. */
export function putPolicyRow(writer: Writer, vaultId: string, keys: Keyring, row: PolicyRow): void {
  const body = concat(policyMac(keys, vaultId, row), u32(row.revision), u64(row.changedAt), utf8(row.text))
  writer.put('meta', META.policy, frame('policy', META.policy, body))
}

/**
 * Counts `charges` at the moment `at` (milliseconds since 1970), all or none. Throws `denied` with code
 * `budget_exhausted` and the seconds until there is room again.
 */
export function spend(writer: Writer, vaultId: string, keys: Keyring, charges: readonly Charge[], at: number): void {
  if (charges.length === 0) return
  const counters = readCounters(writer, vaultId, keys)
  for (const [name, { start, seconds }] of counters) if (at >= start + seconds * 1000) counters.delete(name)
  for (const { name, count, limit, seconds } of charges) {
    // A window of another length is another budget; a clock that was set back does not open it.
    const id = `${seconds} ${name}`
    const used = counters.get(id) ?? { start: at, count: 0, seconds }
    if (used.count + count > limit) {
      const wait = Math.max(1, Math.ceil((used.start + seconds * 1000 - at) / 1000))
      throw new Failure(
        'denied',
        `the policy allows ${limit} of this in ${seconds} seconds, and ${used.count} are used`,
        {
          hint: 'ask the owner, or wait',
          code: 'budget_exhausted',
          about: { seconds: used.count === 0 ? seconds : wait },
        },
      )
    }
    counters.set(id, { ...used, count: used.count + count })
  }
  if (counters.size > MOST_COUNTERS)
    throw new Failure('denied', 'too many clients are counted', { code: 'budget_exhausted' })
  const content = utf8(JSON.stringify([...counters]))
  writer.put('meta', META.uses, frame('uses', META.uses, concat(usesMac(keys, vaultId, content), content)))
}

/** Throws `corrupt` when somebody else changed the policy, its counters, or the tiers. */
export function checkPolicyRows(reader: Reader, vaultId: string, keys: Keyring): void {
  readPolicyRow(reader, vaultId, keys)
  readCounters(reader, vaultId, keys)
  readTierRow(reader, vaultId, keys)
}

function readCounters(reader: Reader, vaultId: string, keys: Keyring): Map<string, Used> {
  const record = reader.get('meta', META.uses)
  if (!record) return new Map()
  const body = unframe('uses', META.uses, record)
  const content = body.subarray(MAC_BYTES)
  const sum = usesMac(keys, vaultId, content)
  if (body.length < MAC_BYTES || !equalConstantTime(sum, body.subarray(0, MAC_BYTES))) {
    throw new Failure('corrupt', 'the counters of budgets were changed by somebody else', {
      hint: 'tvault policy edit: storing a policy again clears them',
    })
  }
  return new Map(JSON.parse(text(content) ?? '') as [string, Used][])
}

function policyMac(keys: Keyring, vaultId: string, row: PolicyRow): Uint8Array {
  const numbers = concat(u32(row.revision), u64(row.changedAt))
  return sealed(keys, vaultId, bind(LABELS.policy, utf8(vaultId), numbers, utf8(row.text)))
}

function usesMac(keys: Keyring, vaultId: string, content: Uint8Array): Uint8Array {
  return sealed(keys, vaultId, bind(LABELS.uses, utf8(vaultId), content))
}

function sealed(keys: Keyring, vaultId: string, bytes: Uint8Array): Uint8Array {
  const key = keys.derived('policy', utf8(vaultId))
  const sum = mac(key, bytes)
  key.fill(0)
  return sum
}
