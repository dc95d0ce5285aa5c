// Tier 2 as the vault keeps it: about names, so it outlives what it names; with every copy of a value; found out when
// somebody else changed it; and there after everything that replaces the file.
import { expect, test } from 'bun:test'
import { KDF_FLOOR } from '../../src/crypto/kdf-parameters.ts'
import { Secret } from '../../src/lib/secret.ts'
import { META } from '../../src/vault/schema.ts'
import { Vault } from '../../src/vault/vault.ts'
import { failure, failureOf } from '../failure.ts'
import { memory, owner, passphrase, policyOf, stranger } from './fixture.ts'

function made() {
  const store = memory()
  const vault = Vault.create(store, passphrase(), KDF_FLOOR)
  const view = vault.view(owner('admin', 'tier'))
  view.createProject('web', '')
  for (const key of ['A', 'B']) view.write('web', key, Secret.fromText(key))
  return { store, vault, view }
}

const places = (vault: Vault) => vault.tiers().map(({ project, key }) => `${project}/${key}`)

test('secrets go in and out, and each change is written down', () => {
  const { vault, view } = made()
  expect(places(vault)).toEqual([])
  expect(view.raiseTier('web', ['B', 'A', 'A'])).toEqual(['B', 'A'])
  expect(view.raiseTier('web', ['A'])).toEqual([])
  expect(view.tiers()).toEqual([
    { project: 'web', key: 'A' },
    { project: 'web', key: 'B' },
  ])
  expect(view.lowerTier('web', ['A', 'NEVER'])).toEqual(['A'])
  expect(places(vault)).toEqual(['web/B'])
  view.clearTiers()
  expect(places(vault)).toEqual([])
  const rows = view.audit({ limit: 10, action: 'secret.tier' })
  expect(rows.map(({ resourceName, metadata }) => [resourceName, metadata])).toEqual([
    ['vault', { tier: 1, all: true }],
    ['A', { project: 'web', tier: 1 }],
    ['web', { tier: 2, count: 2, keys: ['B', 'A'] }],
  ])
})

test('what is not there is not put in, and then nothing is', () => {
  const { vault, view } = made()
  expect(failure(() => view.raiseTier('web', ['A', 'AA']))).toMatchObject({ kind: 'not_found' })
  expect(failure(() => view.raiseTier('no', ['A']))).toMatchObject({ kind: 'not_found' })
  expect(places(vault)).toEqual([])
})

test('deleted and made again, with its project or alone, a secret keeps its tier', async () => {
  const { vault, view } = made()
  view.raiseTier('web', ['A'])
  await view.delete('web', ['A'])
  view.write('web', 'A', Secret.fromText('again'))
  expect(places(vault)).toEqual(['web/A'])
  await view.deleteProject('web')
  view.createProject('web', '')
  view.write('web', 'A', Secret.fromText('once more'))
  expect(places(vault)).toEqual(['web/A'])
  await view.delete('web', ['A'])
  expect(view.lowerTier('web', ['A'])).toEqual(['A'])
})

test('a copy has the tier of its value, wherever it is made', async () => {
  const { vault, view } = made()
  view.createProject('stage', '')
  view.raiseTier('web', ['A'])
  view.copy({ project: 'web', key: 'A' }, { project: 'web', key: 'A2' })
  view.copy({ project: 'web', key: 'B' }, { project: 'web', key: 'B2' })
  expect(places(vault)).toEqual(['web/A', 'web/A2'])
  await view.move({ project: 'web', key: 'A2' }, { project: 'stage', key: 'MOVED' })
  expect(places(vault)).toEqual(['stage/MOVED', 'web/A'])
  const environments = ['web', 'stage'].map((name) => ({ name, project: name }))
  view.createGroup({ name: 'g', description: '', environments, force: false })
  view.promote('g', 'web', 'stage', view.promotionPlan('g', 'web', 'stage', ['A', 'B']))
  expect(places(vault)).toEqual(['stage/A', 'stage/MOVED', 'web/A'])
  view.lowerTier('stage', ['A'])
  await view.delete('stage', ['A'])
  view.setBase('g', 'stage', 'web')
  view.pin('g', 'stage', 'A')
  expect(places(vault)).toEqual(['stage/A', 'stage/MOVED', 'web/A'])
})

test('nobody but the owner changes it or is told', () => {
  const { vault, view } = made()
  view.raiseTier('web', ['A'])
  const guest = vault.view(
    stranger(
      'admin',
      policyOf(() => false),
    ),
  )
  expect(failure(() => guest.raiseTier('web', ['B']))).toMatchObject({ kind: 'denied' })
  expect(failure(() => guest.lowerTier('web', ['A']))).toMatchObject({ kind: 'denied' })
  expect(failure(() => guest.clearTiers())).toMatchObject({ kind: 'denied' })
  const none = policyOf(({ effect }) => effect === 'admin')
  expect(failure(() => vault.names(stranger('list', none)).tiers())).toMatchObject({ kind: 'denied' })
  expect(places(vault)).toEqual(['web/A'])
})

test('a changed byte is found, and so is the row of another vault; only beginning anew leads out', async () => {
  const { store, vault, view } = made()
  view.raiseTier('web', ['A'])
  const row = store.get('meta', META.tiers)!
  const put = (bytes: Uint8Array) => store.commit((writer) => writer.put('meta', META.tiers, bytes))
  for (let at = 0; at < row.length; at++) {
    const changed = row.slice()
    changed[at] = changed[at]! ^ 1
    put(changed)
    expect([at, failure(() => vault.tiers())?.kind]).toEqual([at, 'corrupt'])
  }
  const other = made()
  other.view.raiseTier('web', ['B'])
  put(other.store.get('meta', META.tiers)!)
  for (const act of [
    () => vault.tiers(),
    () => view.raiseTier('web', ['B']),
    () => view.lowerTier('web', ['B']),
    () => view.copy({ project: 'web', key: 'A' }, { project: 'web', key: 'C' }),
    () => view.verifyAll(),
  ]) {
    expect(failure(act)).toMatchObject({ kind: 'corrupt' })
  }
  expect(await failureOf(view.move({ project: 'web', key: 'A' }, { project: 'web', key: 'C' }))).toMatchObject({
    kind: 'corrupt',
  })
  view.clearTiers()
  expect(view.raiseTier('web', ['A'])).toEqual(['A'])
  view.verifyAll()
})

test('a new passphrase leaves it as it is, and a vault without the row opens as before', async () => {
  const { store, vault, view } = made()
  expect(store.get('meta', META.tiers)).toBeUndefined()
  view.verifyAll()
  view.raiseTier('web', ['A'])
  await view.rotate(Secret.fromText('another one 7741'))
  const again = Vault.open(store)
  expect(places(again)).toEqual(['web/A'])
  again.unlock(Secret.fromText('another one 7741'))
  expect(places(again)).toEqual(['web/A'])
  vault.lock()
})
