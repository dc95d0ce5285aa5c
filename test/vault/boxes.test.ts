// Each part of a place matters by itself, also where another part would save the day in a whole vault.
import { expect, test } from 'bun:test'
import { bind, holdsValue, openValue, projectKeyBinding, sealValue } from '../../src/vault/boxes.ts'
import { utf8 } from '../../src/lib/bytes.ts'
import { expectKind, secret, shown } from './fixture.ts'
import type { ValuePlace } from '../../src/vault/boxes.ts'

const SUITE = 'aes-256-gcm'
const key = new Uint8Array(32).fill(1)
const place: ValuePlace = {
  vaultId: '00000000-0000-4000-8000-000000000000',
  project: new Uint8Array(16),
  key: 'KEY',
  version: 1,
  createdAt: 1n,
  updatedAt: 2n,
}

test('a value opens in its place and in no other', () => {
  const box = sealValue(SUITE, key, secret('value'), place)
  expect(shown(openValue(SUITE, key, box, { ...place }))).toBe('value')
  expect(holdsValue(SUITE, key, box, place, secret('value'))).toBe(true)
  expect(holdsValue(SUITE, key, box, place, secret('valuf'))).toBe(false)
  for (const other of [
    { vaultId: '00000000-0000-4000-8000-000000000001' },
    { project: new Uint8Array(16).fill(1) },
    { key: 'KEZ' },
    { version: 2 },
    { createdAt: 2n },
    { updatedAt: 1n },
  ]) {
    expectKind(() => openValue(SUITE, key, box, { ...place, ...other }), 'corrupt')
    expectKind(() => holdsValue(SUITE, key, box, { ...place, ...other }, secret('value')), 'corrupt')
  }
})

test('a project key is bound to all that its record says', () => {
  const project = {
    name: 'web',
    description: 'shop',
    createdAt: 1n,
    updatedAt: 2n,
    recipientsMac: new Uint8Array(32),
  }
  const id = new Uint8Array(16)
  const all = [
    projectKeyBinding('v', id, project),
    projectKeyBinding('w', id, project),
    projectKeyBinding('v', id.slice().fill(1), project),
    projectKeyBinding('v', id, { ...project, name: 'wea' }),
    projectKeyBinding('v', id, { ...project, description: '' }),
    projectKeyBinding('v', id, { ...project, createdAt: 2n }),
    projectKeyBinding('v', id, { ...project, updatedAt: 1n }),
    projectKeyBinding('v', id, { ...project, name: 'websh', description: 'op' }),
    projectKeyBinding('v', id, { ...project, recipientsMac: new Uint8Array(32).fill(1) }),
  ]
  expect(new Set(all.map((binding) => binding.toHex())).size).toBe(all.length)
})

test('parts cannot run into each other', () => {
  const seen = [
    bind('l', utf8('ab'), utf8('c')),
    bind('l', utf8('a'), utf8('bc')),
    bind('l', utf8('abc')),
    bind('la', utf8('bc')),
  ]
  expect(new Set(seen.map((binding) => binding.toHex())).size).toBe(4)
})
