// What a release consists of, without compiling one: archives that others unpack, a deb that dpkg reads, recipes whose
// hashes are right, and pins that agree with what is installed. The whole way is test/slow/release.slow.ts.
import { afterAll, expect, test } from 'bun:test'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { constantSections, withoutDebugging } from '../scripts/elf.ts'
import { hostPlatform, platformNamed, PLATFORMS } from '../scripts/platforms.ts'
import { ar, tarGz, zip } from '../scripts/release/archive.ts'
import { companions } from '../scripts/release/companions.ts'
import { componentsOf, sbom, thirdParty } from '../scripts/release/contents.ts'
import { deb, debianName } from '../scripts/release/debian.ts'
import { mainPackage, platformPackage } from '../scripts/release/npm.ts'
import { dockerfile, homebrew, mcpManifest, nix } from '../scripts/release/recipes.ts'
import { bundle } from '../scripts/bundle.ts'
import { readTar } from '../src/formats/tar.ts'
import { utf8 } from '../src/lib/bytes.ts'
import { failureOf } from './failure.ts'

const folder = mkdtempSync(join(tmpdir(), 'tvault-release-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const TIME = 1_700_000_000
const big = crypto.getRandomValues(new Uint8Array(65_000))
const ENTRIES = [
  { name: 'a/', bytes: new Uint8Array(0), mode: 0o755 },
  { name: 'a/program', bytes: big, mode: 0o755 },
  { name: 'a/text', bytes: utf8('text\n'), mode: 0o644 },
  { name: 'a/empty', bytes: new Uint8Array(0), mode: 0o600 },
]

function run(command: readonly string[], cwd = folder) {
  const done = Bun.spawnSync([...command], { cwd, stdin: 'ignore', stdout: 'pipe', stderr: 'pipe' })
  return { code: done.exitCode, out: done.stdout.toString(), err: done.stderr.toString() }
}

test('tar.gz: the same bytes twice, unpacked by tar, read by our own reader', async () => {
  const packed = tarGz(ENTRIES, TIME)
  expect(Buffer.compare(packed, tarGz(ENTRIES, TIME))).toBe(0)
  writeFileSync(join(folder, 'a.tar.gz'), packed)
  expect(run(['tar', '-xzf', 'a.tar.gz'])).toMatchObject({ code: 0, err: '' })
  for (const { name, bytes, mode } of ENTRIES.slice(1)) {
    expect(Buffer.compare(readFileSync(join(folder, name)), bytes)).toBe(0)
    expect([statSync(join(folder, name)).mode & 0o777, statSync(join(folder, name)).mtimeMs]).toEqual([
      mode,
      TIME * 1000,
    ])
  }
  const tar = Bun.gunzipSync(new Uint8Array(packed))
  expect([...readTar(tar).keys()]).toEqual(['a/program', 'a/text', 'a/empty'])
  expect(Buffer.compare(readTar(tar).get('a/program') ?? new Uint8Array(0), big)).toBe(0)
  // Cut anywhere, or with a header that was changed, it is refused.
  for (const size of [0, 100, 512, 1024, 60_000, tar.length - 1024])
    expect((await failureOf(() => readTar(tar.subarray(0, size)))).kind).toBe('corrupt')
  for (const at of [0, 124, 156]) {
    const changed = tar.slice()
    changed[512 + at]! ^= 1
    expect((await failureOf(() => readTar(changed))).kind).toBe('corrupt')
  }
  for (const name of ['../up', '/root', 'a/../b', 'a\\b']) {
    const bad = Bun.gunzipSync(new Uint8Array(tarGz([{ name, bytes: big, mode: 0o644 }], TIME)))
    expect([name, (await failureOf(() => readTar(bad))).kind]).toEqual([name, 'corrupt'])
  }
})

test('zip: unpacked by others', () => {
  const packed = zip(ENTRIES, TIME)
  expect(Buffer.compare(packed, zip(ENTRIES, TIME))).toBe(0)
  mkdirSync(join(folder, 'zip'))
  writeFileSync(join(folder, 'zip', 'a.zip'), packed)
  const [name, ...words] = Bun.which('unzip') ? ['unzip', '-q'] : ['python3', '-m', 'zipfile', '-e']
  if (!Bun.which(name ?? '')) {
    console.log('!!! neither unzip nor python3 is installed: zip archives were NOT unpacked')
    return
  }
  expect(run([name ?? '', ...words, 'a.zip', ...(name === 'unzip' ? [] : ['.'])], join(folder, 'zip'))).toMatchObject({
    code: 0,
  })
  for (const entry of ENTRIES.slice(1))
    expect(Buffer.compare(readFileSync(join(folder, 'zip', entry.name)), entry.bytes)).toBe(0)
})

test('deb: dpkg reads it', () => {
  const made = {
    platform: platformNamed('linux-arm64'),
    version: '1.2.3',
    maintainer: 'Nobody <nobody@example.org>',
    program: big,
    companions: companions('1.2.3'),
    license: 'MIT',
    sbom: '{}',
    time: TIME,
  }
  const bytes = deb(made)
  expect([debianName(made), Buffer.compare(bytes, deb(made))]).toEqual(['tinyvault_1.2.3_arm64.deb', 0])
  expect(Buffer.from(ar([], 0)).toString()).toBe('!<arch>\n')
  if (!Bun.which('dpkg-deb')) {
    console.log('!!! dpkg-deb is not installed: the deb was NOT looked at')
    return
  }
  writeFileSync(join(folder, 'a.deb'), bytes)
  expect(run(['dpkg-deb', '--field', 'a.deb', 'Package', 'Version', 'Architecture']).out).toBe(
    'Package: tinyvault\nVersion: 1.2.3\nArchitecture: arm64\n',
  )
  expect(run(['dpkg-deb', '--extract', 'a.deb', 'deb'])).toMatchObject({ code: 0, err: '' })
  expect(Buffer.compare(readFileSync(join(folder, 'deb/usr/bin/tvault')), big)).toBe(0)
  expect(run(['gzip', '-dc', 'deb/usr/share/man/man1/tvault.1.gz']).out).toStartWith('.TH')
})

test('packages of npm: nothing runs at installation, and each platform is asked for at this very version', () => {
  const common = { version: '1.2.3', license: 'MIT', time: TIME }
  const main = mainPackage(PLATFORMS, { ...common, readme: '# x', mcpName: 'org.example/tinyvault' })
  const manifest = (bytes: Uint8Array): Record<string, unknown> =>
    JSON.parse(Buffer.from(readTar(Bun.gunzipSync(new Uint8Array(bytes))).get('package/package.json') ?? []).toString())
  const ours = manifest(main.bytes)
  expect(ours['scripts']).toBeUndefined()
  expect(ours['bin']).toEqual({ tinyvault: 'bin/tvault.cjs', tvault: 'bin/tvault.cjs' })
  expect(ours['optionalDependencies']).toEqual(
    Object.fromEntries(PLATFORMS.map(({ name }) => [`tinyvault-${name}`, '1.2.3'])),
  )
  for (const platform of PLATFORMS) {
    const made = platformPackage(platform, { ...common, program: utf8('x'), notices: '', sbom: '{}' })
    const { os, cpu, scripts } = manifest(made.bytes)
    expect([made.file, scripts]).toEqual([`tinyvault-${platform.name}-1.2.3.tgz`, undefined])
    expect([os, cpu]).toEqual([[platform.system === 'windows' ? 'win32' : platform.system], [platform.architecture]])
  }
})

test('recipes name the files of the release by their hashes', () => {
  const sums = new Map(PLATFORMS.map(({ name }, index) => [`tinyvault-1.2.3-${name}.tar.gz`, String(index).repeat(64)]))
  const released = { version: '1.2.3', url: 'https://example.org/tinyvault', mcpName: 'org.example/tinyvault', sums }
  const texts = { 'tinyvault.rb': homebrew(released), 'tinyvault.nix': nix(released), Dockerfile: dockerfile(released) }
  for (const [name, text] of Object.entries(texts)) {
    for (const platform of ['linux-x64', 'linux-arm64']) {
      expect([name, platform, text.includes(sums.get(`tinyvault-1.2.3-${platform}.tar.gz`) ?? '?')]).toEqual([
        name,
        platform,
        true,
      ])
    }
    writeFileSync(join(folder, name), text)
  }
  for (const [tool, words] of [
    ['ruby', ['-c', 'tinyvault.rb']],
    ['nix-instantiate', ['--parse', 'tinyvault.nix']],
  ] as const) {
    if (Bun.which(tool)) expect([tool, run([tool, ...words])]).toMatchObject([tool, { code: 0 }])
    else console.log(`!!! ${tool} is not installed: ${words[1]} was NOT parsed`)
  }
  const { name, description, packages } = JSON.parse(mcpManifest(released))
  expect(name).toMatch(/^[a-zA-Z0-9.-]+\/[a-zA-Z0-9._-]+$/)
  expect(description.length).toBeLessThanOrEqual(100)
  expect(packages[0]).toMatchObject({
    registryType: 'npm',
    identifier: 'tinyvault',
    version: '1.2.3',
    transport: { type: 'stdio' },
  })
})

test('the list of what is in the program is the list of the bundler, with versions, licenses and hashes', async () => {
  const platform = hostPlatform()
  const built = await bundle(platform, { commit: 'test' })
  const components = componentsOf(built, platform)
  const names = components.map(({ name }) => name)
  // Taken from the bundle in another way: by the folders of every input.
  const inside = Object.keys(built.metafile?.inputs ?? {}).flatMap((path) => path.split('node_modules/').slice(1))
  const folders = new Set(
    inside.map((path) =>
      path
        .split('/')
        .slice(0, path.startsWith('@') ? 2 : 1)
        .join('/'),
    ),
  )
  expect([...folders].filter((name) => !names.includes(name))).toEqual([])
  for (const name of ['cac', 'lmdb', '@modelcontextprotocol/sdk', '@lmdb/lmdb-linux-x64', '@oven/bun-linux-x64'])
    if (platform.name === 'linux-x64') expect(names).toContain(name)
  for (const { name, version, license, sha512 } of components) {
    expect([name, version]).toEqual([name, expect.stringMatching(/^\d+\.\d+/)])
    expect([name, license, sha512?.length]).toEqual([name, expect.stringMatching(/^[A-Za-z(]/), 128])
  }
  const document = sbom(components, { version: '1.2.3', platform, time: TIME })
  expect(document).toBe(sbom(components, { version: '1.2.3', platform, time: TIME }))
  const parsed = JSON.parse(document)
  expect(parsed).toMatchObject({ bomFormat: 'CycloneDX', specVersion: '1.6' })
  expect(parsed.serialNumber).toMatch(
    /^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[1-5][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
  )
  expect(parsed.components.map(({ name }: { name: string }) => name)).toEqual(names)
  expect(thirdParty(components)).toContain('lmdb 3.')
})

test('pins are those of the lock file and of the installed runtime', () => {
  const lock = readFileSync(join(import.meta.dir, '..', 'bun.lock'), 'utf8')
  for (const { addon } of PLATFORMS) expect(lock).toContain(`"${addon.name}@${addon.version}"`)
  for (const { addon } of PLATFORMS) expect(lock).toContain(addon.integrity)
  expect(new Set(PLATFORMS.map(({ runtime }) => runtime.version))).toEqual(new Set([Bun.version]))
  expect(new Set(PLATFORMS.map(({ runtime }) => runtime.integrity)).size).toBe(PLATFORMS.length)
})

test('executables: constants are found, and nothing is taken from what is no library', () => {
  const program = readFileSync(process.execPath)
  const [{ offset, size } = { offset: 0, size: 0 }] = constantSections(program)
  expect(program.subarray(offset, offset + size).includes('BUN_OPTIONS')).toBeTrue()
  expect(() => constantSections(Buffer.alloc(4096))).toThrow('no 64-bit executable')
  const other = Buffer.from('no library')
  expect(withoutDebugging(other)).toBe(other)
})
