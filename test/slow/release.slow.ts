// A whole release, made twice, and everything that is done with it: installed from a server by the script, by dpkg and
// by npm, replaced by itself, and run on other processors and another C library, with one vault for all.
// Needs the packages of Debian: busybox, musl, musl-tools, patchelf, qemu-user, libc6-arm64-cross, libstdc++6-arm64-cross.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { version } from '../../package.json' with { type: 'json' }
import { constantSections } from '../../scripts/elf.ts'
import { KEY, PUBLIC_KEY } from '../small-release.ts'
import { checkSignature } from './mach-signature.ts'

const root = resolve(import.meta.dir, '..', '..')
const folder = mkdtempSync(join(tmpdir(), 'tvault-release-'))
const release = join(folder, 'release')
const CHEAP = ['--kdf-memory', '19456', '--kdf-passes', '2', '--kdf-lanes', '1']
const PASSPHRASE = 'copper lantern meadow orbit'

const server = Bun.serve({
  hostname: '127.0.0.1',
  port: 0,
  fetch: (request) =>
    new Response(Bun.file(join(release, new URL(request.url).pathname.replace(`/v${version}/`, '/')))),
  error: () => new Response('', { status: 404 }),
})
const URL_OF_RELEASE = `http://127.0.0.1:${server.port}`

afterAll(async () => {
  await server.stop(true)
  rmSync(folder, { recursive: true, force: true })
})

interface Around {
  env?: Record<string, string>
  cwd?: string
  stdin?: Blob
}

async function run(command: readonly string[], { env = {}, cwd = folder, stdin }: Around = {}) {
  const child = Bun.spawn([...command], {
    cwd,
    env: { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', HOME: folder, ...env },
    stdin: stdin ?? 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
  })
  const [out, err, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited])
  return { code, out, err }
}

async function must(command: readonly string[], around: Around = {}): Promise<string> {
  const { code, out, err } = await run(command, around)
  expect([command.join(' '), code, code === 0 ? '' : `${out}${err}`]).toEqual([command.join(' '), 0, ''])
  return out
}

function missing(...tools: string[]): boolean {
  const absent = tools.filter((tool) => (tool.startsWith('/') ? !existsSync(tool) : Bun.which(tool) === null))
  if (absent.length > 0) console.log(`!!! ${absent.join(', ')} is not installed: something was NOT proved`)
  return absent.length > 0
}

/** The program of `platform`, out of its archive. */
async function unpacked(platform: string): Promise<string> {
  const name = `tinyvault-${version}-${platform}`
  if (!existsSync(join(folder, name))) await must(['tar', '-xzf', join(release, `${name}.tar.gz`), '-C', folder])
  return join(folder, name, 'bin', 'tvault')
}

/** A copy of the sources elsewhere: what is in it and where it lies must not make a difference. */
function copyOfSources(): string {
  const copy = join(folder, 'elsewhere', 'with a longer name')
  mkdirSync(copy, { recursive: true })
  for (const name of [
    'src',
    'scripts',
    'wasm',
    'test',
    'bench',
    'package.json',
    'bun.lock',
    'tsconfig.json',
    'LICENSE',
    'README.md',
  ])
    cpSync(join(root, name), join(copy, name), { recursive: true })
  // Not a link: a package is found under the path that it really has.
  const linked = Bun.spawnSync(['cp', '-al', join(root, 'node_modules'), copy])
  if (linked.exitCode !== 0) cpSync(join(root, 'node_modules'), join(copy, 'node_modules'), { recursive: true })
  mkdirSync(join(copy, '.tools'))
  symlinkSync(join(root, '.tools/release'), join(copy, '.tools/release'))
  return copy
}

const common = (out: string): string[] => [
  '--url',
  URL_OF_RELEASE,
  '--key',
  join(folder, 'key'),
  '--commit',
  'abc1234',
  '--time',
  '1700000000',
  '--out',
  out,
]
const make = (sources: string, out: string, platforms: string): Promise<string> =>
  must([process.execPath, join(sources, 'scripts', 'release.ts'), ...common(out), '--platforms', platforms], {
    cwd: sources,
    env: { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? folder },
  })

beforeAll(async () => {
  writeFileSync(join(folder, 'key'), KEY.print(), { mode: 0o600 })
  console.log(await make(root, release, 'linux-x64,linux-x64-musl,linux-arm64'))
}, 900_000)

test('made twice, in two places: the same bytes', async () => {
  const again = join(folder, 'again')
  await make(copyOfSources(), again, 'linux-x64')
  const lines = (path: string): string[] => readFileSync(join(path, 'SHA256SUMS'), 'utf8').split('\n')
  const first = new Set(lines(release))
  const programs = lines(again).filter((line) => line.includes('linux-x64') || line.includes('amd64.deb'))
  expect(programs.length).toBe(4)
  expect(programs.filter((line) => !first.has(line))).toEqual([])
}, 900_000)

test('minisign accepts the signature, and sha256sum every file', async () => {
  if (!missing('minisign')) await must(['minisign', '-Vqm', join(release, 'SHA256SUMS'), '-P', PUBLIC_KEY])
  await must(['sha256sum', '--check', '--strict', '--quiet', 'SHA256SUMS'], { cwd: release })
  const listed = readFileSync(join(release, 'SHA256SUMS'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => line.slice(66))
  expect(
    readdirSync(release)
      .filter((name) => !name.startsWith('SHA256SUMS'))
      .toSorted(),
  ).toEqual(listed)
  const plain = [...new Bun.Glob('**/*').scanSync(release)].filter((name) => !/\.(?:tar\.gz|tgz|deb)$/.test(name))
  for (const name of plain) expect(readFileSync(join(release, name), 'utf8')).not.toContain(root)
})

describe.each(['dash', 'busybox sh'])('curl | %s', (shell) => {
  const home = join(folder, `home of ${shell}`)

  test('installs the real program into an empty home, and it works', async () => {
    const words = shell.split(' ')
    if (missing(words[0] ?? '')) return
    mkdirSync(home)
    const line = `curl -fsSL ${URL_OF_RELEASE}/install.sh | ${shell}`
    const done = await run(['sh', '-c', line], { env: { HOME: home }, cwd: home })
    expect([done.code, done.err]).toEqual([0, expect.stringContaining('export PATH=')])
    const program = join(home, '.local/bin/tvault')
    expect(await must([program, '--version'])).toBe(`tvault ${version} (commit abc1234, linux-x64)\n`)
    const env = { HOME: home, TVAULT_PASSPHRASE: PASSPHRASE }
    await must([program, 'init', ...CHEAP], { env })
    await must([program, 'set', 'KEY', '--stdin'], { env, stdin: new Blob(['value']) })
    expect(await must([program, 'get', 'KEY'], { env })).toBe('value')
    // It knows where newer ones are and by which key: nothing has to be said.
    expect(await must([program, 'self-update', '--check'], { env })).toContain(`tvault ${version} is the newest`)
    expect(await must([program, 'self-update', '--force'], { env })).toContain('is in the place of')
    if (!missing('man'))
      await must(['man', '-l', join(home, '.local/share/man/man1/tvault.1')], { env: { MANPAGER: 'cat' } })
    await must(['sh', '-c', `curl -fsSL ${URL_OF_RELEASE}/install.sh | ${shell} -s -- --uninstall`], { env })
    expect(readdirSync(home).toSorted()).toEqual(['.local', '.tvault'])
  }, 300_000)
})

test('the deb: installed by dpkg, complete, and gone without a trace', async () => {
  if (missing('dpkg') || process.getuid?.() !== 0) return
  if ((await run(['dpkg', '--status', 'tinyvault'])).code === 0)
    throw new Error('tinyvault is installed on this machine')
  const before = (await must(['dpkg', '--get-selections'])).length
  try {
    await must(['dpkg', '--install', join(release, `tinyvault_${version}_amd64.deb`)])
    expect(await must(['/usr/bin/tvault', '--version'])).toContain(version)
    expect(await must(['dpkg', '--verify', 'tinyvault'])).toBe('')
    const env = { HOME: join(folder, 'deb home'), TVAULT_PASSPHRASE: PASSPHRASE }
    await must(['/usr/bin/tvault', 'init', ...CHEAP], { env })
    const update = await run(['/usr/bin/tvault', 'self-update', '--force'], { env })
    expect([update.code, update.err]).toEqual([1, expect.stringContaining('it came in a deb')])
  } finally {
    await run(['dpkg', '--purge', 'tinyvault'])
  }
  expect(existsSync('/usr/bin/tvault')).toBeFalse()
  expect(existsSync('/usr/share/doc/tinyvault')).toBeFalse()
  expect((await must(['dpkg', '--get-selections'])).length).toBe(before)
}, 300_000)

test('the packages of npm in an empty project: npx answers, also an MCP client', async () => {
  if (missing('npm')) return
  const project = join(folder, 'project')
  mkdirSync(project)
  writeFileSync(join(project, 'package.json'), '{"name":"empty","version":"1.0.0"}')
  const files = [`tinyvault-${version}.tgz`, `tinyvault-linux-x64-${version}.tgz`].map((name) => join(release, name))
  const env = { PATH: process.env['PATH'] ?? '', HOME: project }
  await must(['npm', 'install', '--offline', '--ignore-scripts', '--no-audit', '--no-fund', ...files], {
    cwd: project,
    env,
  })
  expect(await must(['npx', '--offline', 'tinyvault', '--version'], { cwd: project, env })).toContain(
    `tvault ${version}`,
  )
  expect((await run(['npx', '--offline', 'tinyvault', 'get', 'X'], { cwd: project, env })).code).toBe(5)
  const vault = { ...env, TVAULT_PASSPHRASE: PASSPHRASE }
  await must(['npx', '--offline', 'tinyvault', 'init', ...CHEAP], { cwd: project, env: vault })
  const hello = {
    jsonrpc: '2.0',
    id: 1,
    method: 'initialize',
    params: { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'test', version: '1' } },
  }
  const stdin = new Blob([`${JSON.stringify(hello)}\n`])
  const answer = await must(['npx', '--offline', 'tinyvault', 'mcp'], { cwd: project, env: vault, stdin })
  expect(JSON.parse(answer.split('\n')[0] ?? '')).toMatchObject({ id: 1, result: { serverInfo: { version } } })
}, 300_000)

test('the source: built here by the script', async () => {
  if (missing('npm')) return
  const prefix = join(folder, 'built')
  const words = ['-s', '--', '--from-source', '--prefix', prefix]
  // npm knows its settings by the home directory.
  const env = { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? folder }
  const done = await run(['sh', ...words], { env, stdin: Bun.file(join(release, 'install.sh')) })
  expect([done.code, done.err]).toEqual([0, expect.stringContaining(`is in ${prefix}/bin`)])
  expect(await must([join(prefix, 'bin/tvault'), '--version'])).toContain(`tvault ${version} `)
  expect(existsSync(join(prefix, 'share/man/man1/tvault.1'))).toBeTrue()
}, 600_000)

test('with another loader and a library by its path, as nix puts them into it', async () => {
  if (missing('patchelf')) return
  const program = join(folder, 'patched')
  copyFileSync(await unpacked('linux-x64'), program)
  const libraries = '/usr/lib/x86_64-linux-gnu'
  await must(['patchelf', '--set-interpreter', `${libraries}/ld-linux-x86-64.so.2`, program])
  await must(['patchelf', '--add-needed', `${libraries}/libstdc++.so.6`, program])
  const env = { HOME: join(folder, 'patched home'), TVAULT_PASSPHRASE: PASSPHRASE }
  await must([program, 'init', ...CHEAP], { env })
}, 120_000)

describe('one vault for all', () => {
  const home = join(folder, 'shared')
  const env = { HOME: home, TVAULT_PASSPHRASE: PASSPHRASE }

  /** Words before the program, by which each is run here. */
  const ways: [string, string, readonly string[], () => Promise<Record<string, string> | undefined>][] = [
    [
      'a processor without AVX',
      'linux-x64',
      ['qemu-x86_64', '-cpu', 'Nehalem-v1'],
      async () => (missing('qemu-x86_64') ? undefined : {}),
    ],
    [
      '64-bit ARM',
      'linux-arm64',
      ['qemu-aarch64', '-L', '/usr/aarch64-linux-gnu'],
      async () => (missing('qemu-aarch64', '/usr/aarch64-linux-gnu/lib/libstdc++.so.6') ? undefined : {}),
    ],
    ['musl', 'linux-x64-musl', [], muslLibraries],
  ]

  beforeAll(async () => {
    mkdirSync(home)
    const program = await unpacked('linux-x64')
    await must([program, 'init', '--kdf-memory', '65536'], { env })
    await must([program, 'set', 'FIRST', '--stdin'], { env, stdin: new Blob(['from linux-x64']) })
  }, 120_000)

  test.each(ways)(
    '%s',
    async (_name, platform, before, prepare) => {
      const more = await prepare()
      if (more === undefined) return
      const [native, other] = [await unpacked('linux-x64'), [...before, await unpacked(platform)]]
      const there = { env: { ...env, ...more } }
      expect(await must([...other, 'get', 'FIRST'], there)).toBe('from linux-x64')
      await must([...other, 'set', 'OTHER', '--stdin'], { ...there, stdin: new Blob([`from ${platform}`]) })
      expect(await must([native, 'get', 'OTHER'], { env })).toBe(`from ${platform}`)
      expect(await must([native, 'audit', 'verify'], { env })).toContain('intact')
      // And a vault that is made there is read here.
      const made = { ...env, TVAULT_DIR: join(home, platform) }
      await must([...other, 'init', ...CHEAP], { env: { ...made, ...more } })
      await must([...other, 'set', 'OWN', '--stdin'], { env: { ...made, ...more }, stdin: new Blob(['own']) })
      expect(await must([native, 'get', 'OWN'], { env: made })).toBe('own')
    },
    300_000,
  )

  /** libstdc++ of Debian with what it needs of glibc, for musl. Undefined when the tools for it are missing. */
  async function muslLibraries(): Promise<Record<string, string> | undefined> {
    if (missing('musl-gcc', 'patchelf', '/lib/ld-musl-x86_64.so.1')) return undefined
    const libraries = join(folder, 'musl')
    mkdirSync(libraries)
    const shim = join(import.meta.dir, 'musl-shim.c')
    await must(['musl-gcc', '-O1', '-fPIC', '-shared', '-o', join(libraries, 'libshim.so'), shim])
    for (const name of ['libstdc++.so.6', 'libgcc_s.so.1']) {
      copyFileSync(`/usr/lib/x86_64-linux-gnu/${name}`, join(libraries, name))
      const words = name.startsWith('libstdc') ? ['--remove-needed', 'ld-linux-x86-64.so.2'] : []
      await must(['patchelf', ...words, '--add-needed', 'libshim.so', join(libraries, name)])
    }
    return { LD_LIBRARY_PATH: libraries }
  }
})

test('made here but never run: macOS and Windows have the addon in them, and a deaf runtime', async () => {
  const out = join(folder, 'foreign')
  console.log(await make(root, out, 'darwin-arm64,windows-x64'))
  await must(['tar', '-xzf', join(out, `tinyvault-${version}-darwin-arm64.tar.gz`), '-C', out])
  await must(['python3', '-m', 'zipfile', '-e', join(out, `tinyvault-${version}-windows-x64.zip`), out])
  for (const [platform, name, addon] of [
    ['darwin-arm64', 'tvault', '@lmdb-lmdb-darwin-arm64-3.5.6'],
    ['windows-x64', 'tvault.exe', '@lmdb-lmdb-win32-x64-3.5.6'],
  ] as const) {
    const program = readFileSync(join(out, `tinyvault-${version}-${platform}`, 'bin', name))
    const library = readFileSync(join(root, '.tools/release', addon, 'package/node.napi.node'))
    expect([platform, program.includes(library.subarray(4096, 8192))]).toEqual([platform, true])
    if (platform === 'darwin-arm64') expect(checkSignature(program)).toMatchObject({ wrong: [] })
    for (const { offset, size } of constantSections(program)) {
      const constants = program.subarray(offset, offset + size)
      for (const word of ['BUN_OPTIONS', 'BUN_BE_BUN'])
        expect([platform, word, constants.includes(`\0${word}\0`)]).toEqual([platform, word, false])
    }
  }
}, 600_000)
