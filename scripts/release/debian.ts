// A deb (deb(5)) without the tools of Debian, so that every machine makes the same bytes. The program is not stripped,
// because that would take our part of it away.
import { createHash } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import { utf8 } from '../../src/lib/bytes.ts'
import { ar, tarGz } from './archive.ts'
import type { Entry } from './archive.ts'
import type { Companion } from './companions.ts'
import type { Platform } from '../platforms.ts'

export interface Debian {
  platform: Platform
  version: string
  /** Who answers for the package, `Name <address>`. */
  maintainer: string
  program: Uint8Array
  companions: readonly Companion[]
  license: string
  sbom: string
  time: number
}

const ARCHITECTURES = { x64: 'amd64', arm64: 'arm64' } as const

/** Its name as a file. */
export function debianName({ version, platform }: Pick<Debian, 'version' | 'platform'>): string {
  return `tinyvault_${version}_${ARCHITECTURES[platform.architecture]}.deb`
}

/** The bytes of the deb. Only for Linux with glibc. */
export function deb(made: Debian): Uint8Array {
  const { time } = made
  const files = contents(made)
  const size = files.reduce((sum, { bytes }) => sum + Math.ceil(bytes.length / 1024), 0)
  const sums = files.map(({ name, bytes }) => `${createHash('md5').update(bytes).digest('hex')}  ${name}\n`).join('')
  const control: Entry[] = [
    { name: './', bytes: new Uint8Array(0), mode: 0o755 },
    { name: './control', bytes: utf8(controlFile(made, size)), mode: 0o644 },
    { name: './md5sums', bytes: utf8(sums), mode: 0o644 },
  ]
  const members = [
    { name: 'debian-binary', bytes: utf8('2.0\n') },
    { name: 'control.tar.gz', bytes: tarGz(control, time) },
    { name: 'data.tar.gz', bytes: tarGz([...foldersOf(files), ...files.map(dotted)], time) },
  ]
  return ar(members, time)
}

const dotted = (entry: Entry): Entry => ({ ...entry, name: `./${entry.name}` })

function controlFile({ version, platform, maintainer }: Debian, size: number): string {
  return `Package: tinyvault
Version: ${version.replace('-', '~')}
Architecture: ${ARCHITECTURES[platform.architecture]}
Maintainer: ${maintainer}
Installed-Size: ${size}
Depends: libc6 (>= 2.34), libstdc++6 (>= 11)
Section: utils
Priority: optional
Description: local-first secrets vault
 tvault keeps secrets in one encrypted file on this machine and gives them to
 the programs that need them, without a server and without an account.
`
}

function contents({ program, companions, license, sbom }: Debian): Entry[] {
  const places: [RegExp, string][] = [
    [/^share\/man\/man1\/(.*)$/, 'usr/share/man/man1/$1.gz'],
    [/^share\/zsh\/site-functions\/(.*)$/, 'usr/share/zsh/vendor-completions/$1'],
    [/^share\/(.*)$/, 'usr/share/$1'],
  ]
  const shared = companions.map(({ name, bytes }): Entry => {
    const [pattern, place] = places.find(([known]) => known.test(name)) ?? [/^/, 'usr/']
    const target = name.replace(pattern, place)
    return { name: target, bytes: target.endsWith('.gz') ? gzip(bytes) : bytes, mode: 0o644 }
  })
  const documents = 'usr/share/doc/tinyvault'
  return [
    { name: 'usr/bin/tvault', bytes: program, mode: 0o755 },
    ...shared,
    { name: `${documents}/copyright`, bytes: utf8(license), mode: 0o644 },
    { name: `${documents}/sbom.cdx.json`, bytes: utf8(sbom), mode: 0o644 },
  ]
}

function gzip(bytes: Uint8Array): Uint8Array {
  const packed = gzipSync(bytes, { level: 9 })
  packed[9] = 255
  return packed
}

/** Every folder on the way to the files, outermost first. */
function foldersOf(files: readonly Entry[]): Entry[] {
  const names = new Set(['./'])
  for (const { name } of files) {
    const parts = name.split('/').slice(0, -1)
    parts.forEach((_, index) => names.add(`./${parts.slice(0, index + 1).join('/')}/`))
  }
  return [...names].toSorted().map((name) => ({ name, bytes: new Uint8Array(0), mode: 0o755 }))
}
