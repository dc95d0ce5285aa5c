// How lmdb comes into the binary: its native addon is embedded as plain bytes and loaded from memory
// (src/store/addon.ts), and the parts of its dependencies that would search the disk at run time are replaced.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { BunPlugin } from 'bun'
import { withoutDebugging } from './elf.ts'
import type { Platform } from './platforms.ts'
import { silence } from './runtime.ts'

const root = join(import.meta.dir, '..')
const NAMESPACE = 'lmdb-native'

/** What LMDB itself prints on standard error when a disk is full, without a line end: our own message would hang on it. */
const CHATTER = 'Write error: %s position'

/**
 * A copy of the addon at `source` under dist/native, without what only debuggers read. The suffix is not `.node`,
 * which Bun would treat in its own way: write it to the temporary directory and load it from there.
 */
function prepareAddon(platform: Platform, source: string): string {
  const target = join(root, 'dist', 'native', `lmdb-${platform.name}.bin`)
  const bytes = withoutDebugging(readFileSync(source))
  // A library for macOS is signed, and one for Windows says nothing.
  if (platform.system === 'linux' && silence(bytes, [CHATTER])[CHATTER] !== 1)
    throw new Error(`the addon of lmdb does not print "${CHATTER}" any more`)
  mkdirSync(dirname(target), { recursive: true })
  writeFileSync(target, bytes)
  return target
}

const addonLoader = (addon: string): string => `
import path from ${JSON.stringify(addon)} with { type: 'file' }
import { loadAddon } from ${JSON.stringify(join(root, 'src', 'store', 'addon.ts'))}
const addon = await loadAddon(path)
export default () => addon
`

/** Values are bytes, so the encoder that lmdb would use for objects is never made. */
const NO_ENCODER = `export class Encoder { constructor() { throw new Error('objects are not stored') } }`

/** The addon of `platform` is the one in its package, or lies at `addon`. */
export function lmdbPlugin(platform: Platform, addon?: string): BunPlugin {
  const { name, file } = platform.addon
  return {
    name: 'lmdb-native',
    setup(build) {
      build.onResolve({ filter: /^node-gyp-build-optional-packages$/ }, ({ importer }) => ({
        path: importer.includes('/lmdb/') ? 'addon' : 'nothing',
        namespace: NAMESPACE,
      }))
      build.onResolve({ filter: /^msgpackr-extract$/ }, () => ({ path: 'nothing', namespace: NAMESPACE }))
      build.onResolve({ filter: /^msgpackr$/ }, () => ({ path: 'encoder', namespace: NAMESPACE }))
      build.onLoad({ filter: /.*/, namespace: NAMESPACE }, ({ path }) => {
        if (path === 'addon') {
          const prepared = prepareAddon(platform, addon ?? Bun.resolveSync(`${name}/${file}`, root))
          return { contents: addonLoader(prepared), loader: 'ts' }
        }
        if (path === 'encoder') return { contents: NO_ENCODER, loader: 'js' }
        return { contents: 'module.exports = undefined', loader: 'js' }
      })
    },
  }
}
