// Every example of every command is typed through the parser, so none can rot.
import { expect, test } from 'bun:test'
import { commands } from '../../src/commands/index.ts'
import { describe as plain } from '../../src/commands/describe.ts'
import { splitWords } from '../../src/lib/words.ts'
import { parseArguments } from '../../src/modes/cli/argv.ts'
import { meant } from '../../src/modes/cli/words.ts'

const examples = commands.flatMap((command) => command.examples.map(({ words, about }) => ({ command, words, about })))

test('every command has an example, says what it does, and has an effect', () => {
  for (const { path, about, effect, examples: own } of commands)
    expect([path, about !== '', effect !== undefined, own.length > 0]).toEqual([path, true, true, true])
})

test.each(examples)('tvault $words', ({ command, words, about }) => {
  const found = meant(splitWords(words, 'example'))
  if (typeof found === 'string' || 'group' in found) throw new Error('no command')
  expect(found.command.path).toBe(command.path)
  expect(parseArguments(found.command, found.rest).help).toBe(false)
  expect(about).toMatch(/^[A-Z0-9][^]*[^.]$/)
})

test('a description is data: JSON and back changes nothing', () => {
  const catalog = commands.map(plain)
  expect(JSON.parse(JSON.stringify(catalog))).toEqual(catalog)
})

test('required arguments come first, and one that takes all the others comes last', () => {
  for (const { path, input } of commands) {
    const places = Object.values(input)
      .filter(({ at }) => at !== undefined)
      .toSorted((a, b) => (a.at ?? 0) - (b.at ?? 0))
    const required = places.map((field) => field.required === true)
    expect([path, required]).toEqual([path, required.toSorted((a, b) => Number(b) - Number(a))])
    const greedy = places.findIndex(({ kind }) => kind === 'list' || kind === 'rest')
    expect([path, greedy]).toEqual([path, greedy < 0 ? -1 : places.length - 1])
  }
})

test('a short flag means one flag in one command', () => {
  for (const { path, input } of commands) {
    const shorts = Object.values(input).flatMap(({ short }) => (short === undefined ? [] : [short]))
    expect([path, new Set([...shorts, 'p', 'v', 'h']).size]).toEqual([path, shorts.length + 3])
  }
})
