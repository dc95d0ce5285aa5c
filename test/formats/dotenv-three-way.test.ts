// The merge of dotenv files by key: who wins, what stays of the layout, and that no value of theirs is ever written for
// a key that both changed.
import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { text, utf8 } from '../../src/lib/bytes.ts'
import { Secret } from '../../src/lib/secret.ts'
import { parseDotenv } from '../../src/formats/dotenv.ts'
import { CONFLICT_MARK, mergeThreeWay, unresolvedKeys } from '../../src/formats/dotenv-three-way.ts'

function merge(base: string, ours: string, theirs: string): { text: string; conflicts: string[] } | undefined {
  const merged = mergeThreeWay(
    ...([base, ours, theirs].map((version) => Secret.fromText(version)) as [Secret, Secret, Secret]),
  )
  return merged && { text: text(merged.merged.reveal())!, conflicts: merged.conflicts }
}

const valuesOf = (text: string): Map<string, string> =>
  new Map(parseDotenv(utf8(text)).entries.map(({ key, value }) => [key, new TextDecoder().decode(value.reveal())]))

const BASE = '# head\nA=1\n\nexport B = two   # note\nC="3"\n'

describe('one side changed a key', () => {
  const cases: [string, string, string, string][] = [
    ['their value in our layout', BASE, BASE.replace('A=1', 'A=9'), BASE.replace('two', 'zwei')],
    ['our value stays', BASE, BASE.replace('two', 'zwei'), BASE.replace('A=1', 'A=9')],
    ['both the same', BASE, BASE.replace('A=1', 'A=5'), BASE.replace('A=1', "A='5'")],
    ['they removed one', BASE, BASE.replace('two', 'x'), BASE.replace('A=1\n', '')],
    ['we removed one', BASE, BASE.replace('A=1\n', ''), BASE.replace('two', 'x')],
    ['they added one', BASE, BASE.replace('A=1', 'A=5'), `${BASE}D=4\n`],
    ['both added, different keys', BASE, `${BASE}X=1\n`, `${BASE}Y=2\n`],
    ['no common file', '', 'A=1\n', 'B=2\n'],
  ]
  const wanted = [
    '# head\nA=9\n\nexport B = zwei   # note\nC="3"\n',
    '# head\nA=9\n\nexport B = zwei   # note\nC="3"\n',
    '# head\nA=5\n\nexport B = two   # note\nC="3"\n',
    '# head\n\nexport B = x   # note\nC="3"\n',
    '# head\n\nexport B = x   # note\nC="3"\n',
    '# head\nA=5\n\nexport B = two   # note\nC="3"\nD=4\n',
    `${BASE}X=1\nY=2\n`,
    'A=1\nB=2\n',
  ]
  test.each(cases.map((one, at) => [...one, wanted[at]!] as const))('%s', (_, base, ours, theirs, text) => {
    expect(merge(base, ours, theirs)).toEqual({ text, conflicts: [] })
  })

  test('several lines for one key, values over several lines, a last line without its end', () => {
    expect(merge('A=1\nA=2\nB=x', 'A=1\nA=2\nB=y', 'B=x')?.text).toBe('B=y')
    expect(merge('K="a\nA=no\nb"\nA=1\n', 'K="a\nA=no\nb"\nA=1\nZ=1\n', 'K="a\nA=no\nb"\n')?.text).toBe(
      'K="a\nA=no\nb"\nZ=1\n',
    )
    expect(merge('A=1', 'A=1\nB=2', 'A=1\nC=3')?.text).toBe('A=1\nB=2\nC=3\n')
  })

  test('Windows line ends stay', () => {
    expect(merge('A=1\r\nB=2\r\n', 'A=1\r\nB=3\r\n', '# why\r\nA=4\r\nB=2\r\nC=5\r\n')?.text).toBe(
      '# why\r\nA=4\r\nB=3\r\nC=5\r\n',
    )
  })

  test('a byte order mark stays in front', () => {
    expect(merge('\ufeffA=1\nB=1\n', '\ufeffA=1\nB=2\n', '\ufeffA=2\nB=1\n')?.text).toBe('\ufeffA=2\nB=2\n')
    expect(merge('\ufeffA=1\n', '\ufeffA=2\n', '\ufeffA=3\n')?.text).toStartWith(`\ufeff${CONFLICT_MARK}A`)
  })
})

describe('comments', () => {
  test('new ones of theirs come along, above the same key or at the end', () => {
    const theirs = '# head\n# about A\nA=1\nB=2\n# about N\nN=1\n# the end\n'
    expect(merge('# head\nA=1\nB=2\n', '# head\nB=9\nA=1\n', theirs)?.text).toBe(
      '# head\nB=9\n# about A\nA=1\n# about N\nN=1\n# the end\n',
    )
  })
})

describe('both sides changed a key', () => {
  test('ours stays, a comment names the key, and their value is nowhere', () => {
    const merged = merge(BASE, BASE.replace('A=1', 'A=ours-1'), BASE.replace('A=1', 'A=theirs-2').replace('two', 'x'))
    expect(merged?.conflicts).toEqual(['A'])
    expect(merged?.text).toBe(
      `# head\n${CONFLICT_MARK}A was changed on both sides, this is ours\nA=ours-1\n\nexport B = x   # note\nC="3"\n`,
    )
    expect(unresolvedKeys(utf8(merged!.text))).toEqual(['A'])
    expect(unresolvedKeys(utf8(BASE))).toEqual([])
  })

  test('removed on one side', () => {
    expect(merge('A=1\n', '', 'A=2\n')).toEqual({
      text: `${CONFLICT_MARK}A was removed here and changed there\n`,
      conflicts: ['A'],
    })
    expect(merge('A=1\nB=1\n', 'A=2\nB=1\n', 'B=1\n')).toEqual({
      text: `${CONFLICT_MARK}A was changed here and removed there\nA=2\nB=1\n`,
      conflicts: ['A'],
    })
    expect(merge('', 'A=1\n', 'A=2\n')?.text).toContain('A was added on both sides')
  })
})

test('what is no dotenv is merged only when one side changed it', () => {
  expect(merge('{"a":1}', '{"a":1}', '{"a":2}')).toEqual({ text: '{"a":2}', conflicts: [] })
  expect(merge('{"a":1}', '{"a":3}', '{"a":1}')).toEqual({ text: '{"a":3}', conflicts: [] })
  expect(merge('{"a":1}', '{"a":3}', '{"a":2}')).toBeUndefined()
  expect(merge('A=1\n', 'A=1\n<<<<<<< x\n', 'A=2\n')).toBeUndefined()
  expect(merge('A=1\n', 'A=2\n', 'A=1\nB="open\n')).toBeUndefined()
})

describe('laws', () => {
  const key = fc.constantFrom('A', 'B', 'C', 'D')
  const value = fc.string({ maxLength: 6, unit: fc.constantFrom(...'ab \'"\\$`#=\n\r\t€'.split('')) })
  const quoted = (text: string): string =>
    `"${text
      .replace(/["\\$`]/g, '\\$&')
      .replaceAll('\n', '\\n')
      .replaceAll('\r', '\\r')}"`
  const line = fc.oneof(
    { weight: 5, arbitrary: fc.tuple(key, value).map(([name, text]) => `${name}=${quoted(text)}`) },
    { weight: 1, arbitrary: fc.constantFrom('', '# c1', '# c2', '  # c3', 'export E=5 # e') },
  )
  const file = fc.array(line, { maxLength: 6 }).map((lines) => lines.map((one) => `${one}\n`).join(''))

  test('each key is decided by the rule of three, conflicts keep ours, and nothing else changes', () => {
    fc.assert(
      fc.property(file, file, file, (base, ours, theirs) => {
        const merged = merge(base, ours, theirs)
        expect(merged).toBeDefined()
        const [o, a, b, m] = [base, ours, theirs, merged!.text].map(valuesOf) as [
          Map<string, string>,
          Map<string, string>,
          Map<string, string>,
          Map<string, string>,
        ]
        const conflicts: string[] = []
        for (const name of new Set([...o.keys(), ...a.keys(), ...b.keys(), ...m.keys()])) {
          const [x, y, z] = [o.get(name), a.get(name), b.get(name)]
          const clash = y !== z && x !== y && x !== z
          if (clash) conflicts.push(name)
          expect(m.get(name)).toBe(x === y ? z : y)
        }
        expect(merged!.conflicts).toEqual(conflicts.sort())
      }),
      { numRuns: 800 },
    )
  })

  test('merging a file with itself or with its ancestor changes nothing', () => {
    fc.assert(
      fc.property(file, file, (base, ours) => {
        expect(merge(base, ours, ours)).toEqual({ text: ours, conflicts: [] })
        expect(merge(base, ours, base)).toEqual({ text: ours, conflicts: [] })
        expect(merge(base, base, ours)).toEqual({ text: ours, conflicts: [] })
      }),
      { numRuns: 200 },
    )
  })
})
