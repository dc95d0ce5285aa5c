// The estimate sorts what people type; the exact bits do not matter, the order and the border do.
import { expect, test } from 'bun:test'
import { LEAST_BITS, estimateStrength } from '../../src/lib/strength.ts'

const bits = (text: string) => estimateStrength(new TextEncoder().encode(text)).bits

test.each([
  '',
  's',
  'password',
  'Password123',
  'P@ssw0rd!',
  '1234567890',
  'qwertyuiop12345',
  'aaaaaaaaaaaaaaaaaaaaaaa',
  'abcabcabcabcabcabc',
  'hunter2hunter2',
  'letmein2024',
  'test-passphrase',
  'ABCDEFGHIJKLMNOP',
  '\u0000\u0000\u0000\u0000',
])('%p is trivial', (text) => {
  expect(bits(text)).toBeLessThan(LEAST_BITS)
  expect(estimateStrength(new TextEncoder().encode(text)).word).toBe('trivial')
})

test.each(['maple ribbon quartz lantern', '7h$kQ2!z', '5f4dcc3b5aa765d61d8327deb882cf99', '日本語のパスワード'])(
  '%p is not',
  (text) => expect(bits(text)).toBeGreaterThanOrEqual(LEAST_BITS),
)

test('more random characters are never weaker, and random ones are strong', () => {
  const text = 'kV8#qzR2!mXw5@tLp9^cJ4&yB'
  for (let size = 1; size < text.length; size++)
    expect(bits(text.slice(0, size + 1))).toBeGreaterThanOrEqual(bits(text.slice(0, size)))
  expect(estimateStrength(new TextEncoder().encode(text)).word).toBe('strong')
})

test('four diceware words are not counted like 27 random letters', () => {
  expect(bits('maple ribbon quartz lantern')).toBeLessThan(70)
})

test('bytes that are no text and long ones are taken', () => {
  expect(bits('x')).toBeFinite()
  expect(estimateStrength(Uint8Array.from({ length: 64 }, (_, i) => 255 - i)).bits).toBeFinite()
  expect(estimateStrength(new Uint8Array(1_000_000).fill(97)).bits).toBeLessThan(LEAST_BITS)
})
