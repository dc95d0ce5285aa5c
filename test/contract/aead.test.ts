// The AEAD contract over every implementation at hand, and what only our own interface promises.
import { afterAll, expect, test } from 'bun:test'
import { BOX_OVERHEAD, SUITES, seal, sealWithNonce, unseal } from '../../src/crypto/aead.ts'
import { AEAD_COUNTS, aeadSuite } from './aead.ts'
import { aeads } from './aeads.ts'

const all = await aeads()
for (const aead of all) aeadSuite(aead, all)

const key = new Uint8Array(32).fill(7)
const NOTHING = new Uint8Array(0)

test.each([...SUITES])('%s: 16 MiB go in and come back', (suite) => {
  const text = new Uint8Array(1 << 24).map((_, i) => i * 31)
  const box = seal(suite, key, text, NOTHING)
  expect(box.length).toBe(text.length + BOX_OVERHEAD)
  expect(Buffer.compare(unseal(suite, key, box, NOTHING)!, text)).toBe(0)
  box[9_000_000]! ^= 4
  expect(unseal(suite, key, box, NOTHING)).toBeUndefined()
})

test.each([...SUITES])('%s: every box has a nonce of its own', (suite) => {
  const boxes = Array.from({ length: 500 }, () =>
    Buffer.from(seal(suite, key, NOTHING, NOTHING)).toString('hex', 0, 12),
  )
  expect(new Set(boxes).size).toBe(500)
})

test.each([...SUITES])('%s: what is too short to be a box opens nothing', (suite) => {
  for (let size = 0; size < BOX_OVERHEAD; size++) {
    expect(unseal(suite, key, new Uint8Array(size), NOTHING)).toBeUndefined()
  }
})

test.each([...SUITES])('%s: keys and nonces of other sizes are refused', (suite) => {
  const box = new Uint8Array(40)
  for (const size of [0, 16, 31, 33]) {
    expect(() => seal(suite, new Uint8Array(size), NOTHING, NOTHING)).toThrow(RangeError)
    expect(() => unseal(suite, new Uint8Array(size), box, NOTHING)).toThrow(RangeError)
  }
  for (const size of [0, 8, 11, 13, 24]) {
    expect(() => sealWithNonce(suite, key, new Uint8Array(size), NOTHING, NOTHING)).toThrow(RangeError)
  }
})

test.each([...SUITES])(
  '%s: neither key, text nor box are changed, also when they are parts of larger arrays',
  (suite) => {
    const whole = new Uint8Array(200).map((_, i) => i)
    const before = whole.slice()
    const box = seal(suite, whole.subarray(3, 35), whole.subarray(40, 140), whole.subarray(141, 150))
    const larger = new Uint8Array(box.length + 9)
    larger.set(box, 5)
    const opened = unseal(suite, whole.subarray(3, 35), larger.subarray(5, 5 + box.length), whole.subarray(141, 150))
    expect(opened).toEqual(whole.slice(40, 140))
    expect(whole).toEqual(before)
    expect<Uint8Array>(larger.slice(5, 5 + box.length)).toEqual(box)
  },
)

afterAll(() => {
  for (const [name, { published, wycheproof, left, random }] of AEAD_COUNTS) {
    const others = left > 0 ? `, ${left} of other sizes left out` : ''
    console.log(`vectors: ${name}: ${published} published, ${wycheproof} Wycheproof${others}, ${random} random`)
  }
})
