// What only our ChaCha20-Poly1305 promises: nothing is left in its memory, whatever happened, and no byte is decrypted
// before the tag was right.
import { expect, test } from 'bun:test'
import { openAead } from '../../src/crypto/core-aead.ts'
import { createCore } from '../../src/crypto/core.ts'
import { utf8 } from '../../src/lib/bytes.ts'
import { Failure } from '../../src/lib/errors.ts'
import { look, moduleBytes, remains, withExports } from './memory.ts'

const bytes = moduleBytes('aead')
const key = utf8('a key of 32 bytes that must go..')
const nonce = utf8('nonce of 12.')
const associated = utf8('associated data that must go')
const SIZES = [0, 1, 63, 64, 1000, 65_536, 65_537, 300_000]

function box(size: number): { text: Uint8Array; sealed: Uint8Array } {
  const text = new Uint8Array(size).map((_, i) => i * 7 + 1)
  const sealed = new Uint8Array(size + 16)
  openAead(bytes).seal(key, nonce, text, associated, sealed)
  return { text, sealed }
}

test('all memory is zero after sealing, opening and refusing, whatever the size', () => {
  const core = openAead(bytes)
  for (const size of SIZES) {
    const { text, sealed } = box(size)
    core.seal(key, nonce, text, associated, new Uint8Array(size + 16))
    expect(remains(core.memory)).toEqual([])
    expect(core.unseal(key, nonce, sealed, associated)).toEqual(text)
    expect(remains(core.memory)).toEqual([])
    sealed[size]! ^= 1
    expect(core.unseal(key, nonce, sealed, associated)).toBeUndefined()
    expect(remains(core.memory)).toEqual([])
    // Associated data longer than the text reach further into the piece.
    core.seal(key, nonce, text.subarray(0, 5), text, new Uint8Array(21))
    expect(remains(core.memory)).toEqual([])
  }
})

test('before the wiping it was not: key, text and tag are there', () => {
  let before = Buffer.alloc(0)
  const core = withExports(
    (own) => ({
      wipe(used: number) {
        before = look(core.memory)
        ;(own['wipe'] as (used: number) => void)(used)
      },
    }),
    () => openAead(bytes),
  )
  const { text, sealed } = box(1000)
  core.unseal(key, nonce, sealed, associated)
  expect(before.includes(key)).toBe(true)
  expect(before.includes(text)).toBe(true)
  expect(before.includes(sealed.subarray(1000))).toBe(true)
  expect(remains(core.memory)).toEqual([])
})

test.each(['start', 'authenticate', 'encrypt', 'rewind', 'decrypt', 'finish'])(
  'all memory is zero after a trap in %s',
  (name) => {
    let seen = 0
    const core = withExports(
      (own) => ({
        [name](...words: number[]) {
          ;(own[name] as (...all: number[]) => unknown)(...words)
          seen = remains(core.memory).length
          throw new WebAssembly.RuntimeError('planted')
        },
      }),
      () => openAead(bytes),
    )
    const { text, sealed } = box(70_000)
    expect(() => {
      core.seal(key, nonce, text, associated, new Uint8Array(70_016))
      core.unseal(key, nonce, sealed, associated)
    }).toThrow('planted')
    expect(seen).toBe(10)
    expect(remains(core.memory)).toEqual([])
  },
)

test('all memory is zero when the result does not fit', () => {
  const core = openAead(bytes)
  expect(() => core.seal(key, nonce, new Uint8Array(100).fill(9), associated, new Uint8Array(50))).toThrow(RangeError)
  expect(remains(core.memory)).toEqual([])
})

test('nothing is decrypted when the tag is wrong', () => {
  const calls: string[] = []
  const core = withExports(
    (own) => ({
      finish(...sizes: bigint[]) {
        calls.push('finish')
        return (own['finish'] as (...all: bigint[]) => number)(...sizes)
      },
      decrypt(length: number) {
        calls.push('decrypt')
        ;(own['decrypt'] as (length: number) => void)(length)
      },
    }),
    () => openAead(bytes),
  )
  const { sealed } = box(70_000)
  core.unseal(key, nonce, sealed, associated)
  expect(calls).toEqual(['finish', 'decrypt', 'decrypt'])
  sealed[3]! ^= 1
  expect(core.unseal(key, nonce, sealed, associated)).toBeUndefined()
  expect(calls).toEqual(['finish', 'decrypt', 'decrypt', 'finish'])
})

test('each module is loaded once, when it is first needed; one that does not run is undefined or a failure', () => {
  const asked: string[] = []
  const good = createCore((name) => {
    asked.push(name)
    return moduleBytes(name)
  })
  expect(asked).toEqual([])
  expect(good.aead()).toBe(good.aead())
  expect(good.argon2()).toBe(good.argon2()!)
  expect(asked).toEqual(['aead', 'argon2'])
  const bad = createCore(() => new Uint8Array(8))
  expect(bad.argon2()).toBeUndefined()
  expect(() => bad.aead()).toThrow(Failure)
})
