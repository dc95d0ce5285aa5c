import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { define } from '../../../src/commands/define.ts'
import type { Command } from '../../../src/commands/define.ts'
import { text } from '../../../src/lib/bytes.ts'
import { Failure } from '../../../src/lib/errors.ts'
import { Secret } from '../../../src/lib/secret.ts'
import { globalFlag, parseArguments } from '../../../src/modes/cli/argv.ts'

const common = {
  about: 'A command of this test',
  effect: 'none',
  on: ['cli'],
  holdsKeys: false,
  examples: [],
  run: () => undefined,
} as const

const sample = define({
  ...common,
  path: 'sample',
  input: {
    first: { kind: 'text', at: 0, about: 'first' },
    more: { kind: 'list', at: 1, about: 'more' },
    text: { kind: 'text', short: 't', about: 'text' },
    only: { kind: 'list', short: 'o', split: true, about: 'only' },
    file: { kind: 'list', about: 'file' },
    limit: { kind: 'count', short: 'n', min: 1, max: 50, about: 'limit' },
    least: { kind: 'count', min: -5, about: 'least' },
    format: { kind: 'choice', choices: ['json', 'yaml'], about: 'format' },
    since: { kind: 'moment', about: 'since' },
    yes: { kind: 'flag', short: 'y', about: 'yes' },
    loud: { kind: 'flag', short: 'l', about: 'loud' },
    on: { kind: 'flag', fallback: 'true', about: 'on' },
  },
}) as unknown as Command

const store = define({
  ...common,
  path: 'store',
  input: {
    key: { kind: 'text', at: 0, required: true, about: 'key' },
    value: { kind: 'secret', at: 1, about: 'value' },
    stdin: { kind: 'flag', about: 'stdin' },
  },
}) as unknown as Command

const launch = define({
  ...common,
  path: 'launch',
  input: {
    only: { kind: 'list', split: true, about: 'only' },
    clean: { kind: 'flag', about: 'clean' },
    command: { kind: 'rest', at: 0, required: true, about: 'command' },
  },
}) as unknown as Command

const input = (command: Command, ...tokens: string[]): Record<string, unknown> =>
  parseArguments(command, tokens).input as Record<string, unknown>

const fails = (command: Command, ...tokens: string[]): Failure => {
  try {
    parseArguments(command, tokens)
  } catch (error) {
    if (error instanceof Failure && error.kind === 'usage') return error
    throw error
  }
  throw new Error(`accepted: ${JSON.stringify(tokens)}`)
}

/** What parsers like to change. */
const TREACHEROUS = [
  '',
  ' ',
  '0',
  '007',
  '1e3',
  '-1',
  '+5',
  '0x10',
  '.5',
  '9007199254740993',
  'true',
  'false',
  'null',
  'NaN',
  'Infinity',
  '-',
  '--',
  '---',
  '--x=',
  '--no-agent',
  '--help',
  '-h',
  '--text',
  '-t',
  '=',
  'a=b',
  '__proto__',
  'constructor',
  'a.b',
  'ключ',
  '🔑',
  'e\u0301',
  'two\nlines',
  '\u0000',
  "it's",
  '$HOME',
  '[]',
  '<x>',
  ',',
]
const token = fc.oneof(fc.constantFrom(...TREACHEROUS), fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme' }))
const word = token.filter((typed) => typed === '-' || !typed.startsWith('-'))

describe('every token arrives as it was typed', () => {
  test('the value of a flag, in all five forms', () => {
    fc.assert(
      fc.property(token, (typed) => {
        expect(input(sample, `--text=${typed}`)['text']).toBe(typed)
        expect(input(sample, '--text', typed)['text']).toBe(typed)
        expect(input(sample, '-t', typed)['text']).toBe(typed)
        expect(input(sample, `-t=${typed}`)['text']).toBe(typed)
        if (typed !== '' && !typed.startsWith('=')) expect(input(sample, `-t${typed}`)['text']).toBe(typed)
        if (typed !== '' && !typed.startsWith('=')) expect(input(sample, `-yt${typed}`)['text']).toBe(typed)
      }),
    )
  })

  test('words, before and behind --', () => {
    fc.assert(
      fc.property(word, fc.array(word), fc.array(token), (first, before, behind) => {
        const found = input(sample, first, ...before, '--', ...behind)
        expect(found['first']).toBe(first)
        expect(found['more']).toEqual(before.length + behind.length === 0 ? undefined : [...before, ...behind])
      }),
    )
  })

  test('a list of whole values', () => {
    fc.assert(
      fc.property(fc.array(token, { minLength: 1 }), (typed) => {
        const filled = typed.filter((item) => item !== '')
        const tokens = typed.flatMap((item) => ['--file', item])
        if (filled.length === 0) fails(sample, ...tokens)
        else expect(input(sample, ...tokens)['file']).toEqual(filled)
      }),
    )
  })

  test('a secret, as bytes', () => {
    fc.assert(
      fc.property(
        token.filter((typed) => typed.isWellFormed()),
        (typed) => {
          const { value } = input(store, 'KEY', '--', typed)
          expect(value).toBeInstanceOf(Secret)
          expect(text((value as Secret).reveal())).toBe(typed)
        },
      ),
    )
  })

  test('the words of another program, behind -- and from the first word on', () => {
    fc.assert(
      fc.property(word, fc.array(token), (program, more) => {
        expect(input(launch, '--clean', '--', program, ...more)['command']).toEqual([program, ...more])
        expect(input(launch, '--clean', program, ...more)).toEqual({
          only: undefined,
          clean: true,
          command: [program, ...more],
        })
      }),
    )
  })

  test('flags mean the same before, between and behind words', () => {
    const flags = fc.shuffledSubarray(['--text=007', '-y', '--limit=7', '--file=1e3', '--json', '-p=web'])
    fc.assert(
      fc.property(flags, fc.array(fc.nat(6), { minLength: 6, maxLength: 6 }), (chosen, places) => {
        const tokens: string[] = ['a', 'b', 'c']
        for (const [i, flag] of chosen.entries()) tokens.splice((places[i] ?? 0) % (tokens.length + 1), 0, flag)
        expect(parseArguments(sample, tokens)).toEqual(parseArguments(sample, [...chosen, 'a', 'b', 'c']))
      }),
    )
  })
})

describe('flags', () => {
  test('are there or not', () => {
    expect(input(sample)).toMatchObject({ yes: false, loud: false, on: true })
    expect(input(sample, '-yl')).toMatchObject({ yes: true, loud: true })
    expect(input(sample, '--on=false')).toMatchObject({ on: false })
    expect(fails(sample, '--yes=maybe').message).toContain('--yes')
  })

  test.each([
    ['--json', 'json', true],
    ['--no-agent', 'no-agent', true],
    ['--verbose', 'verbose', true],
    ['-v', 'verbose', true],
    ['--project=007', 'project', '007'],
    ['-p007', 'project', '007'],
    ['--vault=', 'vault', ''],
    ['--config=c', 'config', 'c'],
  ])('%s is a flag of every command', (typed, name, value) => {
    const globals: Record<string, unknown> = parseArguments(sample, [typed]).globals
    expect(globals[name]).toBe(value)
  })

  test('the same one twice with different values is an error, with the same value it is not', () => {
    expect(fails(sample, '--text=a', '--text=b').message).toContain('--text')
    expect(fails(sample, '--yes', '--yes=false').message).toContain('--yes')
    expect(input(sample, '--text=a', '-t', 'a', '-y', '--yes')).toMatchObject({ text: 'a', yes: true })
  })

  test('help wins over everything that is missing or too much', () => {
    expect(parseArguments(store, ['--help']).help).toBe(true)
    expect(parseArguments(store, ['a', 'b', 'c', '-h']).help).toBe(true)
    expect(parseArguments(launch, ['--only', 'A', '--help']).help).toBe(true)
    expect(parseArguments(launch, ['--', 'ls', '--help']).help).toBe(false)
    expect(parseArguments(launch, ['ls', '--help']).help).toBe(false)
  })
})

describe('typed fields', () => {
  test('lists split at commas where they say so, and may be repeated', () => {
    expect(input(sample, '--only', 'A, B', '-o', 'C')['only']).toEqual(['A', 'B', 'C'])
  })

  test.each([['--only='], ['--only=,'], ['--only= , '], ['--file=']])('an empty list is an error: %s', (typed) => {
    expect(fails(sample, typed).message).toContain('is empty')
  })

  test('counts are whole numbers in their range', () => {
    expect(input(sample, '--limit', '007', '--least', '-5')).toMatchObject({ limit: 7, least: -5 })
    for (const typed of ['', '1.5', '1e1', '0x1', 'many', ' 1', '9007199254740993'])
      expect(fails(sample, `--limit=${typed}`).message).toContain('whole number')
    for (const typed of ['0', '51', '-1']) expect(fails(sample, '-n', typed).message).toContain('between 1 and 50')
    expect(fails(sample, '--least=-6').message).toContain('at least -5')
  })

  test('choices are named, with the nearest', () => {
    expect(input(sample, '--format', 'yaml')['format']).toBe('yaml')
    expect(fails(sample, '--format', 'ymal').hint).toContain('did you mean yaml?')
    expect(fails(sample, '--format', 'toml').hint).toContain('json, yaml')
  })

  test('moments are nanoseconds', () => {
    expect(input(sample, '--since', '1970-01-01T00:00:01Z')['since']).toBe(1_000_000_000n)
    expect(fails(sample, '--since', 'soon').kind).toBe('usage')
  })
})

describe('mistakes', () => {
  test('unknown flags, with the nearest', () => {
    expect(fails(sample, '--formt=json').hint).toContain('--format')
    expect(fails(sample, '-x').message).toContain('"-x"')
    expect(fails(sample, '--__proto__=x').message).toContain('unknown flag')
    expect(fails(sample, '--first=x').message).toContain('unknown flag')
  })

  test('what is missing and what is too much', () => {
    expect(fails(store).message).toBe('key is required')
    expect(fails(launch).message).toBe('command is required')
    expect(fails(launch, '--').message).toBe('command is required')
    expect(fails(sample, '--text').message).toBe('--text needs a value')
    expect(fails(store, 'a', 'b', 'c').message).toContain('more words')
  })

  test('nothing that may be a mistyped value is repeated', () => {
    const value = 'hunter2hunter2'
    for (const tokens of [
      ['KEY', 'v', value],
      ['KEY', `--${value}`],
      ['KEY', `-${value}`],
      ['KEY', `--${value}=${value}`],
      ['KEY', '--', 'v', value],
    ]) {
      const { message, hint } = fails(store, ...tokens)
      expect(`${message}\n${hint}`).not.toContain('hunter')
    }
  })
})

test('flags of every command are known before the command is', () => {
  const cases: Record<string, boolean | undefined> = {
    '--vault': true,
    '--vault=x': false,
    '-p': true,
    '-pweb': false,
    '-p=web': false,
    '-vp': true,
    '-vpweb': false,
    '--json': false,
    '-v': false,
    '-x': undefined,
    '-vx': undefined,
    '--format': undefined,
    '--toString': undefined,
    '--': undefined,
    '-': undefined,
  }
  for (const [typed, takesNext] of Object.entries(cases))
    expect([typed, globalFlag(typed)?.takesNext]).toEqual([typed, takesNext])
})
