// The promise of the WASM core: when a call has ended, well or badly, its memory holds nothing but zeros.
import { describe, expect, test } from 'bun:test'
import { core } from '../../src/crypto/core.ts'
import { checkKdf, derive } from '../../src/crypto/kdf.ts'

const nonZero = (memory: WebAssembly.Memory, from = 0): number =>
  new Uint8Array(memory.buffer).subarray(from).reduce((count, byte) => count + (byte === 0 ? 0 : 1), 0)

const key = new Uint8Array(32).fill(0xa5)
const nonce = new Uint8Array(12).fill(0x5a)
const associated = new Uint8Array(100).fill(0x77)

describe('ChaCha20-Poly1305', () => {
  const aead = core.aead()
  const sealed = (size: number): Uint8Array => {
    const into = new Uint8Array(size + 16)
    aead.seal(key, nonce, new Uint8Array(size).fill(0xc3), associated, into)
    return into
  }

  test('the measure works: it sees a byte that is not zero', () => {
    const probe = new WebAssembly.Memory({ initial: 1 })
    new Uint8Array(probe.buffer)[77] = 1
    expect(nonZero(probe)).toBe(1)
  })

  test.each([0, 1, 64, 70_000, 200_000])('%p bytes sealed, opened and refused', (size) => {
    const box = sealed(size)
    expect(nonZero(aead.memory)).toBe(0)
    expect(aead.unseal(key, nonce, box, associated)).toEqual(new Uint8Array(size).fill(0xc3))
    expect(nonZero(aead.memory)).toBe(0)
    box[0] = (box[0] ?? 0) ^ 1
    expect(aead.unseal(key, nonce, box, associated)).toBeUndefined()
    expect(nonZero(aead.memory)).toBe(0)
  })
})

describe('Argon2id', () => {
  const argon2 = core.argon2()
  const inputs = {
    password: new Uint8Array(40).fill(0x11),
    salt: new Uint8Array(16).fill(0x22),
    secret: new Uint8Array(8).fill(0x33),
    associated: new Uint8Array(12).fill(0x44),
  }

  test.each([
    { memoryKib: 64, passes: 1, lanes: 1 },
    { memoryKib: 4099, passes: 3, lanes: 4 },
  ])('%p', (work) => {
    if (argon2 === undefined) throw new Error('the core does not run here')
    expect(argon2.derive(inputs, work, 32)).toHaveLength(32)
    expect(nonZero(argon2.memory)).toBe(0)
  })

  test('also when it refuses', () => {
    if (argon2 === undefined) throw new Error('the core does not run here')
    expect(() => argon2.derive(inputs, { memoryKib: 8, passes: 1, lanes: 4 }, 32)).toThrow()
    expect(nonZero(argon2.memory)).toBe(0)
  })

  test('parameters below the floor or above the ceiling are refused', () => {
    const good = { memoryKib: 19_456, passes: 2, lanes: 1 }
    expect(checkKdf(good, 'usage')).toEqual(good)
    for (const bad of [{ memoryKib: 19_455 }, { passes: 1 }, { lanes: 0 }, { memoryKib: 2 ** 31 }, { passes: 1.5 }]) {
      expect(() => checkKdf({ ...good, ...bad }, 'corrupt')).toThrow('key derivation')
    }
    expect(derive(inputs.password, inputs.salt, good)).toHaveLength(32)
  })
})
