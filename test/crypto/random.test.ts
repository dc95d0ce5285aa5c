// Random bytes and text: sizes, letters, and no letter likelier than another.
import { expect, test } from 'bun:test'
import { CHARSETS, randomBytes, randomMixed, randomOf, randomText, randomWords, uuid } from '../../src/crypto/random.ts'
import type { Charset } from '../../src/crypto/random.ts'

test('bytes come in the size that was asked for, also above what the system gives at once', () => {
  for (const size of [0, 1, 12, 65_536, 65_537, 200_000]) expect(randomBytes(size).length).toBe(size)
  expect(
    randomBytes(200_000)
      .subarray(190_000)
      .some((byte) => byte !== 0),
  ).toBe(true)
  expect(randomBytes(16)).not.toEqual(randomBytes(16))
})

test.each(Object.keys(CHARSETS) as Charset[])('%s: all letters, no others, each as often as the rest', (charset) => {
  const letters = CHARSETS[charset]
  expect(new Set(letters).size).toBe(letters.length)
  const expected = 2000
  const counts = new Map(Array.from(letters, (letter) => [letter.charCodeAt(0), 0]))
  const text = randomText(expected * letters.length, charset)
  expect(text.length).toBe(expected * letters.length)
  for (const code of text) counts.set(code, (counts.get(code) ?? 0) + 1)
  expect(counts.size).toBe(letters.length)
  // Chi square is about n - 1 with deviation sqrt(2n); a modulo without rejection gives thousands.
  const chiSquare = [...counts.values()].reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0)
  expect(chiSquare).toBeLessThan(letters.length + 8 * Math.sqrt(2 * letters.length))
})

test('text has any length, also none', () => {
  for (const length of [0, 1, 63, 64, 65, 1000]) expect(randomText(length, 'hex').length).toBe(length)
})

test('a uuid is one of version 4', () => {
  expect(uuid()).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
})

test('W57: words can be spoken, and every sound comes', () => {
  expect(Buffer.from(randomWords(4)).toString()).toMatch(/^(?:[bcdfghjklmnprstvwxyz][aeiou]){2}[^aeiou-](?:-\w{5}){3}$/)
  expect(randomWords(0).length).toBe(0)
  const many = Buffer.from(randomWords(5000)).toString()
  expect(new Set(many).size).toBe(26)
  expect(new Set(many.split('-')).size).toBeGreaterThan(4800)
})

test('W57: symbols holds every kind of letter, also in four', () => {
  for (let round = 0; round < 200; round++) {
    const text = Buffer.from(randomMixed(4)).toString()
    for (const kind of [/[a-z]/, /[A-Z]/, /[0-9]/, /[%+,./:=@_-]/]) expect(text).toMatch(kind)
  }
  expect(() => randomMixed(3)).toThrow(RangeError)
})

test('any kind as a Secret', () => {
  const size = (kind: Parameters<typeof randomOf>[0]) => randomOf(kind, 8).size
  expect([size('hex'), size('symbols'), size('words'), size('uuid')]).toEqual([8, 8, 47, 36])
})
