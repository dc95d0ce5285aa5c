// `self-update` on the compiled program, with releases made here: what is right takes its place in one step, and
// everything else leaves the program as it was and says why. The new program is a script that says its version.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test'
import {
  chmodSync,
  copyFileSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { SigningKey } from '../src/crypto/minisign.ts'
import { flip, otherHash, program, PUBLIC_KEY, publish } from './small-release.ts'
import type { Wish } from './small-release.ts'

const built = resolve(process.env['TVAULT_BIN'] ?? join(import.meta.dir, '..', 'dist', 'tvault'))
const folder = mkdtempSync(join(tmpdir(), 'tvault-update-'))
const bin = join(folder, 'bin')
const installed = join(bin, 'tvault')
const release = join(folder, 'release')

/** The server must be able to answer meanwhile. */
async function update(...words: string[]) {
  const given = words.includes('--key') ? [] : ['--key', PUBLIC_KEY]
  const child = Bun.spawn([installed, 'self-update', ...given, ...words], {
    env: { PATH: '/usr/bin:/bin', HOME: folder },
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
  })
  const [out, err, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited])
  return { code, out, err }
}

const says = (): string => Bun.spawnSync([installed, '--version']).stdout.toString()

/** Whether it is the very file that was there, not one like it. */
const isUntouched = (): boolean => statSync(installed).ino === statSync(join(folder, 'original')).ino

beforeAll(() => {
  mkdirSync(bin)
  copyFileSync(built, join(folder, 'original'))
})
beforeEach(() => {
  chmodSync(bin, 0o755)
  rmSync(installed, { force: true })
  linkSync(join(folder, 'original'), installed)
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('a newer one takes the place; --check only says so', async () => {
  publish(release, { version: '99.0.0' })
  const looked = await update('--from', release, '--check', '--json')
  expect(JSON.parse(looked.out)).toMatchObject({ latest: '99.0.0', update_available: true, updated: false })
  expect(isUntouched()).toBeTrue()
  expect(await update('--from', release)).toMatchObject({
    code: 0,
    out: expect.stringContaining('tvault 99.0.0 is in'),
  })
  expect(says()).toBe('tvault 99.0.0 (commit test, test)\n')
  expect(readdirSync(bin)).toEqual(['tvault'])
  expect(statSync(installed).mode & 0o777).toBe(0o755)
})

test('the manual page that is there goes with it, and none is put where there was none', async () => {
  const page = join(folder, 'share/man/man1/tvault.1')
  mkdirSync(dirname(page), { recursive: true })
  writeFileSync(page, 'old')
  const more = { 'share/man/man1/tvault.1': 'new', 'share/fish/vendor_completions.d/tvault.fish': 'new', other: 'new' }
  publish(release, { version: '99.0.0', more })
  expect((await update('--from', release)).code).toBe(0)
  expect(readFileSync(page, 'utf8')).toBe('new')
  expect([readdirSync(join(folder, 'share')), readdirSync(folder).includes('other')]).toEqual([['man'], false])
})

describe('leaves the program as it was', () => {
  const other = SigningKey.generate()
  // Prints the right version once, under its first name, and fails in its place: the way back is taken.
  const twoFaced = program('99.0.0', 'case "$0" in */.tvault-fresh-*) ;; *) exit 1 ;; esac\n')

  const cases: [string, Partial<Wish>, number, RegExp][] = [
    ['a flipped byte in the archive', { spoil: { archive: flip } }, 9, /SHA-256 differs/],
    ['an archive that is cut off', { spoil: { archive: (bytes) => bytes.subarray(0, 50) } }, 9, /SHA-256 differs/],
    ['a changed hash', { spoil: { sums: otherHash } }, 9, /signature is wrong/],
    ['another key', { key: other }, 9, /by another key/],
    ['an older version', { version: '0.0.1' }, 1, /0\.0\.1 is older than/],
    ['a release for other platforms', { platform: 'linux-other' }, 1, /has 0 archives for/],
    ['a program that does not start', { text: 'no program' }, 1, /does not run on this machine/],
    ['one that says another version', { text: program('98.0.0') }, 1, /does not run on this machine/],
    ['one that fails in its place', { text: twoFaced }, 1, /does not run on this machine/],
  ]
  test.each(cases)('%s', async (_name, wish, code, reason) => {
    publish(release, { version: '99.0.0', ...wish })
    const done = await update('--from', release)
    expect([done.code, done.err]).toEqual([code, expect.stringMatching(reason)])
    expect(readdirSync(bin)).toEqual(['tvault'])
    expect(isUntouched()).toBeTrue()
  })

  test('a folder that cannot be written', async () => {
    publish(release, { version: '99.0.0' })
    chmodSync(folder, 0o755)
    chmodSync(bin, 0o555)
    const user = process.getuid?.() === 0 ? ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'] : []
    const words = ['self-update', '--key', PUBLIC_KEY, '--from', release]
    const done = Bun.spawnSync([...user, installed, ...words], { env: { PATH: '/usr/bin:/bin', HOME: folder } })
    expect([done.exitCode, done.stderr.toString()]).toEqual([1, expect.stringContaining('permission denied')])
    expect(isUntouched()).toBeTrue()
  })

  test('no key and no place are said', async () => {
    publish(release, { version: '99.0.0' })
    expect(await update('--key', '', '--from', release)).toMatchObject({
      code: 1,
      err: expect.stringContaining('know the key'),
    })
    expect(await update()).toMatchObject({ code: 1, err: expect.stringContaining('does not know where') })
    for (const from of ['http://example.org/', 'ftp://x', 'release', 'https://x/?a=b'])
      expect([from, await update('--from', from)]).toMatchObject([from, { code: 2 }])
    expect((await update('--from', release, '--version', 'latest')).code).toBe(2)
  })
})

test('--force takes an older one', async () => {
  publish(release, { version: '0.0.1' })
  expect((await update('--from', release, '--force')).code).toBe(0)
  expect(says()).toStartWith('tvault 0.0.1 ')
})

describe('over a connection', () => {
  const serve = (fetch: (path: string) => Response | undefined) =>
    Bun.serve({
      hostname: '127.0.0.1',
      port: 0,
      fetch: (request) => {
        const { pathname } = new URL(request.url)
        return fetch(pathname) ?? new Response(Bun.file(join(release, pathname)))
      },
    })

  test('from a server, also from where it leads to, and one version out of many', async () => {
    publish(release, { version: '99.0.0' })
    const server = serve((path) => {
      if (path.startsWith('/old/')) return Response.redirect(path.replace('/old/', '/new/'))
      if (path.startsWith('/new/')) return new Response(Bun.file(join(release, path.slice(5))))
      if (path.startsWith('/v99.0.0/')) return new Response(Bun.file(join(release, path.slice(9))))
      return undefined
    })
    try {
      const from = `http://127.0.0.1:${server.port}`
      expect(await update('--from', `${from}/old`, '--check')).toMatchObject({
        code: 0,
        out: expect.stringContaining('99'),
      })
      expect(await update('--from', from, '--version', 'v99.0.0')).toMatchObject({ code: 0, err: '' })
      expect(says()).toStartWith('tvault 99.0.0 ')
    } finally {
      await server.stop(true)
    }
  })

  test('a connection that breaks, a place that has nothing, and one that sends away to http', async () => {
    publish(release, { version: '99.0.0' })
    const server = serve((path) => {
      if (path.startsWith('/none/')) return new Response('', { status: 404 })
      if (path.startsWith('/away/')) return Response.redirect(`http://example.org${path}`)
      return undefined
    })
    // Announces more than it gives, and hangs up.
    const cut = Bun.listen({
      hostname: '127.0.0.1',
      port: 0,
      socket: {
        data(socket, request) {
          const name = /^GET \/(\S+)/.exec(request.toString())?.[1] ?? ''
          const bytes = readFileSync(join(release, name))
          const sent = name.endsWith('.tar.gz') ? bytes.subarray(0, 40) : bytes
          socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${bytes.length}\r\nconnection: close\r\n\r\n`)
          socket.write(sent)
          socket.end()
        },
      },
    })
    try {
      const from = `http://127.0.0.1:${server.port}`
      const broken = await update('--from', `http://127.0.0.1:${cut.port}`)
      expect(broken).toMatchObject({ code: 1, err: expect.stringContaining('cannot fetch') })
      expect(await update('--from', `${from}/none`)).toMatchObject({ code: 1, err: expect.stringContaining('404') })
      expect((await update('--from', `${from}/away`)).code).toBe(2)
      expect(isUntouched()).toBeTrue()
      expect(readdirSync(bin)).toEqual(['tvault'])
    } finally {
      await server.stop(true)
      cut.stop(true)
    }
    expect(await update('--from', `http://127.0.0.1:${server.port}`)).toMatchObject({ code: 1 })
  })
})
