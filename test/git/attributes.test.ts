// Lines of .gitattributes, and real git as the judge of what they mean.
import { afterAll, describe, expect, test } from 'bun:test'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { utf8 } from '../../src/lib/bytes.ts'
import { Failure } from '../../src/lib/errors.ts'
import { addExceptions, addTracking, trackedPatterns } from '../../src/git/attributes.ts'

const LINE = 'filter=tvault diff=tvault merge=tvault -text'
const add = (file: string, ...patterns: string[]) => {
  const { file: after, ...rest } = addTracking(utf8(file), patterns)
  return { text: new TextDecoder().decode(after), ...rest }
}

describe('adding', () => {
  test('a line at the end, everything else untouched', () => {
    expect(add('# mine\r\n*.png binary', '.env')).toEqual({
      text: `# mine\r\n*.png binary\n.env ${LINE}\n`,
      added: ['.env'],
      completed: [],
    })
    expect(add('', 'a', 'b', 'a').text).toBe(`a ${LINE}\nb ${LINE}\n`)
  })

  test('a tracked pattern is left alone, whatever its line says besides', () => {
    for (const line of [`.env ${LINE}`, `".env" ${LINE}`, '  .env  filter=tvault diff merge=union text=auto'])
      expect(add(`${line}\n`, '.env')).toEqual({ text: `${line}\n`, added: [], completed: [] })
  })

  test('the line of TinyVault 0.23 gets what it lacks', () => {
    expect(add('a\n.env filter=tvault\nb', '.env')).toEqual({
      text: `a\n.env ${LINE}\nb`,
      added: [],
      completed: ['.env'],
    })
  })

  test('a line that says otherwise is answered by a later one', () => {
    expect(add('.env filter=lfs\n', '.env').text).toBe(`.env filter=lfs\n.env ${LINE}\n`)
    expect(add('.env filter=tvault -filter\n', '.env').added).toEqual(['.env'])
  })

  test.each(['', '!x', '[attr]x', 'folder/', 'a\0b'])('%p is refused', (pattern) => {
    expect(() => add('', pattern)).toThrow(Failure)
  })
})

test('tracked patterns are read as git reads them', () => {
  const file = [
    '# .no filter=tvault',
    '.env filter=tvault',
    '"a b" filter=tvault',
    '"\\303\\274\\t\\"x" filter=tvault',
    'other filter=lfs',
    'off filter=tvault !filter',
    '\t.tab\tfilter=tvault',
    '.env filter=tvault',
  ]
  expect(trackedPatterns(utf8(`${file.join('\n')}\n`))).toEqual(['.env', 'a b', 'ü\t"x', '.tab'])
})

describe('real git', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tvault-attributes-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  const git = (words: string[], stdin?: string): string => {
    const env = { PATH: process.env['PATH'] ?? '', HOME: folder }
    const input = stdin === undefined ? 'ignore' : Buffer.from(stdin)
    const done = Bun.spawnSync(['git', ...words], { cwd: folder, env, stdin: input })
    if (done.exitCode !== 0) throw new Error(done.stderr.toString())
    return done.stdout.toString()
  }
  git(['init', '--quiet'])

  /** Paths that git says are filtered by tvault, out of `paths`. */
  const filtered = (file: Uint8Array, paths: string[]): string[] => {
    writeFileSync(join(folder, '.gitattributes'), file)
    const said = git(['check-attr', '-z', '--stdin', 'filter'], paths.map((path) => `${path}\0`).join('')).split('\0')
    return paths.filter((_, at) => said[at * 3 + 2] === 'tvault')
  }

  test('names with blanks, quotes, line ends, leading dashes and other letters', () => {
    const names = ['.env', 'a b', '-x', '#x', '"q"', 'tab\there', 'line\nend', 'ü', 'back\\\\slash', "it's"]
    const files = names.map((name) => name.replaceAll('\\\\', '\\'))
    const { file } = addTracking(new Uint8Array(0), names)
    expect(filtered(file, [...files, 'b', 'x', 'q'])).toEqual(files)
    expect(trackedPatterns(file)).toEqual(names)
  })

  test('any name of letters that mean nothing else is tracked, and nothing but it', () => {
    const name = fc
      .string({ minLength: 1, maxLength: 8, unit: fc.constantFrom(...'ab ."#\'\t\n\rü=-!$`'.split('')) })
      .filter((text) => !text.startsWith('!') && text.replaceAll('.', '') !== '')
    fc.assert(
      fc.property(fc.array(name, { minLength: 1, maxLength: 12 }), (names) => {
        const distinct = [...new Set(names)]
        expect(filtered(addTracking(utf8('# head\n'), distinct).file, [...distinct, 'zz'])).toEqual(distinct)
      }),
      { numRuns: 40 },
    )
  })

  test('exceptions win over a pattern for everything', () => {
    const { file } = addTracking(new Uint8Array(0), ['*'])
    const own = ['.gitattributes', '.tvault-recipients']
    expect(filtered(file, [...own, 'x'])).toEqual([...own, 'x'])
    expect(filtered(addExceptions(file, own), [...own, 'x'])).toEqual(['x'])
  })
})
