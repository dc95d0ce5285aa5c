// scripts/install.sh in the cases that matter most; all of them, under every shell, are in test/slow/install.slow.ts.
import { afterAll, beforeEach, expect, test } from 'bun:test'
import { chmodSync, mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { SigningKey } from '../src/crypto/minisign.ts'
import { cutServer, InstallRoom, MORE, SCRIPT } from './install-room.ts'
import { flip, PUBLIC_KEY, publish } from './small-release.ts'

const room = new InstallRoom()
const { release, home, prefix } = room

beforeEach(() => room.clear())
afterAll(() => room.remove())

test('into an empty home, not back to an older version, and away again', async () => {
  publish(release, { version: '1.10.0', more: MORE })
  const first = await room.install()
  expect([first.code, first.out]).toEqual([0, ''])
  expect(first.err).toContain(`export PATH="${prefix}/bin:$PATH"`)
  expect(room.files()).toEqual(['bin/tvault', ...Object.keys(MORE)].map((name) => `.local/${name}`).toSorted())
  expect(room.says()).toBe('tvault 1.10.0 (commit test, test)\n')
  const before = room.tree()
  publish(release, { version: '1.9.0', more: MORE })
  const older = await room.install()
  expect([older.code, older.err]).toEqual([1, expect.stringContaining('1.9.0 is older than 1.10.0')])
  expect(room.tree()).toBe(before)
  expect((await room.install(['--uninstall'])).code).toBe(0)
  expect(readdirSync(home)).toEqual(['.local'])
  expect(room.files()).toEqual([])
})

test('a flipped byte, another key and a cut connection change nothing', async () => {
  const name = publish(release, { version: '1.2.3', spoil: { archive: flip } })
  expect((await room.install()).err).toContain('SHA-256 differs')
  publish(release, { version: '1.2.3', key: SigningKey.generate() })
  expect((await room.install()).err).toContain('signature is wrong')
  publish(release, { version: '1.2.3' })
  const cut = cutServer(release, name)
  try {
    const done = await room.install([], { from: `http://127.0.0.1:${cut.port}` })
    expect([done.code, done.err]).toEqual([1, expect.stringContaining(`cannot fetch ${name}`)])
  } finally {
    cut.stop(true)
  }
  expect([readdirSync(home), readdirSync(room.temporary)]).toEqual([[], []])
})

test('a place that cannot be written is said before anything is fetched', async () => {
  mkdirSync(join(prefix, 'bin'), { recursive: true })
  chmodSync(room.folder, 0o755)
  const user = process.getuid?.() === 0 ? ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'] : []
  if (user.length === 0) chmodSync(join(prefix, 'bin'), 0o555)
  const before = room.tree()
  const done = await room.install([], { user })
  chmodSync(join(prefix, 'bin'), 0o755)
  expect([done.code, done.err]).toEqual([1, expect.stringContaining(`cannot write to ${prefix}/bin`)])
  if (user.length > 0) expect(room.tree()).toBe(before)
})

test('places that are none, and the script as it lies here, which knows no place and no key', async () => {
  expect((await room.install([], { from: 'http://example.org' })).err).toContain('no https address')
  const bare = Bun.spawn(['sh', SCRIPT], { env: { PATH: '/usr/bin:/bin', HOME: home }, stderr: 'pipe' })
  expect([await bare.exited, await bare.stderr.text()]).toEqual([1, expect.stringContaining('where is the release?')])
  expect(PUBLIC_KEY).toStartWith('RW')
})

test('it is clean for shellcheck', () => {
  const shellcheck = Bun.which('shellcheck')
  if (shellcheck === null) {
    console.log('!!! shellcheck is not installed: install.sh was NOT looked at')
    return
  }
  const done = Bun.spawnSync([shellcheck, '--shell=sh', SCRIPT], { stdout: 'pipe' })
  expect([done.exitCode, done.stdout.toString()]).toEqual([0, ''])
})
