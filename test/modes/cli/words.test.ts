import { expect, test } from 'bun:test'
import { Failure } from '../../../src/lib/errors.ts'
import { meant } from '../../../src/modes/cli/words.ts'

const found = (line: string): unknown => {
  const result = meant(line === '' ? [] : line.split(' '))
  return typeof result === 'string' || 'group' in result ? result : [result.command.path, ...result.rest].join(' · ')
}

const fails = (line: string): Failure => {
  try {
    meant(line.split(' '))
  } catch (error) {
    if (error instanceof Failure && error.kind === 'usage') return error
    throw error
  }
  throw new Error(`accepted: ${line}`)
}

test.each([
  ['get KEY', 'get · KEY'],
  ['g KEY', 'get · KEY'],
  ['audit', 'audit'],
  ['audit verify', 'audit verify'],
  ['projects create web', 'projects create · web'],
  ['p ls', 'projects list'],
  ['use web', 'projects use · web'],
  ['help audit verify', 'help · audit · verify'],
  ['--json get KEY', 'get · --json · KEY'],
  ['-p web get KEY', 'get · -p · web · KEY'],
  ['-p get list', 'list · -p · get'],
  ['-vp web audit --json verify', 'audit verify · -vp · web · --json'],
  ['get --version 2 KEY', 'get · --version · 2 · KEY'],
  ['get -- audit', 'get · -- · audit'],
  ['set KEY -', 'set · KEY · -'],
  ['run -- get', 'run · -- · get'],
  ['env', 'env'],
  ['env groups create shop', 'env group create · shop'],
  ['env diff shop', 'env diff · shop'],
])('%s', (line, expected) => expect(found(line)).toBe(expected))

test('the beginning of commands, or nothing', () => {
  expect(found('projects')).toEqual({ group: 'projects' })
  expect(found('key --json')).toEqual({ group: 'key' })
  expect(found('p')).toEqual({ group: 'projects' })
  expect(found('env group')).toEqual({ group: 'env group' })
  expect(found('env groups --json')).toEqual({ group: 'env group' })
  expect(found('')).toBe('nothing')
  expect(found('--json -v')).toBe('nothing')
  expect(found('--')).toBe('nothing')
})

test.each([
  ['gte KEY', 'tvault get'],
  ['GET KEY', 'tvault get'],
  ['rotate', 'tvault key rotate'],
  ['key rotat', 'tvault key rotate'],
  ['projects lst', 'tvault projects list'],
  ['project creat x', 'tvault project create'],
  ['audit verfy', 'tvault audit verify'],
  ['env gruop list', 'tvault env group'],
  ['env group lst', 'tvault env group list'],
  ['env promot A', 'tvault env promote'],
  ['p zzzzzzzz', 'create'],
  ['zzzzzzzz', 'tvault help'],
])('%s is an error with a way out, never the command above', (line, hint) => {
  const { message, hint: told } = fails(line)
  expect(message).toContain('unknown command')
  expect(told).toContain(hint)
})

test('unknown flags without a command', () => {
  expect(fails('--bogus').message).toBe('unknown flag: --bogus')
  expect(fails('projects --bogus').hint).toBe('tvault projects --help')
  expect(fails('-- get KEY').message).toBe('there is no command in front of --')
})
