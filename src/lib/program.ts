// The file that is running, for those who want to fetch exactly this one again.
import { closeSync, openSync, readSync } from 'node:fs'

/** SHA-256 of the running program in hex, or undefined when it runs from source. Throws system errors. */
export function programSum(): string | undefined {
  // Inside a compiled program, modules have paths of its embedded file system.
  if (!import.meta.path.startsWith('/$bunfs/')) return undefined
  const hash = new Bun.CryptoHasher('sha256')
  const chunk = new Uint8Array(1 << 20)
  const fd = openSync('/proc/self/exe', 'r')
  try {
    for (let count = readSync(fd, chunk); count > 0; count = readSync(fd, chunk)) hash.update(chunk.subarray(0, count))
    return hash.digest('hex')
  } finally {
    closeSync(fd)
  }
}
