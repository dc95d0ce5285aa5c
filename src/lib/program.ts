// The program that is running, for those who want to fetch or to start exactly this one again.
import { closeSync, openSync, readSync, realpathSync } from 'node:fs'

/** Inside a compiled program, modules have paths of its embedded file system. */
const isCompiled = import.meta.path.startsWith('/$bunfs/')

/** The words that start the running program again. */
export function ownWords(): string[] {
  return isCompiled ? [process.execPath] : [process.execPath, Bun.main]
}

/** Where the running program lies, links resolved, or undefined when it runs from source. Throws system errors. */
export function programFile(): string | undefined {
  return isCompiled ? realpathSync(process.execPath) : undefined
}

/** SHA-256 of the running program in hex, or undefined when it runs from source. Throws system errors. */
export function programSum(): string | undefined {
  if (!isCompiled) return undefined
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
