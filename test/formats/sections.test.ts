// Sections of a sealed file (W5, W14): a name gives its own section or an error, whatever the values are.
import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { parseDotenv } from '../../src/formats/dotenv.ts'
import { pickSection, printSections, readSections } from '../../src/formats/sections.ts'
import { concat, toHex, utf8 } from '../../src/lib/bytes.ts'
import { Failure } from '../../src/lib/errors.ts'
import { Secret } from '../../src/lib/secret.ts'
import { anyKey, anyValue, printables } from './values.ts'

const PLAIN = '--- tvault-env:production ---\nA=1\nB=x y\n--- tvault-env:preview ---\nA=2\n--- end ---\n'

function pick(body: string, name: string): string {
  return new TextDecoder().decode(pickSection(Secret.fromText(body), name).reveal())
}

function refused(body: string, name: string): string {
  try {
    return `got: ${pick(body, name)}`
  } catch (error) {
    if (error instanceof Failure) return `${error.kind}: ${error.message}; ${error.hint}`
    throw error
  }
}

test('a section of the peer, without line ends at its end', () => {
  expect(pick(PLAIN, 'production')).toBe('A=1\nB=x y')
  expect(pick(PLAIN, 'preview')).toBe('A=2')
  expect(pick('--- tvault-env:a b ---\n--- end ---', 'a b')).toBe('')
  expect(pick('--- tvault-env:x ---\nPEM=-----BEGIN\nabc\n\ndef\n\n--- end ---\n', 'x')).toBe(
    'PEM=-----BEGIN\nabc\n\ndef',
  )
})

describe('W5, defect 5: never more than was asked for', () => {
  test('an unknown section is an error that names those that exist', () => {
    expect(refused(PLAIN, 'nope')).toBe('usage: no section nope in the file; it has: production, preview')
    for (const near of ['', 'prod', 'production ', 'Production', 'production ---', '*']) {
      expect(refused(PLAIN, near)).toStartWith('usage: no section')
    }
  })

  test('a file without sections has none to give', () => {
    for (const body of [
      'A=1\n',
      '',
      '\n--- tvault-env:x ---\nA=1\n--- end ---\n',
      '--- end ---\n',
      '--- tvault-env: ---\n',
    ]) {
      expect(refused(body, 'x')).toStartWith('usage: the file has no sections')
    }
  })
})

describe('W14, defect 5: values cannot forge sections', () => {
  test('what the peer makes of such a value is refused, for every name', () => {
    const forged =
      '--- tvault-env:production ---\nZ=x\n--- tvault-env:preview ---\nINJ=1\nSTRIPE=live\n--- tvault-env:preview ---\nA=2\n--- end ---\n'
    for (const name of ['production', 'preview'])
      expect(refused(forged, name)).toStartWith('failed: the sections of the file are not clear')
    const ended = '--- tvault-env:a ---\nZ=x\n--- end ---\nrest\n--- end ---\n'
    expect(refused(ended, 'a')).toStartWith('failed')
    expect(refused('--- tvault-env:a ---\nA=1\n', 'a')).toStartWith('failed')
    for (const line of ['--- tvault-env:b', '--- tvault-env: ---', '--- end --- ']) {
      expect(refused(`--- tvault-env:a ---\nA=1\n${line}\nB=1\n--- end ---\n`, 'a')).toStartWith('failed')
    }
    const noText = concat(
      utf8('--- tvault-env:a ---\n--- tvault-env:'),
      Uint8Array.of(0xff),
      utf8(' ---\n--- end ---\n'),
    )
    expect(() => readSections(noText)).toThrow('a marker line is damaged')
  })

  test('ours hold any values, and each section gives back exactly its own', () => {
    const evil = utf8('A\n--- tvault-env:preview ---\nINJ=1\n--- end ---')
    const pairs = fc.uniqueArray(fc.tuple(anyKey, fc.oneof(anyValue, fc.constant(evil))), {
      selector: ([key]) => key,
      maxLength: 4,
    })
    fc.assert(
      fc.property(pairs, pairs, (first, second) => {
        const body = printSections([
          { name: 'production', entries: printables(Object.fromEntries(first)) },
          { name: 'preview', entries: printables(Object.fromEntries(second)) },
        ])
        expect(readSections(body.reveal())?.map(({ name }) => name)).toEqual(['production', 'preview'])
        for (const [name, expected] of [
          ['production', first],
          ['preview', second],
        ] as const) {
          const { entries } = parseDotenv(pickSection(body, name).reveal())
          expect(entries.map(({ key, value }) => [key, toHex(value.reveal())])).toEqual(
            expected.toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([key, value]) => [key, toHex(value)]),
          )
        }
      }),
      { numRuns: 300 },
    )
  })

  test('a name that no marker holds is refused when sealing', () => {
    for (const name of ['', 'a\nb', 'a\r']) {
      expect(() => printSections([{ name, entries: [] }])).toThrow('cannot be the name of a section')
    }
  })
})
