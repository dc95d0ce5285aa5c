// Puts secrets into tier 2 and takes them out again, with a row in the audit log. Only the owner does. A copy of a value
// has the tier of the value: else it could be used where the original cannot.
import { Failure } from '../lib/errors.ts'
import { boundedNames } from './audit.ts'
import { OPERATIONS } from './operations.ts'
import { META } from './schema.ts'
import { currentRow } from './secrets.ts'
import { putTierRow, readTierRow } from './tier-row.ts'
import type { Reader, Writer } from '../store/store.ts'
import type { Keyring } from './keyring.ts'
import type { Scope } from './scope.ts'
import type { Opener } from './secrets.ts'
import type { SecretPlace } from './view.ts'

type Owner = Opener & { keys: Keyring }

/** Puts `keys` of `project` into tier 2; which were not there already. Throws `not_found` for the first that is missing. */
export function raiseTier(
  scope: Scope,
  { header, keys: ring }: Owner,
  project: string,
  keys: readonly string[],
): string[] {
  demandOwner(scope)
  return scope.session.commit((writer) => {
    const within = scope.project(writer, project)
    for (const key of keys) scope.found(currentRow(writer, within, key), { project, key })
    const before = readTierRow(writer, header.vaultId, ring)
    const added = [...new Set(keys)].filter((key) => !has(before, { project, key }))
    if (added.length === 0) return added
    putTierRow(writer, header.vaultId, ring, [...before, ...added.map((key) => ({ project, key }))])
    note(scope, writer, project, added, 2)
    return added
  })
}

/** Puts them back into tier 1, also those that are deleted by now; which were in tier 2. */
export function lowerTier(
  scope: Scope,
  { header, keys: ring }: Owner,
  project: string,
  keys: readonly string[],
): string[] {
  demandOwner(scope)
  return scope.session.commit((writer) => {
    const before = readTierRow(writer, header.vaultId, ring)
    const gone = [...new Set(keys)].filter((key) => has(before, { project, key }))
    if (gone.length === 0) return gone
    const stay = before.filter((place) => place.project !== project || !gone.includes(place.key))
    putTierRow(writer, header.vaultId, ring, stay)
    note(scope, writer, project, gone, 1)
    return gone
  })
}

/** Begins anew with none, whatever the row holds: how the owner gets out of one that somebody else changed. */
export function clearTiers(scope: Scope, { header, keys }: Owner): void {
  demandOwner(scope)
  scope.session.commit((writer) => {
    if (!writer.get('meta', META.tiers)) return
    putTierRow(writer, header.vaultId, keys, [])
    scope.record(writer, scope.note(OPERATIONS.tier, {}, { metadata: { tier: 1, all: true } }))
  })
}

/** Gives `to` the tier of `from`, with which it shares a value; `from` is read from `reader`. Throws `corrupt`. */
export function followTier(
  { session: { header, keys } }: Scope,
  reader: Reader,
  writer: Writer,
  from: SecretPlace,
  to: SecretPlace,
  { moved = false }: { moved?: boolean } = {},
): void {
  const before = readTierRow(reader, header.vaultId, keys)
  if (!has(before, from)) return
  const stay = moved ? before.filter((place) => !same(place, from)) : before
  putTierRow(writer, header.vaultId, keys, has(stay, to) ? stay : [...stay, to])
}

function has(places: readonly SecretPlace[], place: SecretPlace): boolean {
  return places.some((one) => same(one, place))
}

function same(a: SecretPlace, b: SecretPlace): boolean {
  return a.project === b.project && a.key === b.key
}

function demandOwner(scope: Scope): void {
  scope.demand(OPERATIONS.tier)
  if (!scope.isOwner) throw new Failure('denied', 'only the owner says which tier a secret has')
}

function note(scope: Scope, writer: Writer, project: string, keys: readonly string[], tier: 1 | 2): void {
  const [key = ''] = keys
  const target = keys.length === 1 ? { project, key } : { project }
  const metadata = { tier, ...(keys.length > 1 && { count: keys.length, keys: boundedNames(keys) }) }
  scope.record(writer, scope.note(OPERATIONS.tier, target, { metadata }))
}
