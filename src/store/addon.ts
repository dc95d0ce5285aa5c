// Loads the LMDB addon of the compiled program from memory. Bun's own way writes it to a predictable file in $TMPDIR
// and trusts whatever of the right size lies there later; an anonymous file in memory has no name to plant at.
import { closeSync, readFileSync, writeSync } from 'node:fs'
import { memfd } from '../lib/native.ts'

/** The exports of the addon embedded at `path`. Throws when the kernel allows no executable memory file. */
export function loadAddon(path: string): unknown {
  const bytes = readFileSync(path)
  const fd = memfd('lmdb')
  try {
    for (let at = 0; at < bytes.length;) at += writeSync(fd, bytes, at)
    const holder: { exports: unknown } = { exports: {} }
    process.dlopen(holder as Parameters<typeof process.dlopen>[0], `/proc/self/fd/${fd}`)
    return holder.exports
  } finally {
    closeSync(fd)
  }
}
