// A vault put in from outside: everything arrives, nothing half arrives, and the second look notices each difference
// between the new vault and its source.
import { describe, expect, test } from 'bun:test'
import { Identity } from '../../src/crypto/recipient.ts'
import { KDF_FLOOR } from '../../src/crypto/kdf-parameters.ts'
import { Failure } from '../../src/lib/errors.ts'
import { Secret } from '../../src/lib/secret.ts'
import { openMemory } from '../../src/store/memory.ts'
import { queryAudit } from '../../src/vault/audit.ts'
import { deriveKek, keptHeader } from '../../src/vault/header.ts'
import { TABLES } from '../../src/vault/schema.ts'
import { plantVault } from '../../src/vault/transplant.ts'
import { Vault } from '../../src/vault/vault.ts'
import type { Asker } from '../../src/lib/gate.ts'
import type { Store } from '../../src/store/store.ts'
import type { AuditNote } from '../../src/vault/audit.ts'
import type { Transplant, TransplantVersion } from '../../src/vault/transplant.ts'

const WEB = '00000000-0000-4000-8000-000000000001'
const API = '00000000-0000-4000-8000-000000000002'
const PASSPHRASE = 'words that stay the same'
const FROM = {
  vaultId: '8ff883ea-10df-473d-a839-64c719964588',
  createdAt: 1_000_000_000_000_000_001n,
  salt: new Uint8Array(16).fill(9),
  kdf: KDF_FLOOR,
}
const KEK = deriveKek(Secret.fromText(PASSPHRASE), FROM)
const ASKER: Asker = {
  principal: { kind: 'owner', interactive: true },
  command: 'test',
  effect: 'reveal',
  policy: { decide: () => ({ allow: true, rule: 'test' }) },
}

function note(action: string): AuditNote {
  const rest = { principal: 'owner', command: 'migrate', phase: 'done', result: 'ok', metadata: {} } as const
  return { action, resourceType: 'vault', resourceName: 'vault', ...rest }
}

type Sketch = [project: string, key: string, version: number, isCurrent: boolean, value: string, updated?: bigint]
const VERSIONS: Sketch[] = [
  [WEB, 'A', 3, true, 'three'],
  [WEB, 'A', 1, false, 'one'],
  [API, 'B', 7, true, ''],
]

function version([project, key, number, isCurrent, value, updated = 20n]: Sketch): TransplantVersion {
  return { project, key, version: number, createdAt: 10n, updatedAt: updated, isCurrent, value: Secret.fromText(value) }
}

interface Parts extends Partial<Omit<Transplant, 'versions'>> {
  /** What the first walk gives, and the second. */
  first?: Sketch[]
  second?: Sketch[]
}

function source({ first = VERSIONS, second = first, ...rest }: Parts = {}): Transplant {
  let walks = 0
  return {
    projects: [
      { id: WEB, name: 'web', description: 'the shop', createdAt: 5n, updatedAt: 6n, recipients: [] },
      { id: API, name: 'api', description: '', createdAt: 5n, updatedAt: 6n, recipients: [] },
    ],
    current: 'api',
    groups: [],
    audit: () => [],
    ...rest,
    versions: () => (walks++ === 0 ? first : second).map(version),
  }
}

function plant(parts: Parts = {}): Store {
  const store = openMemory({ tables: TABLES })
  plantVault(store, KEK, FROM, source(parts), { note: note('vault.migrate') })
  return store
}

function open(store: Store): Vault {
  const vault = Vault.open(store)
  vault.unlock(Secret.fromText(PASSPHRASE))
  return vault
}

function kindOf(act: () => unknown): string {
  try {
    act()
  } catch (error) {
    if (error instanceof Failure) return `${error.kind}: ${error.message}`
    throw error
  }
  return 'nothing'
}

test('opens with the old passphrase: same salt, same id, same key', () => {
  const vault = open(plant())
  expect(vault.header.vaultId).toBe(FROM.vaultId)
  expect(vault.header.salt).toEqual(FROM.salt)
  const view = vault.view(ASKER)
  expect(view.currentProject()).toBe('api')
  expect(Buffer.from(view.read('web', 'A').reveal()).toString()).toBe('three')
  expect(Buffer.from(view.read('web', 'A', { version: 1 }).reveal()).toString()).toBe('one')
  expect(view.history('web', 'A').map((one) => [one.version, one.createdAt, one.updatedAt])).toEqual([
    [1, 10n, 20n],
    [3, 10n, 20n],
  ])
  // It goes on from here like any other vault.
  expect(view.write('web', 'A', Secret.fromText('four')).version).toBe(4)
  expect(view.verifyAudit().rows).toBeGreaterThan(1)
})

test('the key derivation stays above the floor', () => {
  expect(kindOf(() => keptHeader(KEK, { ...FROM, kdf: { memoryKib: 8, passes: 1, lanes: 1 } }))).toStartWith('corrupt')
})

test('groups, recipients and foreign audit rows come along', () => {
  const identity = Identity.generate()
  const project = { id: WEB, name: 'web', description: '', createdAt: 5n, updatedAt: 6n }
  const store = plant({
    projects: [{ ...project, recipients: [{ recipient: identity.recipient, sharedAt: 15n }] }],
    first: VERSIONS.slice(0, 2),
    groups: [
      {
        name: 'g',
        description: '',
        createdAt: 1n,
        updatedAt: 2n,
        environments: [{ name: 'prod', project: 'web', from: undefined }],
      },
    ],
    current: 'gone',
    audit: () => [
      { timestamp: 11n, note: { ...note('old'), principal: 'imported' } },
      { timestamp: 12n, note: { ...note('older'), principal: 'imported' } },
    ],
  })
  const rows = store.snapshot((reader) => queryAudit(reader, { limit: 9 }, () => true))
  expect(rows.map(({ action, timestamp }) => (timestamp < 100n ? `${action} ${timestamp}` : action))).toEqual([
    'vault.migrate',
    'older 12',
    'old 11',
  ])
  // The recipient opens it without the passphrase, and the owner's look finds nothing wrong.
  const shared = Vault.open(store)
  const { recipients, projects } = shared.unlockWith([identity])
  const principal = { kind: 'identity', recipients, projects } as const
  expect(
    Buffer.from(
      shared
        .view({ ...ASKER, principal })
        .read('web', 'A')
        .reveal(),
    ).toString(),
  ).toBe('three')
  expect(open(store).view(ASKER).verifyAll()).toEqual({ values: 1, versions: 2 })
  expect(open(store).view(ASKER).currentProject()).toBe('')
})

describe('all or nothing', () => {
  const cases: [string, Parts, RegExp][] = [
    ['a version twice', { first: [...VERSIONS, VERSIONS[1]!] }, /^corrupt: .* twice/],
    ['a version of no project', { first: [['00000000-0000-4000-8000-000000000009', 'A', 1, true, '']] }, /^corrupt/],
    ['a key that is none', { first: [[WEB, 'a b', 1, true, '']] }, /^usage/],
    [
      'two projects of one name',
      { projects: [WEB, API].map((id) => ({ ...source().projects[0]!, id })) },
      /^conflict: project web exists/,
    ],
    [
      'a project name that is refused',
      { projects: [{ ...source().projects[0]!, name: 'a\nb' }], first: [] },
      /^usage: invalid project name/,
    ],
  ]
  test.each(cases)('%s', (_, parts, words) => {
    const store = openMemory({ tables: TABLES })
    expect(kindOf(() => plantVault(store, KEK, FROM, source(parts), { note: note('x') }))).toMatch(words)
    for (const table of TABLES) expect(store.count(table)).toBe(0)
  })

  test('a store with a vault in it is left alone', () => {
    const store = plant()
    expect(kindOf(() => plantVault(store, KEK, FROM, source(), { note: note('x') }))).toStartWith('conflict')
    expect(open(store).view(ASKER).verifyAll()).toEqual({ values: 2, versions: 3 })
  })
})

describe('the second look notices', () => {
  const other = (index: number, change: (sketch: Sketch) => Sketch): Sketch[] =>
    VERSIONS.map((sketch, at) => (at === index ? change([...sketch]) : sketch))
  const cases: [string, Sketch[]][] = [
    ['another value', other(0, ([p, k, v, c]) => [p, k, v, c, 'Three'])],
    ['another old value', other(1, ([p, k, v, c]) => [p, k, v, c, 'One'])],
    ['another version', other(1, ([p, k, , c, value]) => [p, k, 2, c, value])],
    ['another time', other(0, ([p, k, v, c, value]) => [p, k, v, c, value, 21n])],
    ['another current one', other(0, ([p, k, v, , value]) => [p, k, v, false, value])],
    ['another project', other(2, ([, k, v, c, value]) => [WEB, k, v, c, value])],
    ['one more', [...VERSIONS, [WEB, 'C', 1, true, '']]],
    ['one less', VERSIONS.slice(0, 2)],
  ]
  test.each(cases)('%s', (_, second) => {
    expect(kindOf(() => plant({ second }))).toMatch(/^corrupt: the new vault holds/)
  })
})

test('no value is left unwiped', () => {
  const given: Secret[] = []
  const values = source()
  const watched: Transplant = {
    ...values,
    versions: () =>
      [...values.versions()].map((one) => {
        given.push(one.value)
        return one
      }),
  }
  plantVault(openMemory({ tables: TABLES }), KEK, FROM, watched, { note: note('x') })
  expect(given.length).toBe(6)
  expect(given.every(({ size }) => size === 0)).toBeTrue()
})
