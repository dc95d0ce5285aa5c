// The secrets of tier 2, which an AI agent uses only with the owner's word: one row of table `meta`, in the clear as names
// are, under a mac of the vault's own key.
// The rule: the row is about names, not about values. A secret that is deleted and made again keeps its tier, whoever did
// it and whatever became of its project.
import { LABELS, mac } from '../crypto/keys.ts'
import { compareTexts, concat, equalConstantTime, text, utf8 } from '../lib/bytes.ts'
import { Failure } from '../lib/errors.ts'
import { isKey } from '../lib/names.ts'
import { bind } from './boxes.ts'
import { MAC_BYTES, META, damaged, frame, unframe } from './schema.ts'
import type { Reader, Writer } from '../store/store.ts'
import type { Keyring } from './keyring.ts'
import type { SecretPlace } from './view.ts'

const MOST_PLACES = 10_000

/**
 * The secrets of tier 2, sorted bytewise by project and key. With `keys` the mac is checked; without them it is good for
 * names only. Throws `corrupt`.
 */
export function readTierRow(reader: Reader, vaultId: string, keys: Keyring | undefined): SecretPlace[] {
  const record = reader.get('meta', META.tiers)
  if (!record) return []
  const body = unframe('tiers', META.tiers, record)
  const content = body.subarray(MAC_BYTES)
  const sum = body.subarray(0, MAC_BYTES)
  if (body.length < MAC_BYTES || (keys && !equalConstantTime(tierMac(keys, vaultId, content), sum))) {
    throw new Failure('corrupt', 'the tiers of the secrets were changed by somebody else', {
      hint: 'tvault tier lower --all begins anew; AI agents get nothing until then',
    })
  }
  return placesIn(content)
}

/** Body: mac (32), JSON list of [project, key]. Throws `usage` for too many. */
export function putTierRow(writer: Writer, vaultId: string, keys: Keyring, places: readonly SecretPlace[]): void {
  if (places.length > MOST_PLACES) throw new Failure('usage', `there are at most ${MOST_PLACES} secrets of tier 2`)
  const sorted = places.toSorted((a, b) => compareTexts(a.project, b.project) || compareTexts(a.key, b.key))
  const content = utf8(JSON.stringify(sorted.map(({ project, key }) => [project, key])))
  writer.put('meta', META.tiers, frame('tiers', META.tiers, concat(tierMac(keys, vaultId, content), content)))
}

function placesIn(content: Uint8Array): SecretPlace[] {
  const list: unknown = parsed(text(content))
  const isPlace = (one: unknown): one is [string, string] =>
    Array.isArray(one) && one.length === 2 && typeof one[0] === 'string' && typeof one[1] === 'string' && isKey(one[1])
  if (!Array.isArray(list) || !list.every(isPlace)) throw damaged('the tiers record')
  return list.map(([project, key]) => ({ project, key }))
}

function parsed(json: string | undefined): unknown {
  try {
    return JSON.parse(json ?? '')
  } catch {
    return undefined
  }
}

function tierMac(keys: Keyring, vaultId: string, content: Uint8Array): Uint8Array {
  const key = keys.derived('policy', utf8(vaultId))
  const sum = mac(key, bind(LABELS.tiers, utf8(vaultId), content))
  key.fill(0)
  return sum
}
