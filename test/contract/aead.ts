// What every AEAD must do, as a suite over any implementation: published vectors, Wycheproof, the same boxes as its
// peers, and nothing but `undefined` for a box that was touched anywhere.
import { describe, expect, test } from 'bun:test'
import { NONCE_SIZE } from '../../src/crypto/aead.ts'
import { concat } from '../../src/lib/bytes.ts'
import aesVectors from '../vectors/aes-256-gcm.json'
import chachaVectors from '../vectors/chacha20-poly1305.json'
import { draw, hex } from './draw.ts'
import { field, wycheproof } from './wycheproof.ts'
import type { Aead } from './aeads.ts'

const VECTORS = { 'aes-256-gcm': aesVectors, 'chacha20-poly1305': chachaVectors }
const WYCHEPROOF = { 'aes-256-gcm': wycheproof('aes_gcm'), 'chacha20-poly1305': wycheproof('chacha20_poly1305') }

/** Sizes of text at which an implementation changes its way: blocks of 16, 64 and 256 bytes, pieces of 64 KiB. */
const SIZES = [0, 1, 15, 16, 17, 63, 64, 65, 127, 128, 191, 192, 255, 256, 257, 511, 513, 1000, 4095, 65_535, 65_536]
const LARGE = [65_537, 131_072, 200_001]

export const AEAD_COUNTS = new Map<string, { published: number; wycheproof: number; left: number; random: number }>()

export function aeadSuite(aead: Aead, peers: readonly Aead[]): void {
  const counts = { published: 0, wycheproof: 0, left: 0, random: 0 }
  AEAD_COUNTS.set(`${aead.suite}, ${aead.name}`, counts)

  describe(`AEAD contract: ${aead.suite}, ${aead.name}`, () => {
    test('published vectors', async () => {
      for (const vector of VECTORS[aead.suite]) {
        const [key, nonce, associated] = [hex(vector.key), hex(vector.nonce), hex(vector.associated)]
        const [text, sealed] = [hex(vector.plaintext), hex(vector.ciphertext + vector.tag)]
        expect(toHex(await aead.seal(key, nonce, text, associated))).toBe(toHex(sealed))
        expect(toHex(await aead.unseal(key, nonce, sealed, associated))).toBe(toHex(text))
        counts.published++
      }
    })

    test('Wycheproof', async () => {
      for (const group of WYCHEPROOF[aead.suite] ?? []) {
        // Ours has one size of key, nonce and tag; the rest of the file is about others.
        const applies = group.keySize === 256 && group.ivSize === 96 && group.tagSize === 128
        for (const vector of group.tests) {
          if (!applies) {
            counts.left++
            continue
          }
          const [key, nonce, associated] = [field(vector, 'key'), field(vector, 'iv'), field(vector, 'aad')]
          const [text, sealed] = [field(vector, 'msg'), concat(field(vector, 'ct'), field(vector, 'tag'))]
          const opened = await aead.unseal(key, nonce, sealed, associated)
          const expected = vector.result === 'valid' ? toHex(text) : 'refused'
          expect(`${vector.tcId}: ${toHex(opened)}`).toBe(`${vector.tcId}: ${expected}`)
          const again = toHex(await aead.seal(key, nonce, text, associated)) === toHex(sealed)
          expect(`${vector.tcId}: ${again}`).toBe(`${vector.tcId}: ${vector.result === 'valid'}`)
          counts.wycheproof++
        }
      }
    })

    test('the same boxes as the other implementations, at every size where something changes', async () => {
      const random = draw(8439)
      const sizes = [...SIZES, ...LARGE, ...Array.from({ length: 60 }, () => random.number(0, 1500))]
      for (const size of sizes.filter((one) => one <= aead.most)) {
        const [key, nonce] = [random.bytes(32), random.bytes(12)]
        const text = random.bytes(size)
        const associated = random.bytes(random.number(0, 70))
        const sealed = toHex(await aead.seal(key, nonce, text, associated))
        for (const peer of peers.filter((one) => one.suite === aead.suite && one !== aead && size <= one.most)) {
          const theirs = await peer.seal(key, nonce, text, associated)
          expect(`${size} ${peer.name}: ${toHex(theirs)}`).toBe(`${size} ${peer.name}: ${sealed}`)
        }
        expect(toHex(await aead.unseal(key, nonce, Uint8Array.fromHex(sealed), associated))).toBe(toHex(text))
        counts.random++
      }
    })

    test('associated data of all sizes counts, up to more than one piece', async () => {
      const random = draw(5116)
      const [key, nonce, text] = [random.bytes(32), random.bytes(12), random.bytes(40)]
      for (const size of SIZES.concat(LARGE).filter((one) => one <= aead.most)) {
        const associated = random.bytes(size)
        const sealed = await aead.seal(key, nonce, text, associated)
        for (const peer of peers.filter((one) => one.suite === aead.suite && one !== aead && size <= one.most)) {
          expect(toHex(await peer.seal(key, nonce, text, associated))).toBe(toHex(sealed))
        }
        expect(toHex(await aead.unseal(key, nonce, sealed, associated))).toBe(toHex(text))
        if (size === 0) continue
        associated[size - 1]! ^= 1
        expect(await aead.unseal(key, nonce, sealed, associated)).toBeUndefined()
        expect(await aead.unseal(key, nonce, sealed, associated.subarray(1))).toBeUndefined()
      }
    })

    test('a change of any byte of key, nonce, box or associated data, and a shorter or longer box, open nothing', async () => {
      const random = draw(38)
      for (const size of [0, 5, 80]) {
        const parts = [random.bytes(32), random.bytes(NONCE_SIZE), random.bytes(size), random.bytes(21)] as const
        const [key, nonce, text, associated] = parts
        const sealed = await aead.seal(key, nonce, text, associated)
        for (const part of [key, nonce, sealed, associated]) {
          for (let i = 0; i < part.length; i++) {
            part[i]! ^= 1 << (i % 8)
            expect(await aead.unseal(key, nonce, sealed, associated)).toBeUndefined()
            part[i]! ^= 1 << (i % 8)
          }
        }
        for (let length = 16; length < sealed.length; length++) {
          expect(await aead.unseal(key, nonce, sealed.subarray(0, length), associated)).toBeUndefined()
        }
        expect(await aead.unseal(key, nonce, concat(sealed, new Uint8Array(1)), associated)).toBeUndefined()
        expect(toHex(await aead.unseal(key, nonce, sealed, associated))).toBe(toHex(text))
      }
    })
  })
}

function toHex(bytes: Uint8Array | undefined): string {
  return bytes === undefined ? 'refused' : Buffer.from(bytes).toString('hex')
}
