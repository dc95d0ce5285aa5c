// Loads the LMDB addon of the compiled program from memory. Bun's own way writes it to a predictable file in $TMPDIR
// and trusts whatever of the right size lies there later; an anonymous file in memory has no name to plant at.
import { closeSync } from 'node:fs'
import { memfd } from '../lib/native.ts'

/**
 * The exports of the addon embedded at `path`. Throws when the kernel allows no executable memory file. By a promise,
 * because then Bun copies it from the program into the file at once: reading it first takes twice as long.
 */
export async function loadAddon(path: string): Promise<unknown> {
  const fd = memfd('lmdb')
  try {
    const size = Bun.file(path).size
    if ((await Bun.write(Bun.file(fd), Bun.file(path))) !== size) throw new Error('the addon of LMDB was cut off')
    const holder: { exports: unknown } = { exports: {} }
    process.dlopen(holder as Parameters<typeof process.dlopen>[0], `/proc/self/fd/${fd}`)
    return holder.exports
  } finally {
    closeSync(fd)
  }
}
