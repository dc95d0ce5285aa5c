// Trees of pass and gopass: with the real programs where they are installed (gpg, pass, age), and what stands inside the
// files. Links that lead out of the tree, FIFOs and too much of anything are not followed.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readForeign } from '../../src/context/foreign.ts'
import { gopass, pass } from '../../src/foreign/password-store.ts'
import { decryptWithGpg } from '../../src/guard/gpg.ts'
import { utf8 } from '../../src/lib/bytes.ts'
import { Failure } from '../../src/lib/errors.ts'
import { Secret } from '../../src/lib/secret.ts'
import { readTree } from '../../src/lib/tree.ts'
import { failureOf } from '../failure.ts'
import { ageKey, ageSeal, asking, read, shown } from './samples.ts'
import type { ForeignInput } from '../../src/foreign/importer.ts'

const root = mkdtempSync(join(tmpdir(), 'store-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

/** A tree whose files are "decrypted" by taking them as they are. */
function plainTree(files: Record<string, string | Uint8Array>): ForeignInput {
  const list = Object.entries(files).map(([name, content]) => ({
    name,
    bytes: typeof content === 'string' ? utf8(content) : content,
  }))
  return { path: 'store', bytes: new Uint8Array(0), files: list }
}
const asTheyAre = { gpg: async (message: Uint8Array) => message.slice() }

describe('what stands in a file', () => {
  test('password, fields, otpauth, notes', async () => {
    const input = plainTree({
      '.gpg-id': 'x',
      'web/github.com.gpg':
        'p w\nlogin: octo\nURL:   https://github.com  \notpauth://totp/x?secret=A\nhttps://not.a.field\nfree text: yes\n\nmore\n',
      'empty-line.gpg': '\nuser: me\n',
      'crlf.gpg': 'pw\r\nuser: me\r\n',
      'key.gpg': '-----BEGIN KEY-----\nabc: d\n-----END KEY-----\n',
      'binary.gpg': Uint8Array.of(0xff, 0x00, 0x0a, 0x41),
      'yaml.gpg': 'pw\n---\nport: 22\n',
      'mime.gpg': 'GOPASS-SECRET-1.0\nPassword: secret\nuser: me\n\nbody: text\n',
      'README.md': 'hello',
    })
    const { values, foreign } = await read(pass, input, asTheyAre)
    expect(values).toEqual({
      WEB_GITHUB_COM: 'p w',
      WEB_GITHUB_COM_LOGIN: 'octo',
      WEB_GITHUB_COM_URL: 'https://github.com',
      WEB_GITHUB_COM_TOTP: 'otpauth://totp/x?secret=A',
      WEB_GITHUB_COM_FREE_TEXT: 'yes',
      WEB_GITHUB_COM_NOTES: 'https://not.a.field\n\nmore',
      EMPTY_LINE_USER: 'me',
      CRLF: 'pw',
      CRLF_USER: 'me',
      KEY: '-----BEGIN KEY-----\nabc: d\n-----END KEY-----\n',
      BINARY: 'ff000a41',
      YAML: 'pw',
      YAML_PORT: '22',
      MIME: 'secret',
      MIME_USER: 'me',
      MIME_NOTES: 'body: text',
    })
    expect(foreign.notes).toEqual([
      { kind: 'ignored', what: 'the file', where: 'README.md', why: 'it is not encrypted' },
    ])
  })

  test('one file that cannot be opened is told; when none can, that is the failure', async () => {
    const files = { '.gpg-id': 'x', 'a.gpg': 'one', 'b.gpg': 'two' }
    const some = {
      gpg: async (message: Uint8Array, path: string) => {
        if (path === 'store/a.gpg') throw new Failure('failed', 'no key')
        return message.slice()
      },
    }
    const { values, foreign } = await read(pass, plainTree(files), some)
    expect(values).toEqual({ B: 'two' })
    expect(foreign.notes).toEqual([{ kind: 'skipped', what: 'the secret', where: 'a.gpg', why: 'no key' }])
    expect((await failureOf(pass.read(plainTree(files), asking({})))).message).toBe('there is no gpg')
    expect((await failureOf(pass.read(plainTree({ '.gpg-id': 'x' }), asking({})))).message).toContain('no .gpg or .age')
  })

  test('gopass with age', async () => {
    const { identity, recipient } = await ageKey()
    const input = plainTree({
      '.age-recipients': recipient,
      'db/prod.age': await ageSeal('pw\nuser: app\n', { recipient }),
      'bad.age': 'age-encryption.org/v1\nbroken',
    })
    expect(gopass.recognise(input)).toBeTrue()
    const { values, foreign } = await read(gopass, input, { keyFile: `${identity}\n` })
    expect(values).toEqual({ DB_PROD: 'pw', DB_PROD_USER: 'app' })
    expect(foreign.notes.map(({ where }) => where)).toEqual(['bad.age'])
  })
})

describe('trees on the disk', () => {
  const LIMITS = { maxFiles: 100, maxDepth: 4, maxBytes: 1000, maxTotalBytes: 5000 }
  const all = (): boolean => true

  test('links, FIFOs and hidden directories stay outside', () => {
    const store = join(root, 'links')
    mkdirSync(join(store, 'sub', '.git'), { recursive: true })
    writeFileSync(join(root, 'outside.gpg'), 'outside')
    writeFileSync(join(store, 'sub', 'in.gpg'), 'in')
    writeFileSync(join(store, 'sub', '.git', 'x.gpg'), 'no')
    symlinkSync(join(root, 'outside.gpg'), join(store, 'a.gpg'))
    symlinkSync('..', join(store, 'sub', 'up'))
    Bun.spawnSync(['mkfifo', join(store, 'fifo.gpg')])
    const { files, refused } = readTree(store, all, LIMITS)
    expect(files.map(({ name }) => name)).toEqual(['sub/in.gpg'])
    expect(refused).toEqual(['a.gpg', 'fifo.gpg', 'sub/up'])
  })

  test('limits, and roots that are no directory', async () => {
    const attempt = (path: string, limits = LIMITS) =>
      failureOf(Promise.resolve().then(() => readTree(path, all, limits)))
    const deep = join(root, 'deep')
    mkdirSync(join(deep, 'a/b/c/d/e/f'), { recursive: true })
    writeFileSync(join(deep, 'x.gpg'), 'x'.repeat(600))
    writeFileSync(join(deep, 'y.gpg'), 'x'.repeat(600))
    expect((await attempt(deep)).message).toContain('deeper than 4')
    rmSync(join(deep, 'a'), { recursive: true })
    expect((await attempt(deep, { ...LIMITS, maxFiles: 1 })).message).toContain('more than 1 files')
    expect((await attempt(deep, { ...LIMITS, maxBytes: 100 })).message).toContain('limit of 100 bytes')
    expect((await attempt(deep, { ...LIMITS, maxTotalBytes: 1000 })).message).toContain('limit of 1000 bytes')
    symlinkSync(deep, join(root, 'link'))
    const link = await attempt(join(root, 'link'))
    expect([link.message, link.hint]).toEqual([
      expect.stringContaining('symbolic link'),
      expect.stringContaining('realpath'),
    ])
    expect((await attempt(join(root, 'none'))).message).toContain('does not exist')
    expect((await attempt(join(deep, 'x.gpg'))).message).toContain('not a directory')
  })
})

const missing = ['gpg', 'pass', 'gpgconf'].filter((program) => Bun.which(program) === null)
if (missing.length > 0)
  console.warn(`NOT RUN: the real pass and gpg are not tested here, missing: ${missing.join(', ')}`)
if (Bun.which('age') === null) console.warn('NOT RUN: the real age is not tested here, because it is not installed')

describe.if(missing.length === 0)('the real pass and gpg', () => {
  // The socket of its agent has a path of 107 bytes at most.
  const home = mkdtempSync('/tmp/gpg-')
  const store = join(home, 'store')
  const environment = {
    PATH: process.env['PATH'],
    HOME: home,
    GNUPGHOME: home,
    PASSWORD_STORE_DIR: store,
    LC_ALL: 'C.UTF-8',
  }
  const run = (words: string[], input = ''): void => {
    const done = Bun.spawnSync(words, { env: environment as Record<string, string>, stdin: utf8(input) })
    if (done.exitCode !== 0) throw new Error(`${words.join(' ')}: ${done.stderr.toString()}`)
  }
  const around = {
    environment,
    stdin: () => new Uint8Array(0),
    passphrase: () => Promise.reject(new Error('asked')),
    progress: () => undefined,
  }

  beforeAll(() => {
    run([
      'gpg',
      '--batch',
      '--quiet',
      '--passphrase',
      '',
      '--quick-generate-key',
      'Sample <a@b.example>',
      'future-default',
      'default',
      'never',
    ])
    run(['pass', 'init', 'a@b.example'])
    run(['pass', 'insert', '-m', 'web/mail'], 'pä ss\nuser: me\n')
    run(['pass', 'insert', '-m', 'key'], '-----BEGIN X-----\nabc\n-----END X-----\n')
  }, 60_000)
  afterAll(() => {
    Bun.spawnSync(['gpgconf', '--kill', 'all'], { env: environment as Record<string, string> })
    rmSync(home, { recursive: true, force: true })
  })

  test('what pass stored comes over, found by itself', async () => {
    symlinkSync('/etc/passwd', join(store, 'web', 'evil.gpg'))
    const foreign = await readForeign(store, { format: 'auto' }, around)
    expect(foreign.format).toBe('pass')
    expect(shown(foreign)).toEqual({
      KEY: '-----BEGIN X-----\nabc\n-----END X-----\n',
      WEB_MAIL: 'pä ss',
      WEB_MAIL_USER: 'me',
    })
    expect(foreign.notes.map(({ where }) => where)).toEqual(['web/evil.gpg'])
  })

  test('a message for another key, no message, a damaged one, no gpg: told by name', async () => {
    const sealed = new Uint8Array(await Bun.file(join(store, 'key.gpg')).arrayBuffer())
    const empty = { ...environment, GNUPGHOME: mkdtempSync(join(home, 'other-')) }
    const attempt = (message: Uint8Array, env: Record<string, string | undefined> = environment) =>
      failureOf(decryptWithGpg(message, 'x.gpg', env))
    expect((await attempt(sealed, empty)).message).toBe('gpg has no secret key that opens x.gpg')
    Bun.spawnSync(['gpgconf', '--kill', 'all'], { env: empty as Record<string, string> })
    expect((await attempt(utf8('hello'))).message).toBe('x.gpg is not an OpenPGP message')
    const flipped = sealed.slice()
    flipped[flipped.length - 10]! ^= 1
    expect((await attempt(flipped)).message).toBe('gpg could not decrypt x.gpg')
    expect((await attempt(sealed, { ...environment, PATH: '/nowhere' })).message).toContain('no gpg on PATH')
  })
})

describe.if(Bun.which('age') !== null && Bun.which('age-keygen') !== null)('the real age', () => {
  test('a tree of files that age encrypted, with the identity file of age-keygen', async () => {
    const store = join(root, 'gopass')
    const keys = join(root, 'identity.txt')
    mkdirSync(store)
    const made = Bun.spawnSync(['age-keygen', '-o', keys])
    const recipient = /age1[0-9a-z]+/.exec(made.stderr.toString())?.[0] ?? ''
    writeFileSync(join(store, '.age-recipients'), recipient)
    Bun.spawnSync(['age', '-r', recipient, '-o', join(store, 'api.age')], { stdin: utf8('token\n') })
    const foreign = await readForeign(
      store,
      { format: 'auto', keyFile: keys },
      {
        environment: {},
        stdin: () => new Uint8Array(0),
        passphrase: async () => Secret.fromText(''),
        progress: () => undefined,
      },
    )
    expect([foreign.format, shown(foreign)]).toEqual(['gopass', { API: 'token' }])
  })
})
