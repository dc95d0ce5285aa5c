// The owner's recipes: what is taken, and what is refused with the line on which it stands. Such a file could come from
// somebody else, so a text that only a shell could read must never become a program.
import { describe, expect, test } from 'bun:test'
import { parseRecipes, recipeFor } from '../../src/formats/recipes.ts'
import { utf8 } from '../../src/lib/bytes.ts'

const parse = (text: string) => parseRecipes(utf8(text))

function told(text: string): string {
  try {
    parse(text)
    return 'taken'
  } catch (error) {
    return (error as Error).message
  }
}

test('programs around another one are lists of words', () => {
  const recipes = parse(`
# how npm gets its token
shop/NPM_TOKEN:
  as: file
  name: TOKEN_FILE
  set-up:
    - [/usr/bin/npm, config, set, "//registry.test/:_authToken"]
    - [ "/usr/bin/env" ]
  tear-down: [[/usr/bin/npm, logout]]
OTHER: {}
`)
  expect(recipeFor(recipes, 'shop', 'NPM_TOKEN')).toEqual({
    as: 'file',
    name: 'TOKEN_FILE',
    user: 'x-access-token',
    setUp: [['/usr/bin/npm', 'config', 'set', '//registry.test/:_authToken'], ['/usr/bin/env']],
    tearDown: [['/usr/bin/npm', 'logout']],
  })
  expect(recipeFor(recipes, 'other', 'NPM_TOKEN')).toBeUndefined()
  expect(recipeFor(recipes, 'any', 'OTHER')).toMatchObject({ as: 'env', setUp: [], tearDown: [] })
})

describe('refused, with its line', () => {
  const IN = (programs: string) => `A: {}\nKEY:\n  as: env\n  set-up: ${programs}\n`
  test.each([
    ['a text', IN('"/bin/rm -rf x"'), 'line 4: set-up: is no list'],
    ['a text in a list', IN('["/bin/rm -rf x"]'), 'line 4: set-up: program 1 is no list of words'],
    ['a mapping', IN('{ run: [[/bin/true]] }'), 'line 4: set-up: is no list'],
    ['nothing', IN(''), 'line 4: set-up: is no list'],
    ['an empty program', IN('[[/bin/true], []]'), 'line 4: set-up: program 2 is no list of words'],
    ['a relative path', IN('[[npm]]'), 'line 4: set-up: program 1: npm is no absolute path'],
    ['a path with dots', IN('[[/usr/bin/../../tmp/x]]'), 'no absolute path'],
    ['a directory', IN('[[/usr/bin/]]'), 'no absolute path'],
    ['an empty word first', IN('[[""]]'), 'no absolute path'],
    ['a shell line as the path', IN('[["/bin/true; id #/"]]'), 'no absolute path'],
    ['a number', IN('[[/bin/sleep, 5]]'), 'line 4: set-up: program 1: word 2 is no text; write numbers'],
    ['a list inside', IN('[[/bin/echo, [a]]]'), 'program 1: word 2 is no text'],
    ['a NUL', IN('[[/bin/echo, "a\\0b"]]'), 'program 1: word 2 is no text'],
    ['too many programs', IN(`[${'[/bin/true],'.repeat(9)}]`), 'more than 8 programs'],
    ['too many words', IN(`[[/bin/true${',a'.repeat(64)}]]`), 'program 1 has more than 64 words'],
    ['the other one', 'KEY:\n  name: A\n  tear-down: x\n', 'line 3: tear-down: is no list'],
    ['a wrong setting', 'KEY:\n  as: env\n  setup: [[/bin/true]]\n', 'line 3: there is no setting setup'],
    ['in brackets', 'A: { as: env }\nKEY: { as: env,\n  set-up: [[x]] }\n', 'line 3: set-up: program 1: x is no'],
    ['a wrong way', '\n\nKEY: { as: shell }\n', 'line 3: as is not one of env'],
    ['a wrong name', 'OK: {}\n9x: {}\n', 'line 2: 9x is no name'],
    ['no settings', 'KEY: [a]\n', 'line 1: KEY has no settings'],
    ['a key twice', 'KEY: {}\nKEY: {}\n', 'a key comes twice'],
    ['an alias', 'KEY: &a {}\nB: *a\n', 'line 1: an anchor'],
    ['a second document', 'KEY: {}\n---\nB: {}\n', 'a second document'],
  ])('%s', (_, text, message) => expect(told(text)).toContain(message))
})

test('a name that is a number moves the others, so no line is told instead of a wrong one', () => {
  expect(told('B: { as: shell }\n"7": {}\n')).toContain('is no name of a secret')
  expect(told('B: { "7": a, as: shell }\n')).not.toContain('line 2')
})
