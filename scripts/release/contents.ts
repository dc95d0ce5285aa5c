// What is in a released program: every package of the bundle with version, license and hash, as a CycloneDX document
// for machines and as a text with the licenses for people. Taken from the bundle itself, not from package.json.
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { BuildOutput } from 'bun'
import type { Pinned, Platform } from '../platforms.ts'

const root = join(import.meta.dir, '..', '..')

export interface Component {
  name: string
  version: string
  /** An SPDX expression. */
  license: string
  /** SHA-512 of the tarball in hex, when it is known. */
  sha512?: string
  /** What its license files say. */
  text: string
}

/** Folders of the packages whose files are in the bundle, also of those inside of others, by the bundler's own list. */
function packageFolders(built: BuildOutput): string[] {
  const inputs = Object.keys(built.metafile?.inputs ?? {})
  if (inputs.length === 0) throw new Error('the bundler wrote no list of what is in the bundle')
  const folders = inputs.flatMap(
    (path) => /node_modules\/(?:.*\/node_modules\/)?(?:@[^/]+\/)?[^/]+(?=\/)/.exec(path)?.[0] ?? [],
  )
  return [...new Set(folders)].toSorted()
}

/** Everything in the program for `platform`, sorted by name. */
export function componentsOf(built: BuildOutput, platform: Platform): Component[] {
  const locked = lockedHashes()
  const installed = (path: string): Component => {
    const folder = join(root, path)
    const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
      name: string
      version: string
      license?: string
    }
    if (!license) throw new Error(`${name} does not say its license`)
    const sha512 = locked.get(`${name}@${version}`)
    return { name, version, license, ...(sha512 && { sha512 }), text: licenseText(folder) }
  }
  const pinned = ({ name, version, integrity }: Pinned, license: string, text: string): Component => {
    return { name, version, license, sha512: hex(integrity), text }
  }
  const lmdb = installed('node_modules/lmdb')
  return [
    ...packageFolders(built).map(installed),
    // Its library is part of both modules of wasm/.
    installed('node_modules/assemblyscript'),
    pinned(platform.addon, lmdb.license, `The LMDB library and its binding. ${lmdb.text}`),
    pinned(
      platform.runtime,
      'MIT AND LGPL-2.0-or-later',
      'Bun is under the MIT license. It contains JavaScriptCore and WebKit (LGPL 2) and other libraries; their licenses\nand sources are named in the documents of Bun.\n',
    ),
  ].toSorted((a, b) => (a.name < b.name ? -1 : 1))
}

function licenseText(folder: string): string {
  const names = readdirSync(folder).filter((name) => /^(?:licen[cs]e|copying|notice)/i.test(name))
  return names
    .toSorted()
    .map((name) => readFileSync(join(folder, name), 'utf8').trim())
    .join('\n\n')
}

/** SHA-512 in hex by `name@version`, from the lock file. */
function lockedHashes(): Map<string, string> {
  const text = readFileSync(join(root, 'bun.lock'), 'utf8')
  const rows = text.matchAll(/^ {4}"[^"]+": \["([^"]+)",.*"(sha512-[^"]+)"\],$/gm)
  return new Map([...rows].map(([, name = '', integrity = '']) => [name, hex(integrity)]))
}

function hex(integrity: string): string {
  return Buffer.from(integrity.replace('sha512-', ''), 'base64').toString('hex')
}

/** Identifier of a package of npm (purl). */
function purl(name: string, version: string): string {
  return `pkg:npm/${name.replace('@', '%40')}@${version}`
}

/** A CycloneDX 1.6 document. Equal input gives equal bytes: its number follows from its content. */
export function sbom(
  components: readonly Component[],
  about: { version: string; platform: Platform; time: number },
): string {
  const product = purl('tinyvault', about.version)
  const listed = components.map(({ name, version, license, sha512 }) => ({
    type: 'library',
    'bom-ref': purl(name, version),
    name,
    version,
    ...(sha512 && { hashes: [{ alg: 'SHA-512', content: sha512 }] }),
    licenses: [/ |\(/.test(license) ? { expression: license } : { license: { id: license } }],
    purl: purl(name, version),
  }))
  const rest = {
    version: 1,
    metadata: {
      timestamp: new Date(about.time * 1000).toISOString(),
      component: {
        type: 'application',
        'bom-ref': product,
        name: 'tinyvault',
        version: about.version,
        licenses: [{ license: { id: 'MIT' } }],
        purl: product,
        properties: [{ name: 'platform', value: about.platform.name }],
      },
    },
    components: listed,
    dependencies: [{ ref: product, dependsOn: listed.map((component) => component['bom-ref']) }],
  }
  const digest = createHash('sha256').update(JSON.stringify(rest)).digest('hex')
  const number = `${digest.slice(0, 8)}-${digest.slice(8, 12)}-5${digest.slice(13, 16)}-8${digest.slice(17, 20)}-${digest.slice(20, 32)}`
  const document = { bomFormat: 'CycloneDX', specVersion: '1.6', serialNumber: `urn:uuid:${number}`, ...rest }
  return `${JSON.stringify(document, undefined, 2)}\n`
}

/** The licenses of everything in the program, one after the other. */
export function thirdParty(components: readonly Component[]): string {
  const head = 'tvault contains these packages. Each is under its own license.\n'
  const parts = components.map(
    ({ name, version, license, text }) => `${name} ${version} (${license})\n\n${text.trim()}\n`,
  )
  return [head, ...parts].join(`\n${'-'.repeat(72)}\n\n`)
}

/** Our own license. Throws when it is not there. */
export function ownLicense(): string {
  const path = join(root, 'LICENSE')
  if (!existsSync(path)) throw new Error('LICENSE is missing')
  return readFileSync(path, 'utf8')
}
