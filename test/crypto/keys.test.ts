// HKDF, HMAC and BLAKE2b against what their RFCs publish, and HKDF and HMAC against Wycheproof.
import { expect, test } from 'bun:test'
import { LABELS, hkdf, mac, sha256 } from '../../src/crypto/keys.ts'
import { field, wycheproof } from '../contract/wycheproof.ts'
import { blake2b } from '../reference/blake2b.ts'
import blake2bVectors from '../vectors/blake2b.json'
import hkdfVectors from '../vectors/hkdf-sha256.json'
import hmacVectors from '../vectors/hmac-sha256.json'

const bytes = (hex: string): Uint8Array => Uint8Array.fromHex(hex)

test('HKDF-SHA256', () => {
  for (const { key, salt, info, output } of hkdfVectors) {
    expect(hkdf(bytes(key), bytes(salt), bytes(info), output.length / 2).toHex()).toBe(output)
  }
  let count = 0
  for (const { tests } of wycheproof('hkdf_sha256') ?? []) {
    for (const vector of tests) {
      const made = () =>
        hkdf(field(vector, 'ikm'), field(vector, 'salt'), field(vector, 'info'), Number(vector['size']))
      if (vector.result === 'invalid') expect(made).toThrow()
      else expect([vector.tcId, made().toHex()]).toEqual([vector.tcId, String(vector['okm'])])
      count += 1
    }
  }
  console.log(`vectors: hkdf-sha256: ${hkdfVectors.length} published, ${count} Wycheproof`)
  expect(hkdfVectors.length).toBeGreaterThan(2)
})

test('HMAC-SHA256', () => {
  for (const { key, message, tag } of hmacVectors) {
    expect(mac(bytes(key), bytes(message)).toHex().slice(0, tag.length)).toBe(tag)
  }
  let count = 0
  for (const { tests } of wycheproof('hmac_sha256') ?? []) {
    for (const vector of tests) {
      const tag = field(vector, 'tag')
      const made = mac(field(vector, 'key'), field(vector, 'msg')).subarray(0, tag.length)
      expect([vector.tcId, Buffer.compare(made, tag) === 0]).toEqual([vector.tcId, vector.result === 'valid'])
      count += 1
    }
  }
  console.log(`vectors: hmac-sha256: ${hmacVectors.length} published, ${count} Wycheproof`)
  expect(hmacVectors.length).toBeGreaterThan(2)
})

test('HMAC and SHA-256 of parts are those of the whole', () => {
  const whole = bytes('000102030405060708090a0b0c0d0e0f')
  expect(mac(whole, whole.subarray(0, 3), whole.subarray(3))).toEqual(mac(whole, whole))
  expect(sha256(whole.subarray(0, 9), whole.subarray(9))).toEqual(sha256(whole))
})

test('BLAKE2b: the readable twin, which the Argon2id twin is made of', () => {
  for (const { message, hash } of blake2bVectors.hashes) expect(blake2b(bytes(message)).toHex()).toBe(hash)
})

test('no two purposes share a label', () => {
  const labels = Object.values(LABELS)
  expect(new Set(labels).size).toBe(labels.length)
})
