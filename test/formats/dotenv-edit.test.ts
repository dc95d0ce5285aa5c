// Editing a dotenv file: what was asked for changes, everything else keeps its bytes.
import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { editDotenv } from '../../src/formats/dotenv-edit.ts'
import { parseDotenv } from '../../src/formats/dotenv.ts'
import { utf8 } from '../../src/lib/bytes.ts'
import { anyKey, anyValue, printables, shown } from './values.ts'

function edited(file: string, values: Record<string, string | Uint8Array>): string {
  return shown(editDotenv(utf8(file), printables(values)))
}

describe('W8: the layout of the file stays', () => {
  const file = [
    '# top comment',
    '',
    'SAME=1',
    'export DIFF="file value" # why',
    "  SPACED   =   'x'   # c",
    'EMPTY=',
    'EMPTY_COMMENT=# c',
    'REF=${tvault://SAME}',
    'not understood',
    'DOUBLE=first',
    'DOUBLE=second',
    'MULTI="one',
    'two"',
    '# end',
    '',
  ].join('\n')

  test('values change in place, new keys come last', () => {
    expect(
      edited(file, {
        DIFF: 'new "value"',
        SPACED: 'it',
        EMPTY: 'e',
        EMPTY_COMMENT: 'c',
        DOUBLE: '2',
        MULTI: 'a\nb',
        NEW: 'n w',
      }),
    ).toBe(
      [
        '# top comment',
        '',
        'SAME=1',
        'export DIFF="new \\"value\\"" # why',
        "  SPACED   =   'it'   # c",
        'EMPTY=e',
        'EMPTY_COMMENT=c # c',
        'REF=${tvault://SAME}',
        'not understood',
        'DOUBLE=first',
        'DOUBLE=2',
        'MULTI="a',
        'b"',
        '# end',
        "NEW='n w'",
        '',
      ].join('\n'),
    )
  })

  test('kinds of quotes stay where they can, and give way where they cannot', () => {
    expect(edited('A=\'x\'\nB="x"\nC=x\n', { A: 'y', B: 'y', C: 'y' })).toBe('A=\'y\'\nB="y"\nC=y\n')
    expect(edited('A=\'x\'\nB="x"\nC=x\n', { A: "it's", B: '$(id)', C: 'two words' })).toBe(
      "A=\"it's\"\nB='$(id)'\nC='two words'\n",
    )
    expect(edited('A="x"\n', { A: 'l1\nl2' })).toBe('A="l1\\nl2"\n')
  })

  test('Windows line ends stay, also on new lines', () => {
    expect(edited('A=1\r\nB="2"\r\n', { B: '3\r\n4', N: 'x' })).toBe('A=1\r\nB="3\\r\\n4"\r\nN=x\r\n')
    // There a CR LF between quotes would be read as LF.
    expect(edited("A='1'\r\nB=2\r\n", { A: '3\r\n4', B: '$x\r\n', N: '$x\r\n' })).toBe(
      'A="3\\r\\n4"\r\nB="\\$x\\r\\n"\r\nN="\\$x\\r\\n"\r\n',
    )
  })

  test('no line end at the end, an empty file, a byte order mark', () => {
    expect(edited('A=1', { A: '2' })).toBe('A=2')
    expect(edited('A=1', { B: '2' })).toBe('A=1\nB=2\n')
    expect(edited('', { B: '2' })).toBe('B=2\n')
    expect(shown(editDotenv(utf8('\ufeffA=1\n'), printables({ A: '2' })))).toBe('A=2\n')
    expect([
      ...editDotenv(utf8('\ufeffA=1\n'), printables({ A: '2' }))
        .reveal()
        .subarray(0, 3),
    ]).toEqual([0xef, 0xbb, 0xbf])
    expect(edited('# only a comment', {})).toBe('# only a comment')
  })

  test('a broken quote that a new line would close is refused, with its line', () => {
    expect(() => edited('B=1\nA="x\n', { N: '# x' })).not.toThrow()
    expect(() => edited('B=1\nA="x\n', { N: " #'x" })).toThrow(
      'the file cannot be changed without changing other entries',
    )
    expect(() => edited('?\nA="x\n', { N: " #'x" })).toThrow('the quote in line 2 is never closed')
  })

  test('a file that would be too large is refused', () => {
    expect(() => edited('A=1\n', { B: 'x'.repeat(1_048_576) })).toThrow('more than 1048576 bytes')
  })
})

describe('laws', () => {
  const line = fc.oneof(
    fc.constantFrom(
      '',
      '# c',
      'bad',
      ' = ',
      'export',
      "A='x",
      'A="',
      'B=x # c',
      "B='y'#c",
      'C=',
      'C=#',
      'D="a',
      'b"',
      '\ufeffA=1',
      "E='",
      "'",
    ),
    fc
      .tuple(
        anyKey,
        fc.constantFrom('=', ' = ', '=\t'),
        fc.constantFrom('1', '"x"', "'x y'", '', '"a\\nb" # c', '${tvault://A}'),
      )
      .map((parts) => parts.join('')),
  )
  const file = fc
    .tuple(fc.array(line, { maxLength: 8 }), fc.constantFrom('\n', '\r\n', '\n\r\n'), fc.boolean())
    .map(([lines, end, last]) => utf8(lines.join(end) + (last ? end : '')))
  const key = fc.oneof(anyKey, fc.constantFrom('A', 'B', 'C', 'D', 'E'))
  const edits = fc.dictionary(key, anyValue, { maxKeys: 4, noNullPrototype: true })
  const read = (bytes: Uint8Array): Record<string, number[]> =>
    Object.fromEntries(parseDotenv(bytes).entries.map((entry) => [entry.key, [...entry.value.reveal()]]))

  test('what is read afterwards is what was there with the changes, and the lines between are the same bytes', () => {
    let refused = 0
    fc.assert(
      fc.property(file, edits, (bytes, values) => {
        const expected = { ...read(bytes), ...Object.fromEntries(Object.entries(values).map(([k, v]) => [k, [...v]])) }
        let result: Uint8Array
        try {
          result = editDotenv(bytes, printables(values)).reveal()
        } catch (error) {
          expect(String(error)).toContain('the file cannot be changed')
          refused += 1
          return
        }
        expect(read(result)).toEqual(expected)
        const touched = parseDotenv(bytes).entries.filter((entry) => entry.key in values)
        let at = 0
        for (const { from, to } of touched.map((entry) => entry.at).sort((a, b) => a.from - b.from)) {
          expect(Buffer.from(result).includes(Buffer.from(bytes.subarray(at, from)))).toBe(true)
          at = to
        }
        if (touched.length === 0)
          expect(Buffer.from(result).subarray(0, bytes.length).equals(Buffer.from(bytes))).toBe(true)
      }),
      { numRuns: 4000 },
    )
    // Only where a broken quote stands in the way.
    expect(refused).toBeLessThan(120)
  })

  test('without changes nothing changes, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.oneof(file, fc.uint8Array({ maxLength: 80 })), (bytes) => {
        expect([...editDotenv(bytes, []).reveal()]).toEqual([...bytes])
      }),
      { numRuns: 2000 },
    )
  })
})
