import { expect, test } from 'bun:test'
import { kdfGiven, selection } from '../../src/faces/fields.ts'
import { cell, table } from '../../src/faces/table.ts'

test('columns stand two blanks apart and lines have no blanks at their ends', () => {
  expect(
    table(
      ['A', 'LONG'],
      [
        ['wide one', ''],
        ['x', 'y'],
      ],
    ),
  ).toBe('A         LONG\nwide one\nx         y\n')
})

test('wide characters count as two columns', () => {
  expect(
    table(
      ['N', 'D'],
      [
        ['日本', 'x'],
        ['ab', 'y'],
      ],
    ),
  ).toBe('N     D\n日本  x\nab    y\n')
})

test('the flexible column gives way, the others do not', () => {
  const text = table(['NAME', 'TEXT'], [['name', 'x'.repeat(100)]], { width: 20, flexible: 1 })
  expect(text).toBe(`NAME  TEXT\nname  ${'x'.repeat(13)}…\n`)
})

test('a name cannot command the terminal', () => {
  expect(cell('a\u001b[31m\nb\u202e')).toBe('a\\u{1b}[31m\\u{a}b\\u{202e}')
  expect(cell('x'.repeat(255))).toHaveLength(255)
})

test('an empty selector is refused, none means all', () => {
  expect(selection({})).toEqual({})
  expect(selection({ only: ['A'], prefix: 'B' })).toEqual({ only: ['A'], prefix: 'B' })
  expect(() => selection({ prefix: '' })).toThrow('--prefix is empty')
  expect(() => selection({ only: [] })).toThrow('--only is empty')
})

test('only given key derivation parameters are passed on', () => {
  expect(kdfGiven({})).toEqual({})
  expect(kdfGiven({ 'kdf-memory': '64MiB', 'kdf-passes': 4, 'kdf-lanes': 2 })).toEqual({
    memoryKib: 65_536,
    passes: 4,
    lanes: 2,
  })
})
