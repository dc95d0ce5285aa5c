// The Argon2id contract over every implementation at hand.
import { afterAll, expect, test } from 'bun:test'
import { derive } from '../../src/crypto/kdf.ts'
import { KDF_COUNTS, PUBLISHED, RANDOM_SETS, kdfSuite } from './kdf.ts'
import { coreKdf, kdfs } from './kdfs.ts'

for (const kdf of await kdfs()) kdfSuite(kdf)

test('our core takes every vector and every set, and so the others are compared with it', () => {
  expect(KDF_COUNTS.get(coreKdf.name)).toEqual({ published: PUBLISHED.length, random: RANDOM_SETS })
})

test('derive gives the key of the published vectors without secret', () => {
  for (const { one, tag } of PUBLISHED) {
    if (one.inputs.secret.length > 0 || one.work.memoryKib > 1024) continue
    expect(derive(one.inputs.password, one.inputs.salt, one.work, one.length).toHex()).toBe(tag)
  }
})

afterAll(() => {
  for (const [name, { published, random }] of KDF_COUNTS) {
    console.log(`vectors: argon2id ${published} published, ${random} random sets (${name})`)
  }
})
