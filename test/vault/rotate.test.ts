import { describe, expect, test } from 'bun:test'
import { KDF_FLOOR } from '../../src/crypto/kdf-parameters.ts'
import { META } from '../../src/vault/schema.ts'
import { Vault } from '../../src/vault/vault.ts'
import { verifyStructure } from '../../src/vault/verify.ts'
import { failureOf } from '../failure.ts'
import { BACKENDS, expectKind, get, made, memory, owner, passphrase, put, rows, secret } from './fixture.ts'
import type { Store } from '../../src/store/store.ts'

function filled(store: Store) {
  const all = made(store)
  all.view.createProject('web', 'shop')
  put(all.view, 'KEY', 'one')
  put(all.view, 'KEY', 'two')
  put(all.view, 'KEY', 'three', 'web')
  return all
}

function decoded(store: Store): Uint8Array {
  return Vault.open(store).header.salt
}

for (const { name, open } of BACKENDS)
  describe(name, () => {
    describe('rotation', () => {
      test('the new passphrase opens everything, the old one nothing', async () => {
        const { store, vault, view } = filled(await open())
        const before = vault.header
        const values = [...rows(store, 'secrets'), ...rows(store, 'history')]
        expect(await view.rotate(passphrase('new words'), { passes: 3 })).toEqual({ projects: 2 })
        expect([get(view, 'KEY'), get(view, 'KEY', 1), get(view, 'KEY', undefined, 'web')]).toEqual([
          'two',
          'one',
          'three',
        ])
        expect([...rows(store, 'secrets'), ...rows(store, 'history')]).toEqual(values)

        const again = Vault.open(store)
        expectKind(() => again.unlock(passphrase()), 'wrong_passphrase')
        again.unlock(passphrase('new words'))
        expect(again.view(owner()).verifyAll()).toEqual({ values: 2, versions: 3 })
        expect(again.header.kdf).toEqual({ ...KDF_FLOOR, passes: 3 })
        expect(again.header.vaultId).toBe(before.vaultId)
        expect(again.header.createdAt).toBe(before.createdAt)
        expect(Buffer.compare(again.header.salt, before.salt)).not.toBe(0)
        expect(vault.header).toEqual(again.header)
      })

      test('no wrapped key of before is left', async () => {
        const { store, view } = filled(await open())
        const boxes = [
          ...rows(store, 'projects').map(({ value }) => value.slice(-64, -4)),
          store.get('meta', META.auditKey)!,
        ]
        await view.rotate(passphrase('new words'))
        const now = Buffer.concat(
          ['meta', 'projects', 'secrets', 'history', 'audit'].flatMap((table) =>
            rows(store, table).map((row) => row.value),
          ),
        )
        for (const box of boxes) expect(now.includes(box)).toBe(false)
      })

      test('whoever was unlocked under the old passphrase writes and reads nothing more', async () => {
        const { store, view } = filled(await open())
        const other = Vault.open(store)
        other.unlock(passphrase())
        const late = other.view(owner())
        await view.rotate(passphrase('new words'))
        const before = rows(store, 'audit').length
        const entries = [{ key: 'NEW', value: secret('v') }]
        for (const act of [
          () => late.write('default', 'KEY', secret('lost')),
          () => late.writeMany('default', entries, { overwrite: true }),
          () => late.read('default', 'KEY'),
          () => late.readMany('default', {}),
          () => late.rollback('default', 'KEY', 1),
          () => late.createProject('late', ''),
          () => late.verifyAll(),
        ]) {
          expectKind(act, 'conflict')
        }
        for (const act of [
          () => late.delete('default', ['KEY']),
          () => late.deleteProject('web'),
          () => late.rotate(passphrase('third')),
        ]) {
          expect((await failureOf(act())).message).toBe('the passphrase was changed meanwhile')
        }
        expect(rows(store, 'audit').length).toBe(before)
        expect(get(view, 'KEY')).toBe('two')
        other.unlock(passphrase('new words'))
        expect(get(other.view(owner()), 'KEY')).toBe('two')
      })

      test('a failed rotation leaves the old passphrase and the old keys', async () => {
        const { store, vault, view } = filled(await open())
        const before = vault.header
        const replace = store.replace.bind(store)
        store.replace = async (build, verify) => {
          await replace(build, (fresh) => {
            verify(fresh)
            throw new Error('no space')
          })
        }
        await expect(view.rotate(passphrase('new words'))).rejects.toThrow('no space')
        store.replace = replace
        expect(vault.header).toEqual(before)
        expect(get(view, 'KEY')).toBe('two')
        const again = Vault.open(store)
        again.unlock(passphrase())
        expect((await failureOf(view.rotate(passphrase('')))).kind).toBe('usage')
        expect((await failureOf(view.rotate(passphrase()))).message).toBe('the new passphrase is the present one')
        expect((await failureOf(view.rotate(passphrase('x'), { memoryKib: 8 }))).kind).toBe('usage')
        expect(get(again.view(owner()), 'KEY')).toBe('two')
      })

      test('a value that does not open stops it, and nothing is replaced', async () => {
        const { store, vault, view } = filled(await open())
        const [row] = rows(store, 'secrets')
        const { frame } = await import('../../src/vault/schema.ts')
        const body = row!.value.slice(1, -4)
        body[30]! ^= 1
        store.commit((writer) => writer.put('secrets', row!.key, frame('secret', row!.key, body)))
        const before = vault.header
        expect((await failureOf(view.rotate(passphrase('new words')))).kind).toBe('corrupt')
        expect(decoded(store)).toEqual(before.salt)
      })
    })

    describe('creation', () => {
      test('refuses a store that has a vault, an empty passphrase, and parameters out of bounds', async () => {
        const { store, view } = filled(await open())
        const before = rows(store, 'meta')
        expectKind(() => Vault.create(store, passphrase('other'), KDF_FLOOR), 'conflict')
        expect(rows(store, 'meta')).toEqual(before)
        expect(get(view, 'KEY')).toBe('two')
        expectKind(() => Vault.create(memory(), passphrase(''), KDF_FLOOR), 'usage')
        expectKind(() => Vault.create(memory(), passphrase(), { ...KDF_FLOOR, passes: 1 }), 'usage')
        expectKind(() => Vault.open(memory()), 'corrupt')
      })

      test('two vaults of one passphrase share no bytes of any key', async () => {
        const [one, two] = [made(), made()]
        expect(one.vault.header.vaultId).not.toBe(two.vault.header.vaultId)
        expect(Buffer.compare(one.vault.header.salt, two.vault.header.salt)).not.toBe(0)
      })

      test('its structure is counted without a key', async () => {
        const { store, vault, view } = filled(await open())
        vault.lock()
        const newest = vault
          .names(owner('list', 'status'))
          .search({ limit: 9 })
          .results.map((info) => info.updatedAt)
        expect(verifyStructure(store)).toEqual({
          vaultId: vault.header.vaultId,
          projects: 2,
          secrets: 2,
          newest: newest.reduce((a, b) => (a > b ? a : b)),
        })
        expectKind(() => view.verifyAll(), 'locked')
        expect(verifyStructure(made().store).newest).toBeUndefined()
      })
    })
  })
