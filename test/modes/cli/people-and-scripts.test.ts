// What people and scripts suffered from in TinyVault 0.23, by the number of the wart, through the whole program. One
// process runs all lines of a test (lines.ts); the passphrase comes from a file.
import { afterAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

// Each test starts a few processes; on a busy machine that takes its time.
setDefaultTimeout(60_000)

const root = mkdtempSync(join(tmpdir(), 'tvault-people-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))
writeFileSync(join(root, 'pass'), 'TVAULT_PASSPHRASE=only for these tests 7731\n', { mode: 0o600 })
writeFileSync(join(root, '.env'), 'FROM_FILE=1\n')

async function run(lines: readonly string[], env: Record<string, string> = {}, stdin: Blob | 'ignore' = 'ignore') {
  const child = Bun.spawn([process.execPath, join(import.meta.dir, 'lines.ts'), JSON.stringify(lines)], {
    cwd: root,
    env: { PATH: process.env['PATH'] ?? '', HOME: root, TVAULT_NO_AGENT: '1', ...env },
    stdin,
    stdout: 'pipe',
    stderr: 'pipe',
    // No terminal to ask on.
    detached: true,
  })
  const [out, err] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited])
  const [outs, errs] = [out.split('\0'), err.split('\0')]
  return lines.map((_, at) => ({ out: outs[2 * at] ?? '', err: errs[2 * at] ?? '', code: Number(outs[2 * at + 1]) }))
}

const KEY = { TVAULT_PASSPHRASE_FILE: join(root, 'pass') }
const made = await run(
  [
    'init --kdf-memory 19456 --kdf-passes 2 --kdf-lanes 1',
    'set A one',
    'set B two',
    'projects create web',
    'set DB_URL three -p web',
  ],
  KEY,
)
test('the vault of these tests', () => expect(made.map(({ code }) => code)).toEqual([0, 0, 0, 0, 0]))

test('W39: each kind of trouble has a code of its own', async () => {
  const expected: Record<string, number> = {
    'use nope': 4,
    'get NOPE': 4,
    'list -p nope': 4,
    'history NOPE': 4,
    'get A --version 9': 4,
    get: 2,
    nope: 2,
    'list --nope': 2,
    'get A --version x': 2,
    'env --only=': 2,
    // A no is not a success: what stands behind && must not run.
    'delete A': 130,
    'projects delete web': 130,
    'move A C': 130,
    'get A': 0,
  }
  const codes = async (lines: readonly string[], env?: Record<string, string>) =>
    (await run(lines, env)).map(({ code }, at) => [lines[at], code])
  expect(await codes(Object.keys(expected), KEY)).toEqual(Object.entries(expected))
  const locked = ['get A', 'unlock --check', 'key rotate', 'run -- true']
  expect(await codes(locked)).toEqual(locked.map((line) => [line, 3]))
  const elsewhere = ['get A', 'list', 'backup x.db', 'run -- true']
  const env = { ...KEY, TVAULT_DIR: join(root, 'none') }
  expect(await codes(elsewhere, env)).toEqual(elsewhere.map((line) => [line, 5]))
})

test('W41: a second source, a word too many and a flag without its partner are errors', async () => {
  const lines = [
    'set A v --stdin',
    'set A v --from-env .env',
    'set A --from-file x --stdin',
    'set A v --key B',
    'search foo',
    'list extra',
    'get A --from .env --version 1',
    'import .env --dir .',
  ]
  for (const [at, { code, err }] of (await run(lines, KEY)).entries())
    expect([lines[at], code, err]).toEqual([lines[at], 2, expect.stringMatching(/^Error: .*\n/)])
  expect((await run(['export -o -'], KEY))[0]).toMatchObject({ code: 0, out: expect.stringContaining('A=one') })
})

test('W45: an error is one short line, and what to type is a second', async () => {
  for (const { err } of await run(['get A', 'key rotate', 'list -p nope', 'nope', 'get'])) {
    const [error, hint, ...more] = err.trimEnd().split('\n')
    expect([error, hint, more]).toEqual([
      expect.stringMatching(/^Error: .{1,110}$/),
      expect.stringMatching(/^hint: /),
      [],
    ])
  }
})

test('W47: what is cut off is said, and times may be written as people do', async () => {
  const [cut, yesterday, date, age, like] = await run(
    [
      'search --limit 2',
      'search --since yesterday',
      'search --since 2020-01-01',
      'search --since 2h',
      'search --name-like db*',
    ],
    KEY,
  )
  expect(cut).toMatchObject({ code: 0, err: 'showing 2 of 3; --limit shows more\n' })
  for (const found of [yesterday, date, age]) expect(found?.out.split('\n')).toHaveLength(4)
  expect(like?.out).toStartWith('web/DB_URL\t')
})

test('W48: the passphrase command is split as a shell does, and may not take for ever', async () => {
  const words = `sh -c 'printf "only for these tests %s" "$0"' "7731"`
  expect((await run(['get A'], { TVAULT_PASSPHRASE_COMMAND: words }))[0]).toMatchObject({ out: 'one', code: 0 })
  const slow = { TVAULT_PASSPHRASE_COMMAND: 'sleep 60', TVAULT_PASSPHRASE_TIMEOUT: '1' }
  expect((await run(['get A'], slow))[0]).toMatchObject({ code: 1, err: expect.stringContaining('longer than 1 s') })
})

test('W50: names need no passphrase', async () => {
  const lines = [
    'list',
    'list --long',
    'projects list',
    'use web',
    'search',
    'history A -p default',
    'audit',
    'use default',
  ]
  expect((await run(lines)).map(({ code }) => code)).toEqual(lines.map(() => 0))
})

test('W40: a value from a pipe and a passphrase from elsewhere do not fight for standard input', async () => {
  const [stored, read] = await run(['set PIPED --stdin', 'get PIPED'], KEY, new Blob(['through the pipe\n']))
  expect([stored?.code, read?.out]).toEqual([0, 'through the pipe'])
})

describe('W54: names', () => {
  test('what is missing is said before anybody is asked', async () => {
    const [gone] = await run(['delete NOPE'], KEY, new Blob(['y\n']))
    expect([gone?.code, gone?.out.includes('Delete')]).toEqual([4, false])
  })

  test('a name that would move the cursor or forge a line is refused, and shown with its controls as escapes', async () => {
    const bad = ['\u001b[31mred', 'two\nlines', '\u202eesrever', 'tab\there']
    for (const { code, out, err } of await run(
      bad.map((name) => `projects create ${name}`),
      KEY,
    )) {
      expect([code, out, err]).toEqual([2, '', expect.stringMatching(/^Error: invalid project name: .*\\u\{/)])
      // oxlint-disable-next-line no-control-regex
      expect(err.replaceAll('\n', '')).not.toMatch(/[\u0000-\u001f\u202e]/)
    }
  })
})
