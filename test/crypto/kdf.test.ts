// The limits of key derivation, and that it gives the same key where the WASM core cannot run.
import { expect, test } from 'bun:test'
import { join } from 'node:path'
import { DEFAULT_KDF, KDF_CEILING, KDF_FLOOR, checkKdf } from '../../src/crypto/kdf-parameters.ts'
import { derive } from '../../src/crypto/kdf.ts'
import { Failure } from '../../src/lib/errors.ts'

const passphrase = new TextEncoder().encode('password')
const salt = new TextEncoder().encode('somesaltsomesalt')
/** Of the command `argon2 somesaltsomesalt -id -t 3 -m 16 -p 4 -l 32` on this passphrase. */
const KEY = '81db97a7e67a8917'

test('the default parameters give the key of the reference implementation', () => {
  expect(derive(passphrase, salt, DEFAULT_KDF).toHex()).toStartWith(KEY)
})

test.each([
  ['BUN_JSC_useWasm', 'without WebAssembly'],
  ['BUN_JSC_useJIT', 'without compilation'],
])(
  '%s=0: the same key %s',
  (name) => {
    const room = join(import.meta.dir, '..', '..', 'src', 'crypto')
    const script = `
    import { derive } from ${JSON.stringify(join(room, 'kdf.ts'))}
    import { DEFAULT_KDF } from ${JSON.stringify(join(room, 'kdf-parameters.ts'))}
    import { core } from ${JSON.stringify(join(room, 'core.ts'))}
    const [passphrase, salt] = ['password', 'somesaltsomesalt'].map((text) => new TextEncoder().encode(text))
    const key = derive(passphrase, salt, DEFAULT_KDF).toHex()
    const byCore = core.argon2()?.derive({ password: passphrase, salt }, DEFAULT_KDF, 32)
    console.log(key, byCore === undefined ? 'by node:crypto' : 'by the core')`
    const run = (environment: Record<string, string>): string =>
      Bun.spawnSync([process.execPath, '-e', script], { env: { ...process.env, ...environment } }).stdout.toString()
    expect(run({})).toMatch(new RegExp(`^${KEY}\\w+ by the core`))
    expect(run({ [name]: '0' })).toMatch(new RegExp(`^${KEY}\\w+ by node:crypto`))
  },
  60_000,
)

test('parameters outside floor and ceiling are refused with the kind that was asked for', () => {
  for (const limit of [KDF_FLOOR, DEFAULT_KDF, KDF_CEILING]) expect(checkKdf(limit, 'corrupt')).toBe(limit)
  for (const name of ['memoryKib', 'passes', 'lanes'] as const) {
    for (const value of [KDF_FLOOR[name] - 1, KDF_CEILING[name] + 1, DEFAULT_KDF[name] + 0.5, NaN, -1]) {
      for (const kind of ['usage', 'corrupt'] as const) {
        let thrown: unknown
        try {
          checkKdf({ ...DEFAULT_KDF, [name]: value }, kind)
        } catch (error) {
          thrown = error
        }
        expect(thrown).toBeInstanceOf(Failure)
        expect((thrown as Failure).kind).toBe(kind)
      }
    }
  }
})

test('even the strongest parameters are within what one call may ask for, and the weakest leave each lane its blocks', () => {
  expect(KDF_FLOOR.memoryKib).toBeGreaterThanOrEqual(8 * KDF_CEILING.lanes)
})

test('what is no Argon2id is refused', () => {
  expect(() => derive(passphrase, salt.subarray(0, 7), DEFAULT_KDF)).toThrow(RangeError)
  expect(() => derive(passphrase, salt, { memoryKib: 15, passes: 1, lanes: 2 })).toThrow(RangeError)
  expect(() => derive(passphrase, salt, { memoryKib: 64, passes: 0, lanes: 1 })).toThrow(RangeError)
  expect(() => derive(passphrase, salt, { memoryKib: 64, passes: 1, lanes: 0 })).toThrow(RangeError)
})

test('the inputs are not changed, and the key is not a view into something larger', () => {
  const [before, beforeSalt] = [passphrase.slice(), salt.slice()]
  const key = derive(passphrase, salt, { memoryKib: 64, passes: 1, lanes: 1 })
  expect(passphrase).toEqual(before)
  expect(salt).toEqual(beforeSalt)
  expect(key.buffer.byteLength).toBe(32)
})
