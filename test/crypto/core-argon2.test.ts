// What only our Argon2id promises: nothing is left in its memory, whatever happened, and one memory serves all calls.
import { ptr } from 'bun:ffi'
import { describe, expect, test } from 'bun:test'
import { openArgon2 } from '../../src/crypto/core-argon2.ts'
import { concat, utf8 } from '../../src/lib/bytes.ts'
import { draw } from '../contract/draw.ts'
import { randomCases } from '../contract/kdf.ts'
import { nodeKdf } from '../contract/kdfs.ts'
import { argon2id } from '../reference/argon2id.ts'
import { look, moduleBytes, remains, withExports } from './memory.ts'
import type { Argon2Inputs } from '../../src/crypto/core-argon2.ts'

type Function = (...words: number[]) => unknown

const bytes = moduleBytes('argon2')
const inputs = {
  password: utf8('a passphrase that must not stay'),
  salt: utf8('salt that must not stay'),
  secret: utf8('secret that must not stay'),
  associated: utf8('data that must not stay'),
} satisfies Argon2Inputs
const work = { memoryKib: 1024, passes: 2, lanes: 3 }

test('all memory is zero after a derivation, and the next one gives the same key', () => {
  const core = openArgon2(bytes)
  const key = core.derive(inputs, work, 32)
  expect(remains(core.memory)).toEqual([])
  expect(core.derive(inputs, work, 32)).toEqual(key)
  expect(remains(core.memory)).toEqual([])
})

test('before the end it was not: inputs, blocks, scratch, parameters and the tag are there', () => {
  let before = Buffer.alloc(0)
  let after = Buffer.alloc(0)
  const core = withExports(
    (own) => ({
      begin(...words: number[]) {
        before = look(core.memory)
        return (own['begin'] as Function)(...words)
      },
      finish() {
        void (own['finish'] as Function)()
        after = look(core.memory)
      },
    }),
    () => openArgon2(bytes),
  )
  const key = core.derive(inputs, work, 64) ?? new Uint8Array(0)
  for (const input of Object.values(inputs)) expect(before.includes(input)).toBe(true)
  expect(after.toString('hex', 2048, 2048 + 64)).toBe(hex(key))
  expect(after.readUInt32LE(1024)).toBe(work.lanes)
  const blocks = after.subarray(3072 + 3 * 3136, 3072 + 3 * 3136 + 1020 * 1024)
  expect(blocks.filter((byte) => byte !== 0).length).toBeGreaterThan(0.99 * blocks.length)
  expect(remains(core.memory)).toEqual([])
})

test('many blocks begin where a huge page can, and are zero afterwards with what was before them', () => {
  const many = { memoryKib: 16_384, passes: 1, lanes: 4 }
  let first = -1
  const core = withExports(
    (own) => ({
      begin(...words: number[]) {
        first = words.at(-1) ?? -1
        return (own['begin'] as Function)(...words)
      },
    }),
    () => openArgon2(bytes),
  )
  // Inputs that reach further than the blocks do.
  const long = { ...inputs, associated: new Uint8Array(17 * 1024 * 1024).fill(7) }
  const key = core.derive(long, many, 32)
  expect((ptr(new Uint8Array(core.memory.buffer)) + first) % 2_097_152).toBe(0)
  expect(remains(core.memory)).toEqual([])
  expect(key).toEqual(openArgon2(bytes, { threads: 1 }).derive(long, many, 32))
  expect(core.derive(inputs, work, 32)).toEqual(argon2id(inputs, work, 32))
})

test('all memory is zero after parameters that are refused when the inputs are there already', () => {
  const core = openArgon2(bytes)
  for (const [memoryKib, passes, lanes, length] of [
    [8, 1, 2, 32],
    [8, 1, 1, 3],
    [8, 1, 1, 1025],
  ] as const) {
    expect(() => core.derive(inputs, { memoryKib, passes, lanes }, length)).toThrow(RangeError)
    expect(remains(core.memory)).toEqual([])
  }
})

test.each(['begin', 'fillSlice', 'finish'])('all memory is zero after a trap in %s', (name) => {
  let seen = 0
  const core = withExports(
    (own) => ({
      [name](...words: number[]) {
        void (own[name] as Function)(...words)
        seen = remains(core.memory).length
        throw new WebAssembly.RuntimeError('planted')
      },
    }),
    () => openArgon2(bytes),
  )
  expect(() => core.derive(inputs, work, 32)).toThrow('planted')
  expect(seen).toBe(10)
  expect(remains(core.memory)).toEqual([])
})

test('where WASM is only interpreted it gives up early, once and for all, and leaves nothing', () => {
  const core = openArgon2(bytes, { patienceMsPerMib: 0 })
  // So many passes that this thread has parts enough to judge by, also when a helper is given most of them.
  expect(core.derive(inputs, { memoryKib: 131_072, passes: 32, lanes: 2 }, 32)).toBeUndefined()
  expect(remains(core.memory)).toEqual([])
  expect(core.derive(inputs, { memoryKib: 8, passes: 1, lanes: 1 }, 32)).toBeUndefined()
})

test('memory that cannot be had is a RangeError, and a smaller derivation works afterwards', () => {
  const core = openArgon2(bytes)
  const key = core.derive(inputs, work, 32)
  expect(() => core.derive(inputs, { memoryKib: 4_000_000, passes: 1, lanes: 1 }, 32)).toThrow(RangeError)
  expect(core.derive(inputs, work, 32)).toEqual(key)
})

test('numbers that are no parameters are refused', () => {
  const core = openArgon2(bytes)
  for (const wrong of [0, -1, 1.5, NaN, 2 ** 32]) {
    expect(() => core.derive(inputs, { ...work, passes: wrong }, 32)).toThrow(RangeError)
    expect(() => core.derive(inputs, { ...work, lanes: wrong }, 32)).toThrow(RangeError)
    expect(() => core.derive(inputs, { ...work, memoryKib: wrong }, 32)).toThrow(RangeError)
    expect(() => core.derive(inputs, work, wrong)).toThrow(RangeError)
  }
})

test('a large derivation with many lanes leaves nothing for a small one to meet', () => {
  const core = openArgon2(bytes)
  const [password, salt] = [draw(1).bytes(500), draw(2).bytes(500)]
  core.derive({ password, salt }, { memoryKib: 8192, passes: 1, lanes: 64 }, 1024)
  const small = { memoryKib: 24, passes: 1, lanes: 3 }
  expect(core.derive(inputs, small, 100)?.toHex()).toBe(hex(argon2id(inputs, small, 100)))
})

test('inputs longer than the memory', () => {
  const core = openArgon2(bytes)
  const least = { memoryKib: 8, passes: 1, lanes: 1 }
  const long = { password: draw(3).bytes(100_000), salt: utf8('12345678') }
  expect(core.derive(long, least, 32)?.toHex()).toBe(hex(argon2id(long, least, 32)))
  expect(remains(core.memory)).toEqual([])
})

test('H0 is right at every length at which a block of BLAKE2b ends, inside of any input or between two', () => {
  let h0 = ''
  const core = withExports(
    (own) => ({
      begin(...words: number[]) {
        const done = (own['begin'] as Function)(...words)
        h0 = look(core.memory).toString('hex', 1088, 1088 + 64)
        return done
      },
    }),
    () => openArgon2(bytes),
  )
  const long = draw(4).bytes(300)
  const sizes = Array.from({ length: 140 }, (_, i) => i)
  const sets = [
    ...sizes.map((size) => [size, 8, 0, 0] as const),
    ...sizes.map((size) => [3, 8 + size, 0, 5] as const),
    ...sizes.map((size) => [0, 9, size, 1] as const),
    ...sizes.map((size) => [1, 8, 2, 100 + size] as const),
  ]
  for (const set of sets) {
    const [password, salt, secret, associated] = [0, 1, 2, 3].map((i) => long.subarray(0, set[i])) as [
      Uint8Array,
      Uint8Array,
      Uint8Array,
      Uint8Array,
    ]
    core.derive({ password, salt, secret, associated }, { memoryKib: 8, passes: 1, lanes: 1 }, 32)
    expect(`${set.join()} ${h0}`).toBe(`${set.join()} ${firstHash([password, salt, secret, associated])}`)
  }
})

/** H0 (RFC 9106 section 3.2) by Bun's BLAKE2b, for one lane, 32 bytes, 8 KiB, one pass. */
function firstHash(parts: readonly Uint8Array[]): string {
  const le32 = (value: number): Uint8Array => Uint8Array.of(value, value >> 8, value >> 16, value >> 24)
  const message = concat(...[1, 32, 8, 1, 0x13, 2].map(le32), ...parts.flatMap((part) => [le32(part.length), part]))
  return new Bun.CryptoHasher('blake2b512').update(message).digest('hex')
}

function hex(value: Uint8Array): string {
  return Buffer.from(value).toString('hex')
}

describe('threads', () => {
  const threaded = [1, 2, 3, 5].map((threads) => ({ threads, core: openArgon2(bytes, { threads }) }))

  test('give the key that one thread gives, whatever was derived before, from 200 random sets', () => {
    for (const [at, { inputs: drawn, work: set, length }] of randomCases(77, 200).entries()) {
      // Some large enough that the helpers come in time.
      const larger = at % 8 === 0 ? { ...set, memoryKib: 4096 + set.memoryKib } : set
      const keys = threaded.map(({ core }) => core.derive(drawn, larger, length)?.toHex())
      const expected = Buffer.from(nodeKdf.derive({ inputs: drawn, work: larger, length }) as Uint8Array).toHex()
      expect(keys).toEqual(threaded.map(() => expected))
    }
  }, 60_000)

  test('leave nothing, and share the work', () => {
    for (const { core } of threaded) {
      core.derive(inputs, { memoryKib: 16_384, passes: 1, lanes: 4 }, 32)
      expect(remains(core.memory)).toEqual([])
    }
  })

  test.each([false, true])(
    'prepared or not, in the middle of it or long after it, the key is the same (warm: %p)',
    (warm) => {
      const set = { memoryKib: 8192, passes: 2, lanes: 4 }
      const expected = openArgon2(bytes, { threads: 1 }).derive(inputs, set, 32)
      for (const pause of [0, 1, 5, 40]) {
        const core = openArgon2(bytes, { threads: 2 })
        core.prepare({ ...set, memoryKib: pause === 5 ? 1024 : 16_384 }, { warm })
        Bun.sleepSync(pause)
        expect(core.derive(inputs, set, 32)).toEqual(expected)
        expect(remains(core.memory)).toEqual([])
        core.prepare(set, { warm })
        expect(remains(core.memory)).toEqual([])
      }
    },
  )
})

describe('what is begun before it is asked for', () => {
  const asked = { password: inputs.password, salt: inputs.salt }
  const plain = (password = asked.password) => openArgon2(bytes).derive({ password, salt: asked.salt }, work, 32)!

  test.each([1, 2, 3])('gives the same key with %d threads, and leaves nothing', (threads) => {
    const core = openArgon2(bytes, { threads })
    core.begin(asked, work, 32)
    core.begin(asked, work, 32)
    core.prepare(work)
    expect(core.derive(asked, work, 32)).toEqual(plain())
    expect(remains(core.memory)).toEqual([])
    expect(core.derive(asked, work, 32)).toEqual(plain())
  })

  test('is thrown away by any other derivation', () => {
    const other = utf8('another passphrase')
    for (const [given, size, length] of [
      [{ ...asked, password: other }, work, 32],
      [{ ...asked, salt: utf8('another salt') }, work, 32],
      [{ ...asked, secret: utf8('pepper') }, work, 32],
      [asked, { ...work, passes: 3 }, 32],
      [asked, work, 64],
    ] as const) {
      const core = openArgon2(bytes, { threads: 2 })
      core.begin(asked, work, 32)
      const expected = openArgon2(bytes).derive(given, size, length)
      expect(core.derive(given, size, length)).toEqual(expected)
      expect(remains(core.memory)).toEqual([])
    }
  })

  test('is in the memory until it is dropped', () => {
    const seen: Buffer[] = []
    const core = withExports(
      (own) => ({
        begin(...words: number[]) {
          seen.push(look(core.memory))
          return (own['begin'] as Function)(...words)
        },
      }),
      () => openArgon2(bytes),
    )
    core.begin(asked, work, 32)
    core.drop()
    core.drop()
    expect(seen.map((memory) => memory.includes(asked.password))).toEqual([true])
    expect(remains(core.memory)).toEqual([])
    expect(core.derive({ ...asked, password: utf8('x') }, work, 32)).toEqual(plain(utf8('x')))
  })

  test('refuses what a derivation would refuse', () => {
    const core = openArgon2(bytes)
    expect(() => core.begin(asked, { ...work, memoryKib: 1 }, 32)).toThrow(RangeError)
    expect(core.derive(asked, work, 32)).toEqual(plain())
  })
})
