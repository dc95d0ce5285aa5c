// No wart is forgotten: each number has a decision, a test that carries it, or a reason in topic `compatibility`.
import { describe, expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { readHouse, ROOT } from './house.ts'
import { attackFaults, carried, LAST, WARTS, wartFaults } from './warts.ts'

const tests = [...readHouse(['test'], ['.test.ts', '.slow.ts', '.txt'])].filter(([path]) => !path.includes('/house/'))
const topic = readFileSync(join(ROOT, 'src', 'topics', 'compatibility.md'), 'utf8')

test('the guard sees journeys and tests', () => {
  expect(tests.map(([path]) => path)).toContain('test/scripts/w16-ssh.txt')
  expect(tests.length).toBeGreaterThan(100)
  expect(Object.keys(WARTS)).toHaveLength(LAST)
})

test('every wart is mended and tested, or kept and explained', () => expect(wartFaults(tests, topic)).toEqual([]))

test('every attack on files has a test', () => expect(attackFaults(tests)).toEqual([]))

describe('what is missing is seen', () => {
  const one = (text: string, path = 'test/a.test.ts') => [...carried([[path, text]])]

  test.each([
    ["test('W7: an empty selector', () => {})", [7]],
    ["test('an empty selector (W7)', () => {})", [7]],
    ["describe('names (W29, W34)', () => {})", [29, 34]],
    ["test.each(all)('W59: $provider', () => {})", [59]],
    ['test(`W53: ${shell}`, () => {})', [53]],
    ['// W7 is mended elsewhere', []],
    ["const key = 'rW7xQ'", []],
    ["{ project: 'web', key: 'W7' }", []],
    ["describe('W7', () => {})", [7]],
  ])('%s carries %p', (text, numbers) => expect(one(text)).toEqual(numbers))

  test('of a journey the comments count, not its bytes', () => {
    expect(one('# W8, W26: a file\ntvault set A W99', 'test/scripts/a.txt')).toEqual([8, 26])
  })

  test('a number without a test, without a word, without a decision', () => {
    const without = tests.filter(([, text]) => !text.includes('W16'))
    expect(wartFaults(without, topic)).toEqual(['W16: no test carries it'])
    expect(wartFaults(tests, topic.replaceAll('There is no undelete', ''))).toHaveLength(1)
    expect(wartFaults(tests, topic, { ...WARTS, 60: { about: 'x', mended: false } })).toEqual([
      'W60: neither mended nor kept',
    ])
    expect(attackFaults(without.filter(([, text]) => !text.includes('weak point D9')))).toEqual([
      'weak point D9: no test is named after it',
    ])
    const { 1: _, ...fewer } = WARTS
    expect(wartFaults(tests, topic, fewer)).toEqual(['W1: nothing was decided'])
  })
})
