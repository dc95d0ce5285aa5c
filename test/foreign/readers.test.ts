// The readers under the importers: names, JSON, CSV, ZIP, YAML names. What is malformed is refused with its place, and
// what would silently lose or mix up values is caught.
import { describe, expect, test } from 'bun:test'
import { collect, Collector, keyFrom } from '../../src/foreign/collect.ts'
import { parseCsv } from '../../src/foreign/csv.ts'
import { parseJson } from '../../src/foreign/json.ts'
import { repeatedName } from '../../src/foreign/yaml.ts'
import { readZip, zipNames } from '../../src/foreign/zip.ts'
import { utf8 } from '../../src/lib/bytes.ts'
import { Failure } from '../../src/lib/errors.ts'
import { isKey } from '../../src/lib/names.ts'
import { failureOf } from '../failure.ts'
import { shown, zip } from './samples.ts'

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)

describe('keys out of names', () => {
  test.each([
    [['GitHub', 'password'], 'GITHUB_PASSWORD'],
    [['  Ämter & Straße — Zürich ', 'Benutzer-Name'], 'AMTER_STRASSE_ZURICH_BENUTZER_NAME'],
    [['web/github.com', 'totp'], 'WEB_GITHUB_COM_TOTP'],
    [['1Password', 'pin'], '_1PASSWORD_PIN'],
    [['密码', 'password'], 'PASSWORD'],
    [['🔑'], 'UNNAMED'],
    [['', ''], 'UNNAMED'],
    [['__', 'a__b'], 'A_B'],
    [['ﬁle', '①'], 'FILE_1'],
    [['x\u0000\u001b[31m', 'y\n'], 'X_31M_Y'],
  ])('%p is %s', (parts, key) => expect(keyFrom(parts)).toBe(key))

  test('every name gives a key, however long it is', () => {
    for (const name of ['a'.repeat(5000), 'ß'.repeat(900), '\ud800', '9'.repeat(300)]) {
      expect(isKey(keyFrom([name, name]))).toBeTrue()
      expect(keyFrom([name]).length).toBeLessThanOrEqual(245)
    }
  })

  test('two things never share a key: the first keeps it, the others get a number, and it is told', () => {
    const collector = new Collector()
    for (const [name, value] of [
      ['a', '1'],
      ['A', '2'],
      ['a 2', '3'],
      ['a!', '4'],
    ] as const) {
      collector.take([name], utf8(value), name)
    }
    const foreign = collector.finish()
    expect(foreign.notes.map(({ kind, what, where }) => [kind, what, where])).toEqual([
      ['renamed', 'A_3', 'A'],
      ['renamed', 'A_4', 'a!'],
    ])
    expect(shown(foreign)).toEqual({ A: '1', A_3: '2', A_2: '3', A_4: '4' })
  })

  test('a name that is a key already stays as it is', () => {
    const collector = new Collector()
    collector.takeNamed('db_Url', utf8('1'), 'x')
    collector.takeNamed('db-url', utf8('2'), 'y')
    const foreign = collector.finish()
    expect(foreign.notes).toEqual([
      { kind: 'renamed', what: 'DB_URL', where: 'y', why: 'db-url cannot be the name of a secret' },
    ])
    expect(shown(foreign)).toEqual({ db_Url: '1', DB_URL: '2' })
  })

  test('what was taken is wiped when the rest fails', async () => {
    const value = utf8('secret')
    const work = collect((collector) => {
      collector.take(['a'], value, 'a')
      throw new Failure('failed', 'later')
    })
    expect((await failureOf(work)).message).toBe('later')
    expect([...value]).toEqual([0, 0, 0, 0, 0, 0])
  })
})

describe('JSON', () => {
  test('agrees with JSON.parse, and keeps digits', () => {
    const source =
      '\ufeff { "a\\u00e4\\n": ["x\\ud83d\\ude00y", "\\"\\\\\\/\\b\\f\\r\\t", 1.50, -0, 12345678901234567890, true, null, {}, []] } '
    const json = parseJson(utf8(source), 'f')
    const [[name, list]] = json.members(json.root) as [[string, never]]
    expect(name).toBe('aä\n')
    expect(json.items(list).map((node) => text(json.value(node)))).toEqual([
      'x😀y',
      '"\\/\b\f\r\t',
      '1.50',
      '-0',
      '12345678901234567890',
      'true',
      '',
      '{}',
      '[]',
    ])
    for (const [index, expected] of (Object.values(JSON.parse(source.slice(1)) as object)[0] as unknown[]).entries()) {
      if (typeof expected === 'string') expect(json.text(json.items(list)[index])).toBe(expected)
    }
  })

  test.each([
    ['', 'line 1, column 1: the file ends early'],
    ['{\n  "a": 1,\n}', 'line 3, column 1: a name in quotes is expected'],
    ['{"a": 1 "b": 2}', 'line 1, column 9: a comma or } is expected'],
    ['[1 2]', 'line 1, column 4: a comma or ] is expected'],
    ['[01]', 'line 1, column 3: a comma or ] is expected'],
    ['["a\nb"]', 'line 1, column 4: a control character stands in a text'],
    ['["\\x"]', 'an unknown escape'],
    ['["\\ud800"]', 'half a character is escaped'],
    ['["\\ud800\\u0041"]', 'half a character is escaped'],
    ['["\\udc00"]', 'half a character is escaped'],
    ['["open]', 'line 1, column 2: a text is not closed'],
    ['{"a":1,\n"\\u0061":2}', 'line 2, column 1: the name "a" stands twice'],
    ['[1] x', 'something stands behind the end'],
    ['['.repeat(200), 'nested deeper than 100 levels'],
    ['[NaN]', 'a value is expected'],
    [`[${'9'.repeat(100)}]`, 'a number is too long'],
  ])('%p is refused', async (source, message) => {
    const failure = await failureOf(Promise.resolve().then(() => parseJson(utf8(source), 'export.json')))
    expect(failure.kind).toBe('failed')
    expect(failure.message).toContain('export.json is not valid JSON')
    expect(failure.message).toContain(message)
  })

  test('what is no UTF-8 is refused', async () => {
    const failure = await failureOf(Promise.resolve().then(() => parseJson(Uint8Array.of(0x22, 0xff, 0x22), 'f')))
    expect(failure.message).toContain('not UTF-8')
  })
})

describe('CSV', () => {
  const rows = (source: string): string[][] => parseCsv(utf8(source), 'f').map(({ cells }) => cells.map(text))

  test('quotes, line ends in cells, empty cells and lines', () => {
    expect(rows('\ufeffa,b\r\n"x ""y""\nz",\n\n,"",c\n')).toEqual([
      ['a', 'b'],
      ['x "y"\nz', ''],
      ['', '', 'c'],
    ])
    expect(parseCsv(utf8('a\n"b\nc"\nd'), 'f').map(({ line }) => line)).toEqual([1, 2, 4])
  })

  test.each([
    ['a\nb,"open\n', 'line 2: a quote is not closed'],
    ['"a"b\n', 'line 1: text stands behind a closing quote'],
  ])('%p is refused', async (source, message) => {
    expect((await failureOf(Promise.resolve().then(() => rows(source)))).message).toContain(message)
  })
})

describe('ZIP', () => {
  const attempt = (bytes: Uint8Array, name = 'export.data') =>
    failureOf(Promise.resolve().then(() => readZip(bytes, name, 'x.1pux')))

  test('a file comes out as it went in; names mean nothing to the disk', () => {
    const bytes = zip({ 'export.data': '{"a":"ä"}', '../../etc/passwd': 'x' })
    expect(text(readZip(bytes, 'export.data', 'f'))).toBe('{"a":"ä"}')
    expect(zipNames(bytes, 'f')).toEqual(['export.data', '../../etc/passwd'])
  })

  test('a bomb is refused by what it promises, and by what it does', async () => {
    const zeros = new Uint8Array(8_000_000)
    expect((await attempt(zip({ 'export.data': zeros }))).message).toContain('would unpack to 8000000 bytes')
    const lying = zip({ 'export.data': zeros }, (entry) => entry.setUint32(24, 10, true))
    expect((await attempt(lying)).message).toContain('cannot be unpacked')
  })

  test.each([
    ['a wrong checksum', (entry: DataView) => entry.setUint32(16, 1, true), 'its checksum does not match'],
    ['encryption', (entry: DataView) => entry.setUint16(8, 1, true), 'is encrypted'],
    ['another method', (entry: DataView) => entry.setUint16(10, 93, true), 'method 93'],
    ['a head elsewhere', (entry: DataView) => entry.setUint32(42, 0xfffffff0, true), 'is not at offset'],
    ['more than there is', (entry: DataView) => entry.setUint32(20, 0x7fffffff, true), 'behind the end'],
  ])('%s is refused', async (_, tamper, message) => {
    expect((await attempt(zip({ 'export.data': 'content' }, tamper))).message).toContain(message)
  })

  test('a cut or missing archive is refused at every length', async () => {
    const bytes = zip({ 'export.data': 'some content that is packed' })
    for (let size = 0; size < bytes.length; size++) expect((await attempt(bytes.subarray(0, size))).kind).toBe('failed')
    expect((await attempt(bytes, 'other')).message).toContain('there is no other in it')
  })
})

describe('names that stand twice in YAML', () => {
  test.each([
    ['a: 1\nb: 2\na: 3\n', 'a', 3],
    ['a:\n    x: 1\n    "x": 2\n', 'x', 3],
    ["'it''s': 1\nb: |\n  b: 1\n  b: 2\nb: 2\n", 'b', 5],
    ['l:\n    - a: 1\n      b: 2\n      a: 3\n', 'a', 4],
    ['a: 1\r\na: 2\r\n', 'a', 2],
  ])('%p', (source, name, line) => expect(repeatedName(source)).toEqual({ name, line }))

  test.each([
    'a:\n    x: 1\nb:\n    x: 1\n',
    'l:\n    - a: 1\n    - a: 2\n    - b: 1\n      a: 2\n',
    'l:\n- a: 1\n- a: 2\n',
    'a: |\n    x: 1\n    x: 2\nb: >-\n    x: 1\n\n    x: 2\n',
    'a: 1\n---\na: 2\n',
    '# a: 1\na: 1\n',
    'url: http://x\nurl2: http://x\n',
  ])('%p has none', (source) => expect(repeatedName(source)).toBeUndefined())
})
