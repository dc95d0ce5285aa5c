// Every dialect, read by the program it is for. Where that program cannot be run here, a reader written from its
// documented rules stands in, and says so. A value must come back byte for byte, or be refused with the key's name.
import { describe, expect, test } from 'bun:test'
import { isUtf8 } from 'node:buffer'
import fc from 'fast-check'
import { DIALECTS, printDialect, type Dialect } from '../../src/formats/dialects.ts'
import { FORMATS } from '../../src/formats/print.ts'
import { Failure } from '../../src/lib/errors.ts'
import { utf8 } from '../../src/lib/bytes.ts'
import { anyValue, printables, shown } from './values.ts'
import * as readers from './readers.ts'
import { ENVIRONMENT_D, missing, type Read } from './readers.ts'

const VALUES = 3000
const BATCH = 150

const extra = [
  '',
  ' ',
  "'",
  '"',
  '`',
  '\\',
  "'x'",
  '"x"',
  "it's $5",
  "it's \\",
  'it\'s `id` "quoted" $(id) \\',
  'x\\',
  'x\\\\',
  "\\'",
  '\\"',
  '--x',
  '-n',
  ' lead',
  'trail ',
  'a\r',
  'a\r\nb',
  'a\nb\n',
  '\n',
  '\ufeffx',
  'end_0',
  '${tvault://A}',
  '%0A%25',
  'x # y',
  'x #y',
  '#x',
  'x=y',
  "\\n'`",
  'a\u0001b',
  'a\u007fb',
  '\ufffe',
  '\u{1ffff}',
  '\ufdd0',
  '\uf600\uf6ff',
  'x'.repeat(60_000),
].map(utf8)

/** Many values, the same ones on every run with the same seed. */
const sample = (seed: number): Uint8Array[] => [...extra, ...fc.sample(anyValue, { numRuns: VALUES, seed })]

function refusal(dialect: Dialect, value: Uint8Array | string): string | undefined {
  try {
    printDialect(printables({ KEY: value }), dialect).wipe()
    return undefined
  } catch (error) {
    if (error instanceof Failure && error.kind === 'failed') return error.message
    throw error
  }
}

/** Prints what the dialect takes of many values, lets `read` read it, and compares. Gives the share that was taken. */
async function roundTrip(
  dialect: Dialect,
  read: (content: Uint8Array, names: string[]) => Read | Promise<Read>,
  only: (value: Uint8Array) => boolean = () => true,
): Promise<number> {
  const values = sample(7).filter(only)
  const taken = values.filter((value) => refusal(dialect, value) === undefined)
  for (let from = 0; from < taken.length; from += BATCH) {
    const named = Object.fromEntries(taken.slice(from, from + BATCH).map((value, i) => [`K${i}`, value]))
    const printed = printDialect(printables(named), dialect).reveal()
    const back = await read(printed, Object.keys(named))
    for (const [name, value] of Object.entries(named)) {
      if (Buffer.compare(back.get(name) ?? utf8('(none)'), value) === 0) continue
      expect([JSON.stringify(Buffer.from(value).toString('latin1')), back.get(name)]).toEqual(['', value])
    }
  }
  return taken.length / values.length
}

describe('W15: each dialect is read back exactly', () => {
  for (const shell of ['dash', 'bash', 'zsh']) {
    test(`posix, by ${shell}`, async () => {
      if (missing(shell, 'dialect posix')) return
      expect(await roundTrip('posix', (content) => readers.byShell(shell, content))).toBeGreaterThan(0.6)
    })
  }

  test('fish, by fish', async () => {
    if (missing('fish', 'format fish')) return
    expect(await roundTrip('fish', readers.byFish)).toBeGreaterThan(0.6)
  })

  test('node, by node --env-file', async () => {
    if (missing('node', 'dialect node')) return
    expect(await roundTrip('node', (content, names) => readers.byNode(content, names))).toBeGreaterThan(0.2)
  })

  test('docker, by the rules of its documentation', async () => {
    const both = async (takesOff: boolean) => roundTrip('docker', (content) => readers.asDocker(content, takesOff))
    expect(await both(false)).toBeGreaterThan(0.2)
    expect(await both(true)).toBeGreaterThan(0.2)
  })
  test('docker, by the docker client', async () => {
    if (missing('docker', 'dialect docker')) return
    await roundTrip('docker', readers.byDocker)
  })

  test('compose, by the rules of its documentation (docker compose itself is not run)', async () => {
    expect(await roundTrip('compose', readers.asCompose)).toBeGreaterThan(0.3)
  })

  test('systemd, by the rules of systemd.exec(5)', async () => {
    expect(await roundTrip('systemd', readers.asSystemd)).toBeGreaterThan(0.2)
  })
  test('systemd, by its own reader (values that are not empty and have no $ are read alike)', async () => {
    if (missing(ENVIRONMENT_D, 'dialect systemd')) return
    await roundTrip('systemd', readers.bySystemd, (value) => !value.includes(0x24) && value.length > 0)
  })

  test('github-env, by the rules of the runner on Linux and on Windows', async () => {
    expect(await roundTrip('github-env', (content) => readers.asGithubEnv(content, false))).toBeGreaterThan(0.3)
    await roundTrip('github-env', (content) => readers.asGithubEnv(content, true))
  })

  test('github-mask hides every value whole', () => {
    const values = sample(8).filter((value) => refusal('github-mask', value) === undefined)
    const named = Object.fromEntries(values.map((value, i) => [`K${i}`, value]))
    const masks = readers.asGithubMasks(printDialect(printables(named), 'github-mask').reveal())
    expect(masks).toEqual(values.filter(({ length }) => length > 0).map((value) => Buffer.from(value).toString()))
  })
})

describe('what a reader cannot take is refused, with the name of the key and never the value', () => {
  const cases: [Dialect, string | Uint8Array, string][] = [
    ['posix', 'a\0b', 'a NUL byte'],
    ['fish', 'a\0b', 'a NUL byte'],
    ['docker', 'two\nlines', 'several lines'],
    ['docker', 'x\r', 'carriage return'],
    ['docker', "'x'", 'the same quote'],
    ['docker', 'x'.repeat(65_535), 'a line of over'],
    ['docker', new Uint8Array([0xff]), 'not UTF-8'],
    ['compose', new Uint8Array([0xff]), 'not UTF-8'],
    ['compose', '\0', 'a NUL byte'],
    ['node', 'a\rb', 'carriage return'],
    ['node', '\'`"\n', 'together'],
    ['node', "'`\\n", 'together'],
    ['systemd', 'a\u0001', 'control character'],
    ['systemd', '\ufdd0', 'Unicode'],
    ['systemd', '\u{10ffff}', 'Unicode'],
    ['github-env', 'x\r', 'carriage return'],
    ['github-mask', new Uint8Array([0xff]), 'not UTF-8'],
  ]
  test.each(cases)('%s: %p', (dialect, value, reason) => {
    const said = refusal(dialect, value)
    expect(said).toStartWith('the value of KEY ')
    expect(said).toContain(reason)
  })

  test('what they can take is not refused', () => {
    for (const dialect of Object.keys(DIALECTS) as Dialect[]) {
      expect([dialect, refusal(dialect, 'postgres://u:p@h/d?x=1&y="z" #1 $HOME')]).toEqual([dialect, undefined])
      if (dialect !== 'docker')
        expect([dialect, refusal(dialect, '-----BEGIN KEY-----\nMII=\n')]).toEqual([dialect, undefined])
    }
    expect(refusal('docker', 'x'.repeat(65_531))).toBeUndefined()
    expect(refusal('node', `a'b"c\`d`)).toBeUndefined()
  })

  test('names that a runner of GitHub keeps for itself', () => {
    for (const name of ['NODE_OPTIONS', 'GITHUB_TOKEN', 'RUNNER_TEMP']) {
      expect(() => printDialect(printables({ [name]: 'x' }), 'github-env')).toThrow(name)
    }
  })
})

describe('the lines', () => {
  const all = printables({ A: 'x', B: "it's", C: 'l1\nl2' })
  test('posix and compose run nothing when a shell sources them', () => {
    const entries = printables({ A: '$(exit 3)', B: 'a;id', C: '`id`' })
    expect(shown(printDialect(entries, 'posix'))).toBe("A='$(exit 3)'\nB='a;id'\nC='`id`'\n")
    expect(shown(printDialect(entries, 'compose'))).toBe("A='$(exit 3)'\nB='a;id'\nC='`id`'\n")
  })
  test('systemd, node, fish', () => {
    expect(shown(printDialect(all, 'systemd'))).toBe(`A=x\nB='it'"'"'s'\nC='l1\nl2'\n`)
    expect(shown(printDialect(all, 'node'))).toBe("A=x\nB=`it's`\nC='l1\nl2'\n")
    expect(shown(printDialect(all, 'fish'))).toBe("set -gx A 'x'\nset -gx B 'it\\'s'\nset -gx C 'l1\nl2'\n")
    const options = { exported: true, name: undefined, namespace: 'default', stack: undefined }
    expect(shown(FORMATS.fish(all))).toBe(shown(printDialect(all, 'fish')))
    expect(shown(FORMATS.dotenv(all, { ...options, dialect: 'node' }))).toBe(shown(printDialect(all, 'node')))
  })
  test('a value cannot end its own place in $GITHUB_ENV', () => {
    const text = shown(printDialect(printables({ A: 'x\nend_\nB=2' }), 'github-env'))
    expect(text).toMatch(/^A<<(end_[0-9a-f]{32})\nx\nend_\nB=2\n\1\n$/)
  })
  test('every value of the sample that is text is taken by posix, and UTF-8 is what most others ask for', () => {
    const text = sample(9).filter((value) => isUtf8(value) && !value.includes(0))
    expect(text.every((value) => refusal('posix', value) === undefined)).toBe(true)
    expect(text.every((value) => refusal('compose', value) === undefined)).toBe(true)
  })
})
