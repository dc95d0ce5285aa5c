// The policy for AI agents as the vault keeps it: the owner's alone, found out when somebody else changed it, and there
// after everything that replaces the file. And what is counted against its budgets, together with what it is counted for.
import { describe, expect, test } from 'bun:test'
import { KDF_FLOOR } from '../../src/crypto/kdf-parameters.ts'
import { Secret } from '../../src/lib/secret.ts'
import { META } from '../../src/vault/schema.ts'
import { Vault } from '../../src/vault/vault.ts'
import type { Charge } from '../../src/vault/view.ts'
import { failure } from '../failure.ts'
import { memory, owner, passphrase, policyOf, stranger } from './fixture.ts'

function made() {
  const store = memory()
  const vault = Vault.create(store, passphrase(), KDF_FLOOR)
  return { store, vault, view: vault.view(owner('admin', 'policy set')) }
}

const charge = (rest: Partial<Charge> = {}): Charge => ({ name: 'c', count: 1, limit: 2, seconds: 3600, ...rest })
const read = (vault: Vault) => vault.names(owner()).policy()

describe('the policy', () => {
  test('is stored with a revision, shown, taken away, and written down', () => {
    const { vault, view } = made()
    expect(read(vault)).toEqual({ revision: 0, changedAt: 0n, text: '' })
    expect(vault.policy()).toBeUndefined()
    expect(view.setPolicy('first', { revision: 0 })).toEqual({ revision: 1 })
    expect(read(vault)).toMatchObject({ revision: 1, text: 'first' })
    expect(vault.policy()).toMatchObject({ checked: true, row: { text: 'first' } })
    expect(view.setPolicy('', { revision: 1 })).toEqual({ revision: 2 })
    expect(read(vault)).toMatchObject({ revision: 2, text: '' })
    const rows = view.audit({ limit: 10, action: 'policy.set' })
    expect(rows.map(({ metadata }) => metadata['revision'])).toEqual([2, 1])
    expect(JSON.stringify(rows.map(({ metadata }) => metadata))).not.toContain('first')
  })

  test('a change of one that was changed meanwhile is a conflict', () => {
    const { view } = made()
    view.setPolicy('first', { revision: 0 })
    expect(failure(() => view.setPolicy('second', { revision: 0 }))).toMatchObject({ kind: 'conflict' })
  })

  test('nobody but the owner stores or reads it', () => {
    const { vault, view } = made()
    view.setPolicy('first', { revision: 0 })
    const all = policyOf(() => false)
    const guest = vault.view(stranger('admin', all))
    expect(failure(() => guest.setPolicy('x', { revision: 1 }))).toMatchObject({ kind: 'denied' })
    const none = policyOf(({ effect }) => effect === 'admin')
    expect(failure(() => vault.names(stranger('list', none)).policy())).toMatchObject({ kind: 'denied' })
    expect(read(vault).text).toBe('first')
  })

  test.each(['policy', 'uses'] as const)('a changed byte of row %s is found', (name) => {
    const { store, vault, view } = made()
    view.setPolicy('first', { revision: 0 })
    vault.spending([charge()], () => undefined)
    const row = store.get('meta', META[name])!
    for (let at = 0; at < row.length; at++) {
      const changed = row.slice()
      changed[at] = changed[at]! ^ 1
      store.commit((writer) => writer.put('meta', META[name], changed))
      const look = name === 'policy' ? () => vault.policy() : () => vault.spending([charge()], () => undefined)
      expect([at, failure(look)?.kind]).toEqual([at, 'corrupt'])
    }
    // With the right checksum and without the key of the vault, too: that of another vault is another one.
    const other = made()
    other.view.setPolicy('first', { revision: 0 })
    other.vault.spending([charge()], () => undefined)
    store.commit((writer) => writer.put('meta', META[name], other.store.get('meta', META[name])!))
    const look = name === 'policy' ? () => vault.policy() : () => vault.spending([charge()], () => undefined)
    expect(failure(look)).toMatchObject({ kind: 'corrupt' })
    expect(failure(() => view.verifyAll())).toMatchObject({ kind: 'corrupt' })
    // The owner gets out of it by storing one again.
    view.setPolicy('second', { revision: 1 })
    expect(vault.policy()?.row.text).toBe('second')
    vault.spending([charge()], () => undefined)
  })

  test('a locked vault shows it unchecked, and a new passphrase leaves it as it is', async () => {
    const { store, vault, view } = made()
    view.setPolicy('first', { revision: 0 })
    vault.spending([charge()], () => undefined)
    await view.rotate(Secret.fromText('another one 7741'))
    const again = Vault.open(store)
    expect(again.policy()).toMatchObject({ checked: false, row: { text: 'first' } })
    again.unlock(Secret.fromText('another one 7741'))
    expect(again.policy()).toMatchObject({ checked: true, row: { text: 'first' } })
    again.spending([charge()], () => undefined)
    expect(failure(() => again.spending([charge()], () => undefined))).toMatchObject({ code: 'budget_exhausted' })
  })
})

describe('budgets', () => {
  test('are counted with what is done, all or nothing', () => {
    const { vault } = made()
    const bad = new Error('not done')
    for (let i = 0; i < 5; i++) {
      const spent = () =>
        vault.spending([charge()], () => {
          throw bad
        })
      expect(spent).toThrow(bad)
    }
    let done = 0
    vault.spending([charge()], () => (done += 1))
    vault.spending([charge()], () => (done += 1))
    const third = failure(() => vault.spending([charge()], () => (done += 1)))
    expect(third).toMatchObject({ kind: 'denied', code: 'budget_exhausted' })
    expect(third?.about?.['seconds']).toBeGreaterThan(3590)
    expect(done).toBe(2)
  })

  test('one that is used up leaves the others uncounted', () => {
    const { vault } = made()
    vault.spending([charge({ name: 'b', limit: 1 })], () => undefined)
    const both = [charge({ name: 'a', limit: 1 }), charge({ name: 'b', limit: 1 })]
    expect(failure(() => vault.spending(both, () => undefined))).toBeDefined()
    vault.spending([charge({ name: 'a', limit: 1 })], () => undefined)
  })

  test('several at once that are too many are refused whole', () => {
    const { vault } = made()
    expect(failure(() => vault.spending([charge({ count: 3 })], () => undefined))).toBeDefined()
    vault.spending([charge({ count: 2 })], () => undefined)
  })

  test('a window opens again, and clients and windows are apart', async () => {
    const { vault } = made()
    const short = charge({ limit: 1, seconds: 0.05 })
    vault.spending([short], () => undefined)
    expect(failure(() => vault.spending([short], () => undefined))).toBeDefined()
    vault.spending([charge({ limit: 1 })], () => undefined)
    vault.spending([charge({ name: 'd', limit: 1, seconds: 0.05 })], () => undefined)
    await Bun.sleep(60)
    vault.spending([short], () => undefined)
  })
})
