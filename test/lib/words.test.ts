// Splitting like a POSIX shell: the shell itself is the judge.
import { describe, expect, test } from 'bun:test'
import { Failure } from '../../src/lib/errors.ts'
import { splitWords } from '../../src/lib/words.ts'

/** The words as sh sees them, one NUL after each. */
function byShell(line: string): string[] {
  const { stdout } = Bun.spawnSync(['sh', '-c', `set -f; printf '%s\\0' ${line}`])
  return stdout.toString().split('\0').slice(0, -1)
}

describe('splits as sh does', () => {
  test.each([
    'pass show vault',
    '  two   blanks\tand tabs ',
    String.raw`printf "pass\n"`,
    String.raw`"a\\b" "c\"d" "e\$f" "g\h"` + ' "i\\`j"',
    String.raw`'single \n "double" inside'`,
    String.raw`a\ b c\\d \"e \'f`,
    `"" '' x""y`,
    `"it's" 'say "hi"'`,
    `joined"with"'quotes'`,
    'line\\\ncontinued "in\\\nside"',
    'snow☃man "☃ ☃"',
  ])('%p', (line) => expect(splitWords(line, 'X')).toEqual(byShell(line)))
})

test('nothing is expanded', () => {
  expect(splitWords('$HOME `id` $(id) * ~ a;b|c>d', 'X')).toEqual(['$HOME', '`id`', '$(id)', '*', '~', 'a;b|c>d'])
})

test.each([`"open`, `'open`, 'end\\', `"a\\"`])('%p is refused', (line) => {
  expect(() => splitWords(line, 'THE_SETTING')).toThrow(Failure)
  expect(() => splitWords(line, 'THE_SETTING')).toThrow('THE_SETTING')
})

test('an empty line has no words', () => expect(splitWords(' \t ', 'X')).toEqual([]))
