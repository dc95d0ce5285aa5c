import { expect, test } from 'bun:test'
import { glob } from '../../src/lib/glob.ts'

test('patterns', () => {
  const cases: [string, string, boolean][] = [
    ['', '', true],
    ['', 'a', false],
    ['*', '', true],
    ['*', 'anything', true],
    ['?', '', false],
    ['?', 'a', true],
    ['?', '日', true],
    ['??', '😀', false],
    ['a*', 'abc', true],
    ['*c', 'abc', true],
    ['a*c', 'abbc', true],
    ['a*c', 'abbd', false],
    ['a*b*c', 'aXbYbZc', true],
    ['F*F', 'F', false],
    ['F*F', 'FF', true],
    ['a?c', 'ac', false],
    ['db_*', 'DB_URL', true],
    ['DB_*', 'db_url', false],
    ['DB_*', 'DB_URL', true],
    ['a.c', 'abc', false],
    ['[a]', 'a', false],
    ['**', 'a', true],
    ['a*', 'b', false],
  ]
  for (const [pattern, name, result] of cases)
    expect([pattern, name, glob(pattern)(name)]).toEqual([pattern, name, result])
})

test('a hostile pattern takes no exponential time', () => {
  const started = performance.now()
  expect(glob(`${'*a'.repeat(200)}b`)('a'.repeat(5000))).toBe(false)
  expect(performance.now() - started).toBeLessThan(2000)
})
