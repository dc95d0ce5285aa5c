import { describe, expect, test } from 'bun:test'
import { utf8 } from '../../src/lib/bytes.ts'
import { parseDotenv } from '../../src/formats/dotenv.ts'
import { dotenvChain, isDotenvName } from '../../src/formats/dotenv-files.ts'

function values(file: string | Uint8Array): Record<string, string> {
  const { entries } = parseDotenv(typeof file === 'string' ? utf8(file) : file)
  return Object.fromEntries(entries.map(({ key, value }) => [key, new TextDecoder().decode(value.reveal())]))
}

function notes(file: string): string[] {
  return parseDotenv(utf8(file)).notes.map(
    (note) => `${note.line}${note.key === undefined ? '' : ` ${note.key}`} ${note.message}`,
  )
}

describe('W32: lines', () => {
  const accepted: [string, string, Record<string, string>][] = [
    ['bare', 'A=1\nB=two', { A: '1', B: 'two' }],
    ['blanks around', '  A  =  x y  \n', { A: 'x y' }],
    ['comments and empty lines', '# c\n\n   \n#A=1\nB=2\n', { B: '2' }],
    ['export and a space', 'export A=1\n', { A: '1' }],
    ['export and a tab', 'export\tA=1\n', { A: '1' }],
    ['a key that starts like export', 'exported=1\nexport=2\n', { exported: '1', export: '2' }],
    ['a comment after a bare value', 'A=1 # c\nB=1#2\nC=#x\nD=a\t#c\n', { A: '1', B: '1#2', C: '', D: 'a' }],
    ['empty', 'A=\nB=""\nC=\'\'\n', { A: '', B: '', C: '' }],
    ['equals in the value', 'A=b=c==\n', { A: 'b=c==' }],
    ['single quotes are literal', "A='a\\n$X #'\n", { A: 'a\\n$X #' }],
    ['escapes in double quotes', 'A="a\\nb\\r\\t\\"\\\\\\x\\$\\`"\n', { A: 'a\nb\r\t"\\\\x$`' }],
    ['a comment after quotes', 'A="x" # c\nB=\'y\'#c\n', { A: 'x', B: 'y' }],
    [
      'nothing is expanded',
      'A=$HOME\nB="${HOME}"\nC=`id`\nD=$(id)\n',
      { A: '$HOME', B: '${HOME}', C: '`id`', D: '$(id)' },
    ],
    ['Windows line ends', 'A=1\r\nB="2"\r\nC=\'3\' # c\r\n', { A: '1', B: '2', C: '3' }],
    ['last duplicate wins', 'A=1\nB=0\nA=2\n', { A: '2', B: '0' }],
    ['a byte order mark', '\ufeffA=1\n', { A: '1' }],
    ['several lines in double quotes', 'A="one\ntwo\\tx\n"\nB=2\n', { A: 'one\ntwo\tx\n', B: '2' }],
    ['several lines in single quotes', 'A=\'one\n"two"\n\' # c\nB=2\n', { A: 'one\n"two"\n', B: '2' }],
    ['several lines, Windows', 'A="one\r\ntwo"\r\nB=2\r\n', { A: 'one\ntwo', B: '2' }],
    ['several lines, Windows, at the end of the file', 'A="one\r\ntwo"', { A: 'one\ntwo' }],
    ['unicode blanks are trimmed as the peer does', 'A=\u00a0x\u2003\n\u3000B\u1680=\u0085y\n', { A: 'x', B: 'y' }],
  ]
  test.each(accepted)('%s', (_, file, expected) => {
    expect(values(file)).toEqual(expected)
  })

  test('bytes that are not text stay as they are', () => {
    const [entry] = parseDotenv(new Uint8Array([0x41, 0x3d, 0x61, 0x00, 0xff, 0xfe, 0x0a])).entries
    expect([...entry!.value.reveal()]).toEqual([0x61, 0x00, 0xff, 0xfe])
  })

  test('exactly the white space of Unicode is trimmed', () => {
    for (let point = 0; point <= 0x3100; point++) {
      if (point === 0x0a || (point >= 0xd800 && point < 0xe000)) continue
      const c = String.fromCodePoint(point)
      // ECMAScript counts U+FEFF as white space and U+0085 not; Unicode has it the other way round.
      const blank = c === '\u0085' || (c !== '\ufeff' && /^\s$/u.test(c))
      if (c === '"' || c === "'" || c === '#') continue
      expect([point, values(`A=${c}x${c}\n`)['A'] === 'x']).toEqual([point, blank])
    }
  })

  test('a key has 255 characters at most', () => {
    expect(Object.keys(values(`${'A'.repeat(255)}=1\n${'A'.repeat(256)}=2\n`))).toEqual(['A'.repeat(255)])
  })

  test('a lone continuation byte is no blank', () => {
    const [entry] = parseDotenv(new Uint8Array([0x41, 0x3d, 0x85, 0x61, 0xa0, 0x0a])).entries
    expect([...entry!.value.reveal()]).toEqual([0x85, 0x61, 0xa0])
  })

  test('the place of the value is known', () => {
    const file = utf8('# c\nexport A = "x\ny" # c\nB=z  # c\n')
    const { entries } = parseDotenv(file)
    const texts = entries.map(({ at, line }) => [line, new TextDecoder().decode(file.slice(at.from, at.to))])
    expect(texts).toEqual([
      [2, '"x\ny"'],
      [4, 'z'],
    ])
  })
})

describe('notes', () => {
  const told: [string, string, string[]][] = [
    [
      'no assignment',
      'foo\n=1\nA=1\n',
      [
        '1 skipped unsupported line without KEY=VALUE assignment',
        '2 skipped unsupported line without KEY=VALUE assignment',
      ],
    ],
    ['text after quotes', 'A="x" y\n', ['1 A skipped value with text after its closing quote']],
    ['no closing quote', 'A="x\nB=1\n', ['1 A skipped unterminated quoted value']],
    ['a quote that closes by accident', 'A="x\nB="1"\nC=2\n', ['1 A skipped unterminated quoted value']],
    [
      'duplicates',
      'A=1\nA="2\n3"\nA=4\n',
      ['2 A key redefined in file; last value wins', '4 A key redefined in file; last value wins'],
    ],
  ]
  test.each(told)('%s', (_, file, expected) => {
    expect(notes(file)).toEqual(expected)
  })

  test('lines after a broken quote are still read', () => {
    expect(values('A="x\nB="1"\nC=2\n')).toEqual({ B: '1', C: '2' })
  })

  test('the text of a bad name is not shown, because it may be a piece of a value', () => {
    const told = parseDotenv(utf8('K=-----BEGIN-----\nMIIEvQIBADAN+Bg==\n'))
    expect(told.notes).toEqual([
      { line: 2, kind: 'skipped', message: 'skipped line whose name is not a valid secret key' },
    ])
    expect(parseDotenv(utf8(`${'A'.repeat(256)}=1\n`)).entries).toEqual([])
  })

  test('a megabyte of opening quotes takes linear time', () => {
    const file = utf8(`${`A='x\nB="y\n`.repeat(100_000)}`)
    const before = performance.now()
    parseDotenv(file)
    expect(performance.now() - before).toBeLessThan(4000)
  })
})

describe('file names', () => {
  test.each(['.env', '.env.local', '.env.prod', '.env.prod.local', '.env.Example', '.env.a b', '.env.local.local'])(
    '%s is one',
    (name) => {
      expect(isDotenvName(name)).toBe(true)
    },
  )
  test.each([
    '.envrc',
    'prod.env',
    '.env.a.b',
    '.env.',
    '.env..local',
    '.env.example',
    '.env.sample.local',
    '.env.template',
    '.env.dist',
    'env',
    '',
    '.env.a/b',
  ])('%s is none', (name) => {
    expect(isDotenvName(name)).toBe(false)
  })
  test('the order of reading', () => {
    expect(dotenvChain()).toEqual(['.env', '.env.local'])
    expect(dotenvChain('prod')).toEqual(['.env', '.env.prod', '.env.local', '.env.prod.local'])
  })
})
