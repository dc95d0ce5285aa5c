// Keys in memory: one block, found through the hook that locks it, and zero as soon as the vault is locked.
import { expect, test } from 'bun:test'
import { KDF_FLOOR } from '../../src/crypto/kdf-parameters.ts'
import { Keyring } from '../../src/vault/keyring.ts'
import { Vault } from '../../src/vault/vault.ts'
import { expectKind, get, made, memory, owner, passphrase, put } from './fixture.ts'

function watched() {
  const blocks: Uint8Array[] = []
  const options = { protect: (bytes: Uint8Array) => void blocks.push(bytes) }
  const store = memory()
  const vault = Vault.create(store, passphrase(), KDF_FLOOR, options)
  return { store, vault, view: vault.view(owner()), blocks, options }
}

const isZero = (bytes: Uint8Array | undefined) => bytes!.every((byte) => byte === 0)

/** How many 32-byte slots hold a key. */
function held(block: Uint8Array | undefined): number {
  let count = 0
  for (let at = 0; at < block!.length; at += 32) if (!isZero(block!.subarray(at, at + 32))) count++
  return count
}

test('locking zeroes every key', () => {
  const { view, vault, blocks } = watched()
  put(view, 'KEY', 'v')
  view.createProject('web', '')
  put(view, 'KEY', 'v', 'web')
  expect(blocks.length).toBe(1)
  expect(held(blocks[0])).toBe(4)
  vault.lock()
  expect(isZero(blocks[0])).toBe(true)
  vault.lock()
})

test('a wrong passphrase leaves nothing behind, a second unlock replaces the first', () => {
  const { store, options, blocks } = watched()
  const vault = Vault.open(store, options)
  expectKind(() => vault.unlock(passphrase('wrong')), 'wrong_passphrase')
  expect(blocks.length).toBe(1)
  vault.unlock(passphrase())
  vault.unlock(passphrase())
  expect([held(blocks[1]), held(blocks[2])]).toEqual([0, 2])
  expectKind(() => vault.unlock(passphrase('wrong')), 'wrong_passphrase')
  expect([held(blocks[2]), vault.unlocked]).toEqual([0, false])
})

test('rotation zeroes the old keys, a failed creation its own', async () => {
  const { store, vault, view, blocks, options } = watched()
  put(view, 'KEY', 'v')
  await view.rotate(passphrase('new words'))
  expect(isZero(blocks[0])).toBe(true)
  expect(held(blocks[1])).toBeGreaterThan(1)
  expectKind(() => Vault.create(store, passphrase(), KDF_FLOOR, options), 'conflict')
  expect(isZero(blocks[2])).toBe(true)
  vault.lock()
  expect(isZero(blocks[1])).toBe(true)
})

test('the key of a deleted project is forgotten', async () => {
  const { view, blocks } = watched()
  view.createProject('web', '')
  put(view, 'KEY', 'v', 'web')
  expect(held(blocks[0])).toBe(3)
  await view.deleteProject('web')
  expect(held(blocks[0])).toBe(2)
})

test('more projects than there is room for keys', () => {
  const { view } = made()
  const names = Array.from({ length: 200 }, (_, i) => `project-${i}`)
  for (const name of names) {
    view.createProject(name, '')
    put(view, 'KEY', `value of ${name}`, name)
  }
  for (const name of [...names, ...names.toReversed()])
    expect(get(view, 'KEY', undefined, name)).toBe(`value of ${name}`)
  expect(view.verifyAll()).toEqual({ values: 200, versions: 200 })
})

test('the passphrase and the values given in are not wiped: they belong to the caller', () => {
  const words = passphrase()
  const vault = Vault.create(memory(), words, KDF_FLOOR)
  vault.unlock(words)
  expect(words.size).toBe(passphrase().size)
})

test('keys that are handed in are zeroed where they came from', () => {
  const { header } = made().vault
  const kek = new Uint8Array(32).fill(1)
  const key = new Uint8Array(32).fill(2)
  const keys = new Keyring(header, kek, { key })
  expect([isZero(kek), isZero(key)]).toEqual([true, true])
  const box = keys.wrapAuditKey()
  keys.checkAuditKey(box)
  box[20]! ^= 1
  expectKind(() => keys.checkAuditKey(box), 'corrupt')
  keys.wipe()
})
