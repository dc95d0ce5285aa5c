// How kdbxweb comes into the binary: from its sources, because its bundle carries a copy of a compression library that
// starts Workers, and with the compression of the runtime, which refuses to unpack more than it is told.
import { join } from 'node:path'
import type { BunPlugin } from 'bun'

const root = join(import.meta.dir, '..')
const NAMESPACE = 'kdbx-gzip'
/** The largest database that is unpacked, in bytes. */
const MAX_BYTES = 268_435_456

const GZIP = `import { gunzipSync as unpack, gzipSync as pack } from 'node:zlib'
export const gunzipSync = (bytes) => new Uint8Array(unpack(bytes, { maxOutputLength: ${MAX_BYTES} }))
export const gzipSync = (bytes) => new Uint8Array(pack(bytes))
`

export const kdbxPlugin: BunPlugin = {
  name: 'kdbx-gzip',
  setup(build) {
    build.onResolve({ filter: /^kdbxweb$/ }, () => ({ path: join(root, 'node_modules', 'kdbxweb', 'lib', 'index.ts') }))
    build.onResolve({ filter: /^fflate$/ }, ({ importer }) => {
      if (!importer.includes('/kdbxweb/')) return undefined
      return { path: 'gzip', namespace: NAMESPACE }
    })
    build.onLoad({ filter: /.*/, namespace: NAMESPACE }, () => ({ contents: GZIP, loader: 'js' }))
  },
}
