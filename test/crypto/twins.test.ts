// The slow twins against the published vectors of their parts, which the fast modules show only as a whole.
import { expect, test } from 'bun:test'
import { concat, utf8 } from '../../src/lib/bytes.ts'
import { draw, hex } from '../contract/draw.ts'
import { blake2b } from '../reference/blake2b.ts'
import { chacha20 } from '../reference/chacha20.ts'
import { poly1305 } from '../reference/poly1305.ts'
import blake2bVectors from '../vectors/blake2b.json'
import chacha20Vectors from '../vectors/chacha20.json'
import poly1305Vectors from '../vectors/poly1305.json'

test('BLAKE2b: the self test of RFC 7693 appendix E, one hash over 48', () => {
  /** selftest_seq of the RFC. */
  const sequence = (length: number, seed: number): Uint8Array => {
    let a = Math.imul(0xdead4bad, seed) >>> 0
    let b = 1
    return Uint8Array.from({ length }, () => {
      const t = (a + b) >>> 0
      a = b
      b = t
      return t >>> 24
    })
  }
  const hashes: Uint8Array[] = []
  for (const size of [20, 32, 48, 64]) {
    for (const length of [0, 3, 128, 129, 255, 1024]) {
      hashes.push(blake2b(sequence(length, length), size))
      hashes.push(blake2b(sequence(length, length), size, sequence(size, size)))
    }
  }
  expect(hashes.length).toBe(48)
  expect(blake2b(concat(...hashes), 32).toHex()).toBe(blake2bVectors.selfTest.hash)
})

test("BLAKE2b: the same as Bun's at every length around a block", () => {
  const random = draw(7693)
  for (let length = 0; length < 400; length++) {
    const message = random.bytes(length)
    expect(blake2b(message).toHex()).toBe(new Bun.CryptoHasher('blake2b512').update(message).digest('hex'))
  }
})

test('ChaCha20: RFC 8439 sections 2.3 to 2.6 and appendix A', () => {
  for (const { source, key, nonce, block, text, result } of chacha20Vectors) {
    expect(`${source}: ${chacha20(hex(key), hex(nonce), block, hex(text)).toHex()}`).toBe(`${source}: ${result}`)
  }
})

test('Poly1305: RFC 8439 section 2.5 and appendix A', () => {
  for (const { source, key, message, tag } of poly1305Vectors) {
    expect(`${source}: ${poly1305(hex(key), hex(message)).toHex()}`).toBe(`${source}: ${tag}`)
  }
  expect(poly1305(new Uint8Array(32), utf8('anything')).toHex()).toBe('00'.repeat(16))
})
