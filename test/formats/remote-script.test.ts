// The line is read by real shells, as login shell and as `sh`: every byte of every value and argument must arrive, and
// what stands behind the line must be left to the command.
import { afterAll, describe, expect, test } from 'bun:test'
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { REMOTE_READER, remoteScript } from '../../src/formats/remote-script.ts'
import { Failure } from '../../src/lib/errors.ts'
import { Secret } from '../../src/lib/secret.ts'

const root = mkdtempSync(join(tmpdir(), 'remote-script-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

const secret = (value: string | Uint8Array) => new Secret(typeof value === 'string' ? Buffer.from(value) : value)

/** Every byte a variable can hold, and what shells trip over. */
const EVERY_BYTE = Uint8Array.from({ length: 255 }, (_, index) => index + 1)
const VALUES: Record<string, string | Uint8Array> = {
  PLAIN: 'plain',
  EMPTY: '',
  QUOTES: `it's "quoted" \\ and \`ticks\``,
  EXPANDS: '$HOME $(touch PWNED) ${x} !history *',
  MULTI: '\nfirst\n\nlast\n\n',
  BYTES: EVERY_BYTE,
  PERCENT: '%s %d %% \\n -n',
  UNICODE: 'Grüße ☃ \u{1f600}',
  LONG: 'x'.repeat(100_000),
  LC_ALL: 'C',
  IFS: ' x',
}
const ARGUMENTS = ["it's", '$HOME', '', 'two\nlines\n', '-n', '*', 'ü', '\\', '$(touch PWNED)', '%s']

/** Lets `login` run the remote command with `shell` as sh, and returns what the command saw. */
async function remote(login: string, shell: string, input: string) {
  const bin = join(root, `bin-${shell}`)
  await mkdir(bin, { recursive: true })
  try {
    symlinkSync(Bun.which(shell) ?? shell, join(bin, 'sh'))
  } catch {
    // Made by an earlier case.
  }
  const command = [
    process.execPath,
    '-e',
    'process.stdout.write(JSON.stringify({ env: process.env, argv: process.argv.slice(1), input: await Bun.stdin.text(), bytes: (await Bun.file("/proc/self/environ").bytes()).toBase64() }))',
    'first',
    ...ARGUMENTS,
  ]
  const script = remoteScript(
    Object.entries(VALUES).map(([key, value]) => ({ key, value: secret(value) })),
    command,
  )
  const child = Bun.spawn([Bun.which(login) ?? login, '-c', REMOTE_READER], {
    cwd: root,
    env: { PATH: `${bin}:${process.env['PATH']}`, HOME: root, LANG: 'C.UTF-8' },
    stdin: new Blob([script.reveal().slice() as Uint8Array<ArrayBuffer>, input]),
    stdout: 'pipe',
    stderr: 'pipe',
  })
  const [out, complaints, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited])
  expect({ complaints, code }).toEqual({ complaints: '', code: 0 })
  return JSON.parse(out) as { argv: string[]; input: string; bytes: string; env: Record<string, string> }
}

const installed = ['dash', 'bash', 'zsh', 'fish', 'busybox'].filter((name) => Bun.which(name) !== null)
const missing = ['dash', 'bash', 'zsh', 'fish'].filter((name) => !installed.includes(name))
if (missing.length > 0) console.warn(`NOT RUN: no ${missing.join(', ')} on this machine`)

describe('W16: a remote command gets its words, its secrets and its input', () => {
  const pairs = [
    ...installed.filter((name) => name !== 'busybox').map((login) => [login, 'dash'] as const),
    ...installed.filter((name) => name !== 'fish').map((shell) => ['dash', shell] as const),
  ]
  test.each(pairs)('login shell %s, sh is %s', async (login, shell) => {
    const input = 'the user typed this\nand this'
    const seen = await remote(login, shell, input)
    expect(seen.argv).toEqual(['first', ...ARGUMENTS].slice(-ARGUMENTS.length - 1))
    expect(seen.input).toBe(input)
    const entries = Buffer.from(seen.bytes, 'base64').toString('latin1').split('\0')
    for (const [key, value] of Object.entries(VALUES)) {
      const found = entries.find((entry) => entry.startsWith(`${key}=`))
      expect([key, found]).toEqual([
        key,
        `${key}=${secret(value)
          .reveal()
          .reduce((all, b) => all + String.fromCharCode(b), '')}`,
      ])
    }
    expect(entries.filter((entry) => entry.startsWith('TVAULT_'))).toEqual([])
    expect(await Bun.file(join(root, 'PWNED')).exists()).toBe(false)
  })
})

test('the line is one line of printable ASCII', () => {
  const script = remoteScript([{ key: 'A', value: secret(EVERY_BYTE) }], ['x', '\n', 'ü'])
  const text = Buffer.from(script.reveal()).toString('latin1')
  expect(text).toMatch(/^[\x20-\x7e]*\n$/)
})

test('what the login shell is told is the same for every call and holds nothing that expands in it', () => {
  expect(REMOTE_READER).toBe(`exec sh -c 'IFS= read -r TVAULT_LINE && eval "$TVAULT_LINE"'`)
})

test('a NUL byte is refused by the name of its key', () => {
  const attempt = () => remoteScript([{ key: 'BAD', value: secret(Uint8Array.of(65, 0, 66)) }], ['true'])
  expect(attempt).toThrow(new Failure('failed', 'the value of BAD holds a NUL byte, which no environment variable can'))
})
