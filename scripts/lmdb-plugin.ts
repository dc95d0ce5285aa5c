// How lmdb comes into the binary: its native addon is embedded as plain bytes and loaded from memory
// (src/store/addon.ts), and the parts of its dependencies that would search the disk at run time are replaced.
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { BunPlugin } from 'bun'
import { silence } from './runtime.ts'

const root = join(import.meta.dir, '..')
const NAMESPACE = 'lmdb-native'

/** Package and file of the addon for a platform, as lmdb publishes them. */
function addonOf(platform: string, architecture: string): string {
  return `@lmdb/lmdb-${platform}-${architecture}/${platform === 'linux' ? 'node.napi.glibc.node' : 'node.napi.node'}`
}

/** What LMDB itself prints on standard error when a disk is full, without a line end: our own message would hang on it. */
const CHATTER = 'Write error: %s position'

/**
 * A stripped copy of this platform's addon under dist/native. The suffix is not `.node`, which Bun would treat in its
 * own way: write it to the temporary directory and load it from there.
 */
function prepareAddon(): string {
  const source = Bun.resolveSync(addonOf(process.platform, process.arch), root)
  const target = join(root, 'dist', 'native', `lmdb-${process.platform}-${process.arch}.bin`)
  mkdirSync(dirname(target), { recursive: true })
  copyFileSync(source, target)
  // Debug symbols are four fifths of it. Without binutils it stays as it is.
  if (Bun.which('strip') !== null) Bun.spawnSync(['strip', '--strip-unneeded', target])
  const bytes = readFileSync(target)
  if (silence(bytes, [CHATTER])[CHATTER] !== 1)
    throw new Error(`the addon of lmdb does not print "${CHATTER}" any more`)
  writeFileSync(target, bytes)
  return target
}

const addonLoader = (): string => `
import path from ${JSON.stringify(prepareAddon())} with { type: 'file' }
import { loadAddon } from ${JSON.stringify(join(root, 'src', 'store', 'addon.ts'))}
export default () => loadAddon(path)
`

/** Values are bytes, so the encoder that lmdb would use for objects is never made. */
const NO_ENCODER = `export class Encoder { constructor() { throw new Error('objects are not stored') } }`

export const lmdbPlugin: BunPlugin = {
  name: 'lmdb-native',
  setup(build) {
    build.onResolve({ filter: /^node-gyp-build-optional-packages$/ }, ({ importer }) => ({
      path: importer.includes('/lmdb/') ? 'addon' : 'nothing',
      namespace: NAMESPACE,
    }))
    build.onResolve({ filter: /^msgpackr-extract$/ }, () => ({ path: 'nothing', namespace: NAMESPACE }))
    build.onResolve({ filter: /^msgpackr$/ }, () => ({ path: 'encoder', namespace: NAMESPACE }))
    build.onLoad({ filter: /.*/, namespace: NAMESPACE }, ({ path }) => {
      if (path === 'addon') return { contents: addonLoader(), loader: 'ts' }
      if (path === 'encoder') return { contents: NO_ENCODER, loader: 'js' }
      return { contents: 'module.exports = undefined', loader: 'js' }
    })
  },
}
