// Patterns of the policy for AI agents: as in file names for what is allowed, further for what is denied (attack A9).
import { describe, expect, test } from 'bun:test'
import { namePattern } from '../../src/lib/pattern.ts'

const allow = (pattern: string, name: string) => namePattern(pattern, { ignoreCase: false, deep: false })(name)
const deny = (pattern: string, name: string) => namePattern(pattern, { ignoreCase: true, deep: true })(name)

test.each([
  ['', '', true],
  ['', 'a', false],
  ['*', '', true],
  ['*', 'abc', true],
  ['*', 'team/prod', false],
  ['**', 'team/prod', true],
  ['team/*', 'team/prod', true],
  ['team/*', 'team/prod/eu', false],
  ['team/**', 'team/prod/eu', true],
  ['a?c', 'abc', true],
  ['a?c', 'a/c', false],
  ['a?c', 'ac', false],
  ['[a-c]x', 'bx', true],
  ['[a-c]x', 'dx', false],
  ['[^a-c]x', 'dx', true],
  ['[^a-c]', '/', false],
  ['[]-x]', 'y', undefined],
  ['\\*', '*', true],
  ['\\*', 'a', false],
  ['[\\]]', ']', true],
  ['DB_*_URL', 'DB_MAIN_URL', true],
  ['DB_*_URL', 'DB_URL', false],
  ['Prod', 'prod', false],
  ['a*b*c*d', 'aXbXcXd', true],
  ['a*b*c*d', 'aXbXcX', false],
  ['é?', 'é😀', true],
])('%s and %s', (pattern, name, expected) => {
  if (expected === undefined) expect(() => allow(pattern, name)).toThrow()
  else expect(allow(pattern, name)).toBe(expected)
})

test.each(['[', '[a', '[]', '[z-a]', 'x\\', '[a-', '[^', '[-'])('%s is broken and says so', (pattern) => {
  expect(() => namePattern(pattern, { ignoreCase: false, deep: false })).toThrow('a pattern that is none')
})

describe('what denies reaches further', () => {
  test.each([
    ['*prod*', 'team/prod'],
    ['*PRIVATE_KEY*', 'signing_private_key'],
    ['a?c', 'a/c'],
    ['[^x]', '/'],
  ])('%s catches %s', (pattern, name) => expect(deny(pattern, name)).toBe(true))
})

test('many stars cost no more than pattern times name', () => {
  const pattern = `${'*a'.repeat(150)}b`
  const began = performance.now()
  expect(allow(pattern, 'a'.repeat(255))).toBe(false)
  expect(performance.now() - began).toBeLessThan(2000)
})
