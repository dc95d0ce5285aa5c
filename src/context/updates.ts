// Newer versions of this program, looked for only when a person asks: signature first, then version, then the hash of
// the archive, and only then is anything unpacked or written.
import type { Offer, Updates } from '../commands/update-access.ts'
import { latin1, text } from '../lib/bytes.ts'
import { build } from '../lib/build.ts'
import { Failure } from '../lib/errors.ts'
import { printable } from '../lib/names.ts'
import { programFile } from '../lib/program.ts'
import { archiveName, release, SIGNATURE, SUMS } from '../lib/release.ts'
import { openSource } from './update-source.ts'

const MOST = { sums: 65_536, signature: 4096, archive: 268_435_456, unpacked: 536_870_912 }
const VERSION = /^v?(\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?)$/

/** The newest release at `from`, or the one that is asked for. `key` is a public key of minisign. */
export const updates: Updates = {
  async look({ from = release.url, key = release.key, version: wanted }) {
    if (from === '') {
      throw new Failure('failed', 'this build does not know where newer ones are', {
        hint: 'name the place: tvault self-update --from https://… or a directory',
      })
    }
    const known = await publicKey(key)
    const asked = wanted === undefined ? undefined : VERSION.exec(wanted)?.[1]
    if (wanted !== undefined && asked === undefined)
      throw new Failure('usage', `${printable(wanted)} is no version`, { hint: 'a version is 1.2.3 or v1.2.3' })
    const folder = asked === undefined ? '' : `v${asked}/`
    const source = openSource(from)
    const sums = await source(`${folder}${SUMS}`, MOST.sums)
    const { verifySignature } = await import('../crypto/minisign.ts')
    verifySignature(sums, latin1(await source(`${folder}${SIGNATURE}`, MOST.signature)), known)
    const { version, sha256 } = findArchive(text(sums) ?? '')
    if (asked !== undefined && asked !== version)
      throw new Failure('corrupt', `version ${asked} was asked for, and ${version} is there`)
    const order = Bun.semver.order(version, build.version)
    const file = archiveName(version, release.platform)
    const install = async (): Promise<{ path: string }> => {
      const place = programFile()
      if (place === undefined)
        throw new Failure('failed', 'this program runs from its sources; there is none to replace')
      const { checkPlace, replaceCompanions, replaceProgram } = await import('./update-place.ts')
      checkPlace(place)
      const files = await unpack(await source(`${folder}${file}`, MOST.archive), sha256, version)
      const program = files.get('bin/tvault')
      if (program === undefined) throw new Failure('corrupt', 'the archive holds no program')
      await replaceProgram(place, program, version)
      replaceCompanions(place, files)
      return { path: place }
    }
    return { current: build.version, version, order, install } satisfies Offer
  },
}

async function publicKey(key: string) {
  if (key === '') {
    throw new Failure('failed', 'this build does not know the key that releases are signed with', {
      hint: 'give the public key of who released it: tvault self-update --key RW…',
    })
  }
  const { parsePublicKey } = await import('../crypto/minisign.ts')
  return parsePublicKey(key)
}

/** The line of `sums` for this platform. Throws `corrupt` unless there is exactly one. */
function findArchive(sums: string): { version: string; sha256: string } {
  const ours = sums.split('\n').flatMap((line) => {
    const [, sha256 = '', name = ''] = /^([0-9a-f]{64}) [ *](\S+)$/.exec(line) ?? []
    const version = /^tinyvault-(\d.*?)-(?=(?:linux|darwin|windows)-)/.exec(name)?.[1] ?? ''
    return VERSION.test(version) && name === archiveName(version, release.platform) ? [{ version, sha256 }] : []
  })
  const [only] = ours
  if (only && ours.length === 1) return only
  throw new Failure('failed', `the release has ${ours.length} archives for ${release.platform || 'this platform'}`)
}

/** The files below the one folder of the archive. Throws `corrupt` when its bytes are not those that were signed. */
async function unpack(archive: Uint8Array, sha256: string, version: string): Promise<Map<string, Uint8Array>> {
  if (new Bun.CryptoHasher('sha256').update(archive).digest('hex') !== sha256)
    throw new Failure('corrupt', 'the archive is not the one that was signed: its SHA-256 differs')
  const [{ gunzipSync }, { readTar }] = await Promise.all([import('node:zlib'), import('../formats/tar.ts')])
  const folder = `tinyvault-${version}-${release.platform}/`
  const files = [...readTar(gunzipSync(archive, { maxOutputLength: MOST.unpacked }))]
  return new Map(
    files.flatMap(([name, bytes]) => (name.startsWith(folder) ? [[name.slice(folder.length), bytes]] : [])),
  )
}
