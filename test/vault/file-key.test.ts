// The key of a sealed file of version 1: of this vault, this passphrase and this salt, and never without an audit row.
import { expect, test } from 'bun:test'
import { randomBytes } from '../../src/crypto/random.ts'
import { KDF_FLOOR } from '../../src/crypto/kdf-parameters.ts'
import { failure } from '../failure.ts'
import { disk, expectKind, made, owner, passphrase, policyOf, secret } from './fixture.ts'

const salt = randomBytes(16)
const hex = (key: { reveal(): Uint8Array }): string => key.reveal().toHex()

test('depends on the salt, the vault and the passphrase, and on nothing else', async () => {
  const { vault, view } = made(await disk())
  const key = hex(view.fileKey(salt))
  expect(key).toMatch(/^[0-9a-f]{64}$/)
  expect(hex(view.fileKey(salt))).toBe(key)
  expect(hex(view.fileKey(randomBytes(16)))).not.toBe(key)
  expect(hex(made().view.fileKey(salt))).not.toBe(key)
  vault.lock()
  vault.unlock(passphrase())
  expect(hex(vault.view(owner('seal', 'encrypt-env')).fileKey(salt))).toBe(key)
  await vault.view(owner('admin', 'key rotate')).rotate(secret('another passphrase'), KDF_FLOOR)
  expect(hex(vault.view(owner()).fileKey(salt))).not.toBe(key)
})

test('each one is written down before it is given, and completed', () => {
  const { vault } = made()
  const view = vault.view(owner('reveal', 'decrypt-env'))
  view.fileKey(salt).wipe()
  expect(view.audit({ limit: 1 })).toMatchObject([
    { action: 'file.key', command: 'decrypt-env', phase: 'intent', resourceType: 'vault' },
  ])
  view.settle('ok')
  expect(view.audit({ limit: 1 })).toMatchObject([{ action: 'file.key', phase: 'outcome', result: 'ok' }])
})

test('a policy can refuse it, and a locked vault has none', () => {
  const { vault } = made()
  const refusing = vault.view(
    owner(
      'seal',
      'encrypt-env',
      policyOf(({ effect }) => effect === 'seal'),
    ),
  )
  expect(failure(() => refusing.fileKey(salt)).kind).toBe('denied')
  expect(refusing.audit({ limit: 1 })).toMatchObject([{ action: 'file.key', phase: 'refused' }])
  const view = vault.view(owner())
  vault.lock()
  expectKind(() => view.fileKey(salt), 'locked')
})

test('to whom several values go is in the audit row', () => {
  const { vault } = made()
  const view = vault.view(owner('seal', 'seal'))
  view.write('default', 'A', secret('1'))
  for (const { value } of view.readMany('default', {}, { recipients: ['tvault1x'] }).entries) value.wipe()
  expect(view.audit({ limit: 1 })).toMatchObject([
    { action: 'secret.seal', metadata: { keys: ['A'], recipients: ['tvault1x'] } },
  ])
})
