import { expect, test } from 'bun:test'
import { parseKib, toAge, toSize } from '../../src/lib/quantities.ts'

test.each([
  [0, '0 B'],
  [1023, '1023 B'],
  [1024, '1 KiB'],
  [1536, '1.5 KiB'],
  [10_485_760, '10 MiB'],
  [1_099_511_627_776, '1 TiB'],
])('%d bytes', (bytes, text) => expect(toSize(bytes)).toBe(text))

test.each([
  [0, 'now'],
  [59, '59s'],
  [3599, '59m'],
  [7200, '2h'],
  [86_400 * 9, '9d'],
  [86_400 * 800, '2y'],
])('%d seconds ago', (seconds, text) => expect(toAge(1_000_000_000n, BigInt(seconds + 1) * 1_000_000_000n)).toBe(text))

test('a moment in the future is now', () => expect(toAge(5_000_000_000n, 0n)).toBe('now'))

test.each([
  ['65536', 65_536],
  ['64MiB', 65_536],
  ['64m', 65_536],
  ['19456KiB', 19_456],
  ['1 GiB', 1_048_576],
])('%s', (typed, kib) => expect(parseKib(typed)).toBe(kib))

test.each(['', 'x', '-1', '1.5m', '64 bits', '9999999999'])('%s is refused', (typed) =>
  expect(() => parseKib(typed)).toThrow(),
)
