// Makes a release of the commit that is checked out: programs, archives, packages and recipes, the hashes of them all,
// and a signature over the hashes. Nothing in it tells when or where it was made: two runs on the same commit give the
// same bytes (test/slow/release.slow.ts). The key that signs is named by who releases, and is nowhere in the repository.
import { createHash } from 'node:crypto'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { printPublicKey, parsePublicKey, SigningKey } from '../src/crypto/minisign.ts'
import { utf8 } from '../src/lib/bytes.ts'
import { archiveName, SIGNATURE, SUMS } from '../src/lib/release.ts'
import { version } from '../package.json' with { type: 'json' }
import { bundle, compileProgram } from './bundle.ts'
import type { Identity } from './bundle.ts'
import { platformNamed, PLATFORMS, programName } from './platforms.ts'
import type { Platform } from './platforms.ts'
import { tarGz, zip } from './release/archive.ts'
import type { Entry } from './release/archive.ts'
import { companions } from './release/companions.ts'
import { componentsOf, ownLicense, sbom, thirdParty } from './release/contents.ts'
import { deb, debianName } from './release/debian.ts'
import { mainPackage, platformPackage } from './release/npm.ts'
import { fetchPinned } from './release/pinned.ts'
import { dockerfile, homebrew, mcpManifest, nix } from './release/recipes.ts'
import type { Released } from './release/recipes.ts'
import { freshWasm } from './wasm.ts'

const root = join(import.meta.dir, '..')

const USAGE = `usage: bun scripts/release.ts --url https://… --key FILE        FILE as "minisign -G -W" writes it
       bun scripts/release.ts --url https://… --public-key RW…  to be signed afterwards: minisign -Sm SHA256SUMS

  --platforms a,b        or all; without it those for Linux
  --out FOLDER           without it dist/release
  --maintainer TEXT      of the deb: Name <address>
  --mcp-name NAME        by which an MCP registry knows the server: reverse.domain/name
  --commit X --time N    for a tree without git
`

interface Wish {
  platforms: readonly Platform[]
  out: string
  identity: Required<Identity>
  signing: SigningKey | undefined
  maintainer: string
  mcpName: string
  /** Seconds since 1970 of the commit. */
  time: number
}

function git(...words: string[]): string {
  const done = Bun.spawnSync(['git', ...words], { cwd: root, stdin: 'ignore', stdout: 'pipe', stderr: 'pipe' })
  if (done.exitCode !== 0) throw new Error(`git ${words.join(' ')} failed: ${done.stderr.toString()}`)
  return done.stdout.toString().trim()
}

/** The wish of the command line. Throws when it is not complete, or when files differ from the commit. */
function parse(words: readonly string[]): Wish {
  const text = { type: 'string' } as const
  const { values } = parseArgs({
    args: [...words],
    options: {
      url: text,
      key: text,
      'public-key': text,
      platforms: text,
      out: text,
      maintainer: text,
      'mcp-name': text,
      commit: text,
      time: text,
    },
  })
  const keyFile = values.key ?? process.env['TVAULT_RELEASE_KEY_FILE']
  const signing = keyFile === undefined ? undefined : SigningKey.parse(readFileSync(keyFile, 'utf8'))
  const named = values['public-key']
  if (signing === undefined && named === undefined) throw new Error('which key? --key FILE, or --public-key RW…')
  if (!values.url) throw new Error('where will the release be? --url https://…')
  const key = printPublicKey(signing?.publicKey ?? parsePublicKey(named ?? ''))
  // A tree without git says what it is of; it is for tests, and for who builds from the archive of the sources.
  const commit = values.commit ?? commitOf()
  const time = Number(values.time ?? process.env['SOURCE_DATE_EPOCH'] ?? git('log', '-1', '--format=%ct'))
  return {
    platforms: chosen(values.platforms),
    out: resolve(values.out ?? join(root, 'dist', 'release')),
    identity: { commit, url: values.url, key },
    signing,
    maintainer: values.maintainer ?? 'TinyVault contributors <contributors@tinyvault.invalid>',
    mcpName: values['mcp-name'] ?? 'invalid.tinyvault/tinyvault',
    time,
  }
}

/** Those for Linux, unless others are named: the programs for macOS and Windows start, but open no vault yet. */
function chosen(names: string | undefined): readonly Platform[] {
  if (names === 'all') return PLATFORMS
  return names?.split(',').map(platformNamed) ?? PLATFORMS.filter(({ system }) => system === 'linux')
}

function commitOf(): string {
  if (git('status', '--porcelain') !== '') throw new Error('files differ from the commit; a release is of a commit')
  return git('log', '-1', '--format=%h')
}

/** Makes everything for one platform and puts it into `out`. */
async function make(platform: Platform, wish: Wish, out: string): Promise<void> {
  const runtime = join(fetchPinned(platform.runtime), 'bin', platform.system === 'windows' ? 'bun.exe' : 'bun')
  const addon = join(fetchPinned(platform.addon), platform.addon.file)
  const built = await bundle(platform, wish.identity, { runtime, addon })
  const target = join(out, `.${programName(platform)}`)
  await compileProgram(target, wish.identity, platform, { runtime, addon })
  const program = readFileSync(target)
  rmSync(target)

  const components = componentsOf(built, platform)
  const { time } = wish
  const list = sbom(components, { version, platform, time })
  const made = { version, program, license: ownLicense(), notices: thirdParty(components), sbom: list, time }
  const shared = companions(version)
  const name = archiveName(version, platform.name)
  const folder = name.replace(/\.(?:tar\.gz|zip)$/, '')
  const entries: Entry[] = [
    { name: `bin/${programName(platform)}`, bytes: program, mode: 0o755 },
    ...shared.map((companion) => ({ ...companion, mode: 0o644 })),
    { name: 'LICENSE', bytes: utf8(made.license), mode: 0o644 },
    { name: 'THIRD-PARTY.txt', bytes: utf8(made.notices), mode: 0o644 },
    { name: 'sbom.cdx.json', bytes: utf8(list), mode: 0o644 },
  ].map((entry) => ({ ...entry, name: `${folder}/${entry.name}` }))
  writeFileSync(join(out, name), platform.system === 'windows' ? zip(entries, time) : tarGz(entries, time))
  writeFileSync(join(out, `${folder}.cdx.json`), list)
  const { file, bytes } = platformPackage(platform, made)
  writeFileSync(join(out, file), bytes)
  if (platform.libc === 'glibc') {
    const package_ = { ...made, platform, companions: shared, maintainer: wish.maintainer }
    writeFileSync(join(out, debianName(package_)), deb(package_))
  }
  console.log(`${platform.name.padEnd(16)} ${(program.length / 1e6).toFixed(1)} MB  sha256 ${sha256(program)}`)
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

/** The sources of the commit, for platforms without a program: what git knows of, without the history. */
function sources(time: number): Uint8Array {
  const known = Bun.spawnSync(['git', 'ls-files', '-z'], { cwd: root })
  const listed =
    known.exitCode === 0
      ? known.stdout
          .toString()
          .split('\0')
          .filter((path) => path !== '')
      : undefined
  const paths =
    listed ??
    [...new Bun.Glob('**/*').scanSync({ cwd: root, dot: true })].filter(
      (path) => !/^(?:node_modules|dist|\.)/.test(path),
    )
  const entries = paths
    .toSorted()
    .filter((path) => existsSync(join(root, path)))
    .map((path) => {
      const mode = /^(?:\.ci\/run|scripts\/install\.sh)$/.test(path) ? 0o755 : 0o644
      return { name: `tinyvault-${version}-source/${path}`, bytes: readFileSync(join(root, path)), mode }
    })
  return tarGz(entries, time)
}

/** The script with the place, the key and the version of this release in it. */
function installer({ url, key }: Required<Identity>): string {
  const text = readFileSync(join(root, 'scripts', 'install.sh'), 'utf8')
  if (/['\\\n]/.test(url)) throw new Error('the address has signs that do not belong into one')
  return text
    .replace(`'@BASE_URL@'`, `'${url}'`)
    .replace(`'@PUBLIC_KEY@'`, `'${key}'`)
    .replace(`'@VERSION@'`, `'${version}'`)
}

/** What does not belong to one platform: the sources, the script, the package that people name, and the recipes. */
function makeCommon(wish: Wish, out: string): void {
  const { time, mcpName, identity } = wish
  writeFileSync(join(out, `tinyvault-${version}-source.tar.gz`), sources(time))
  writeFileSync(join(out, 'install.sh'), installer(identity))
  const readme = readFileSync(join(root, 'scripts', 'release', 'npm.md'), 'utf8')
  const main = mainPackage(wish.platforms, { version, license: ownLicense(), readme, mcpName, time })
  writeFileSync(join(out, main.file), main.bytes)
  const released: Released = { version, url: identity.url, mcpName, sums: hashesOf(out) }
  writeFileSync(join(out, 'server.json'), mcpManifest(released))
  const names = wish.platforms.map(({ name }) => name)
  if (!names.includes('linux-x64') || !names.includes('linux-arm64')) return
  writeFileSync(join(out, 'tinyvault.rb'), homebrew(released))
  writeFileSync(join(out, 'tinyvault.nix'), nix(released))
  writeFileSync(join(out, 'Dockerfile'), dockerfile(released))
}

/** SHA-256 by name of every file that belongs to the release, sorted. */
function hashesOf(out: string): Map<string, string> {
  const names = [...new Bun.Glob('*').scanSync({ cwd: out })].filter((name) => !name.startsWith(SUMS)).toSorted()
  return new Map(names.map((name) => [name, sha256(readFileSync(join(out, name)))]))
}

/** Makes the release beside `out` and puts it there when it is complete. */
async function release(wish: Wish): Promise<void> {
  freshWasm()
  mkdirSync(dirname(wish.out), { recursive: true })
  const work = mkdtempSync(join(dirname(wish.out), '.release-'))
  try {
    for (const platform of wish.platforms) await make(platform, wish, work)
    makeCommon(wish, work)
    const sums = utf8([...hashesOf(work)].map(([name, hash]) => `${hash}  ${name}\n`).join(''))
    writeFileSync(join(work, SUMS), sums)
    if (wish.signing)
      writeFileSync(join(work, SIGNATURE), wish.signing.sign(sums, `tinyvault ${version} ${wish.identity.commit}`))
    chmodSync(work, 0o755)
    rmSync(wish.out, { recursive: true, force: true })
    renameSync(work, wish.out)
  } finally {
    rmSync(work, { recursive: true, force: true })
    wish.signing?.wipe()
  }
  const untried = wish.platforms.filter(({ system }) => system !== 'linux').map(({ name }) => name)
  console.log(`${wish.out}: version ${version} of ${wish.identity.commit}, ${wish.signing ? 'signed' : 'NOT signed'}`)
  if (untried.length > 0) console.log(`made, but never run, since that cannot be done on Linux: ${untried.join(', ')}`)
}

if (import.meta.main) {
  if (process.argv.includes('--help')) {
    console.log(USAGE)
    process.exit(0)
  }
  try {
    await release(parse(process.argv.slice(2)))
  } catch (error) {
    console.error(error instanceof AggregateError ? error.errors.map(String).join('\n') : String(error))
    process.exitCode = 1
  }
}
