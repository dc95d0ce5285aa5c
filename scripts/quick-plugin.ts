// The path of a value that an agent serves (src/context/quick-get.ts) is one piece of the binary instead of eight that
// the rest of the program shares: loading each costs a fraction of a millisecond, and this path is walked all day. It
// shares no state with the rest.
import { join } from 'node:path'
import type { BunPlugin } from 'bun'

const file = join(import.meta.dir, '..', 'src', 'context', 'quick-get.ts')

/** Puts src/context/quick-get.ts, with all that it imports, in the place of its source. */
export async function quickPlugin(): Promise<BunPlugin> {
  // Not inside of `onLoad`: a build that another build waits for never ends.
  const made = await Bun.build({ entrypoints: [file], target: 'bun', format: 'esm', minify: true, throw: true })
  const [output] = made.outputs
  if (!output) throw new Error('nothing came out of src/context/quick-get.ts')
  const contents = await output.text()
  return {
    name: 'quick',
    setup(build) {
      build.onLoad({ filter: /[\\/]src[\\/]context[\\/]quick-get\.ts$/ }, () => ({ contents, loader: 'js' }))
    },
  }
}
