// What a directory may want, and what is no wish.
import { describe, expect, test } from 'bun:test'
import { autoLines } from '../../src/formats/auto-lines.ts'
import { parseRc } from '../../src/formats/rc-file.ts'
import { utf8 } from '../../src/lib/bytes.ts'
import { Failure } from '../../src/lib/errors.ts'
import { Secret } from '../../src/lib/secret.ts'

const parse = (text: string) => parseRc(utf8(text), '.tvaultrc')

describe('a wish', () => {
  test('with blanks, comments and line ends of any kind', () => {
    expect(parse('# for the shop\r\n\r\n project = my shop \r\nonly=A, B_2\nprefix = DB_\n')).toEqual({
      project: 'my shop',
      only: ['A', 'B_2'],
      prefix: 'DB_',
    })
    expect(parse('project=web')).toEqual({ project: 'web', only: undefined, prefix: undefined })
  })

  test.each([
    ['', 'names no project'],
    ['only = A', 'names no project'],
    ['project = ', 'names no project'],
    ['project = a\nproject = b', '.tvaultrc:2'],
    ['project = a\nrun = rm -rf /', '.tvaultrc:2'],
    ['project = a\nonly', '.tvaultrc:2'],
    ['project = a\nonly = A,,B', 'only'],
    ['project = a\nonly = $(id)', 'only'],
    ['project = a\nprefix = A;B', 'prefix'],
  ])('%j is none', (text, words) => {
    expect(() => parse(text)).toThrow(Failure)
    expect(() => parse(text)).toThrow(words)
  })

  test('bytes that are no text are none', () => {
    expect(() => parseRc(Uint8Array.of(0x70, 0xff), '.tvaultrc')).toThrow('not UTF-8')
  })
})

test('lines for the shell quote every value, the empty one too', () => {
  const entries = [
    { key: 'A', value: Secret.fromText("it's $(id)") },
    { key: 'B', value: Secret.fromText('') },
  ]
  const text = (shell: 'bash' | 'fish') => Buffer.from(autoLines(shell, 'ab12', entries).reveal()).toString()
  expect(text('bash')).toBe(`_tvault_unload\n_tvault_set A 'it'"'"'s $(id)'\n_tvault_set B ''\n_TVAULT_LOADED='ab12'\n`)
  expect(text('fish')).toContain(`_tvault_save A\nset -gx A 'it\\'s $(id)'\n`)
})
