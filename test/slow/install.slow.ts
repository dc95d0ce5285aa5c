// scripts/install.sh with releases made here, under every shell that is installed: what is right is put in place,
// everything else leaves the folder as it was and says why. The quick part is test/install.test.ts.
import { afterAll, beforeEach, describe, expect, test } from 'bun:test'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { SigningKey } from '../../src/crypto/minisign.ts'
import { cutServer, InstallRoom, MORE, SCRIPT } from '../install-room.ts'
import { flip, otherHash, program, publish } from '../small-release.ts'
import type { Wish } from '../small-release.ts'

const room = new InstallRoom()
const { folder, release, home, prefix } = room
const FROM = room.from
const install = room.install.bind(room)
const [files, says, tree] = [room.files.bind(room), room.says.bind(room), room.tree.bind(room)]

beforeEach(() => room.clear())
afterAll(() => room.remove())

const shells: [string, string[]][] = [
  ['sh', ['sh']],
  ['dash', ['dash']],
  ['busybox', ['busybox', 'sh']],
]
const [dashed, others] = [shells[0]!, shells.slice(1)]
const present = [dashed, ...others.filter(([name]) => Bun.which(name) !== null)]
for (const [name] of others)
  if (!Bun.which(name)) console.log(`!!! ${name} is not installed: install.sh was NOT tried with it`)

describe.each(present)('%s', (_name, shell) => {
  test('installs into an empty home, once more over itself, and takes itself away', async () => {
    publish(release, { version: '1.2.3', more: MORE })
    const first = await install([], { shell })
    expect([first.code, first.out]).toEqual([0, ''])
    expect(first.err).toContain(`export PATH="${prefix}/bin:$PATH"`)
    const all = ['bin/tvault', ...Object.keys(MORE)].map((name) => `.local/${name}`).toSorted()
    expect(files()).toEqual(all)
    expect(says()).toBe('tvault 1.2.3 (commit test, test)\n')
    publish(release, { version: '1.10.0', more: MORE })
    expect((await install([], { shell, path: `${prefix}/bin:/usr/bin:/bin` })).err).not.toContain('PATH')
    expect([files(), says()]).toEqual([all, 'tvault 1.10.0 (commit test, test)\n'])
    writeFileSync(join(home, '.local/share/other'), 'of somebody else')
    expect((await install(['--uninstall'], { shell })).code).toBe(0)
    expect(files()).toEqual(['.local/share/other'])
    expect((await install(['--uninstall'], { shell })).code).toBe(1)
    expect(readdirSync(join(folder, 'tmp'))).toEqual([])
  })

  const other = SigningKey.generate()
  const cases: [string, Partial<Wish>, RegExp][] = [
    ['a flipped byte', { spoil: { archive: flip } }, /SHA-256 differs/],
    ['half an archive', { spoil: { archive: (bytes) => bytes.subarray(0, 60) } }, /SHA-256 differs/],
    ['a changed hash', { spoil: { sums: otherHash } }, /signature is wrong/],
    ['another key', { key: other }, /signature is wrong/],
    ['an old version', { version: '1.2.2' }, /1\.2\.2 is older than 1\.2\.3, which is installed/],
    ['another platform', { platform: 'linux-other' }, /no archive for/],
    ['a program that does not run', { text: 'no program' }, /does not run here/],
    ['a program of another version', { text: program('3.0.0') }, /does not run here/],
  ]
  test.each(cases)('%s leaves everything as it was', async (_case, wish, reason) => {
    publish(release, { version: '1.2.3', more: MORE })
    expect((await install([], { shell })).code).toBe(0)
    const before = tree()
    publish(release, { version: '2.0.0', more: MORE, ...wish })
    const done = await install([], { shell })
    expect([done.code, done.err]).toEqual([1, expect.stringMatching(reason)])
    expect(tree()).toBe(before)
    // And in a home where there was nothing.
    if (wish.version !== undefined) return
    rmSync(home, { recursive: true })
    mkdirSync(home)
    expect((await install([], { shell })).code).toBe(1)
    expect(readdirSync(home)).toEqual([])
  })
})

test('what is said explicitly: a prefix, a version, an older one, no signature', async () => {
  publish(release, { version: '2.0.0' })
  expect((await install(['--prefix', join(home, 'here')])).code).toBe(0)
  expect(files()).toEqual(['here/bin/tvault'])
  publish(join(release, 'v1.0.0'), { version: '1.0.0', key: SigningKey.generate() })
  const words = ['--prefix', join(home, 'here'), '--version', 'v1.0.0']
  expect((await install(words)).err).toContain('signature is wrong')
  expect((await install([...words, '--insecure-skip-signature'])).err).toContain('older than 2.0.0')
  const done = await install([...words, '--insecure-skip-signature', '--force'])
  expect([done.code, done.err]).toEqual([0, expect.stringContaining('NOT checked')])
  for (const wrong of [['--nonsense'], ['--prefix'], ['--version', '1.0.1']])
    expect((await install(wrong)).code).toBe(1)
})

test.each(['.local/share/fish', '.local/bin/tvault/inside'])(
  'what is in the way is found halfway: %s',
  async (path) => {
    publish(release, { version: '1.2.3', more: MORE })
    mkdirSync(join(home, dirname(path)), { recursive: true })
    writeFileSync(join(home, path), 'in the way')
    const before = tree()
    const done = await install()
    expect([done.code, done.err]).toEqual([1, expect.stringMatching(/cannot write below|is a directory/)])
    // Times of folders change when something is made in them and taken away again.
    const names = (text: string): string => text.replaceAll(/\d{4}-\d\d-\d\d \S+ \S+/g, '')
    expect(names(tree())).toBe(names(before))
  },
)

test('a connection that is cut, and a server that has nothing', async () => {
  const name = publish(release, { version: '1.2.3' })
  const cut = cutServer(release, name)
  try {
    const done = await install([], { from: `http://127.0.0.1:${cut.port}` })
    expect([done.code, done.err]).toEqual([1, expect.stringContaining(`cannot fetch ${name}`)])
  } finally {
    cut.stop(true)
  }
  expect((await install([], { from: `${FROM}/nothing` })).err).toContain('cannot fetch SHA256SUMS')
  expect((await install([], { from: 'http://example.org' })).err).toContain('no https address')
  expect([readdirSync(home), readdirSync(join(folder, 'tmp'))]).toEqual([[], []])
})

test('the script itself, cut anywhere, does nothing', async () => {
  publish(release, { version: '1.2.3' })
  const whole = readFileSync(SCRIPT)
  for (let part = 1; part < 10; part++) {
    await install([], { script: new Blob([whole.subarray(0, Math.floor((whole.length * part) / 10))]) })
  }
  expect(readdirSync(home)).toEqual([])
})

describe('who checks the signature', () => {
  const NEEDED =
    'sh cat sed tr head tail wc cut grep uname ls dirname basename mkdir mktemp rm rmdir mv cp chmod tar gzip sha256sum curl'
  const only = (...more: string[]): string => {
    const bin = mkdtempSync(join(folder, 'bin-'))
    for (const name of [...NEEDED.split(' '), ...more]) {
      const found = Bun.which(name, { PATH: process.env['PATH'] ?? '/usr/bin:/bin' })
      if (found) symlinkSync(found, join(bin, name))
    }
    return bin
  }

  test('with the tools of busybox and minisign, and nothing else', async () => {
    const [busybox, minisign] = [Bun.which('busybox'), Bun.which('minisign')]
    if (busybox === null || minisign === null) {
      console.log('!!! busybox or minisign is not installed: a small system was NOT tried')
      return
    }
    const path = mkdtempSync(join(folder, 'bin-'))
    for (const name of NEEDED.replace('curl', 'wget').split(/\s+/)) symlinkSync(busybox, join(path, name))
    symlinkSync(minisign, join(path, 'minisign'))
    publish(release, { version: '1.2.3', more: MORE })
    const done = await install([], { path, shell: ['busybox', 'sh'] })
    expect([done.code, done.err]).toEqual([0, expect.stringContaining('tvault 1.2.3 is in')])
    publish(release, { version: '1.2.4', spoil: { sums: otherHash } })
    expect((await install([], { path, shell: ['busybox', 'sh'] })).err).toContain('signature is wrong')
    expect(says()).toContain('1.2.3')
  })

  test.each(['minisign', 'openssl', 'node'])('%s', async (name) => {
    const path = only(name)
    if (!existsSync(join(path, name))) {
      console.log(`!!! ${name} is not installed: that install.sh checks with it was NOT looked at`)
      return
    }
    publish(release, { version: '1.2.3', spoil: { sums: otherHash } })
    expect((await install([], { path })).err).toContain('signature is wrong')
    publish(release, { version: '1.2.3', key: SigningKey.generate() })
    expect((await install([], { path })).err).toContain('signature is wrong')
    publish(release, { version: '1.2.3' })
    expect(await install([], { path })).toMatchObject({ code: 0 })
  })

  test('nobody: refused, unless it is said that nobody shall', async () => {
    publish(release, { version: '1.2.3' })
    const path = only()
    const done = await install([], { path })
    expect([done.code, done.err]).toEqual([1, expect.stringContaining('nothing here can check the signature')])
    expect(readdirSync(home)).toEqual([])
    expect((await install(['--insecure-skip-signature'], { path })).code).toBe(0)
  })
})
