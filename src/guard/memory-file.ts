// A value as a file in memory, for what no environment can hold: NUL bytes, or more than 128 KiB. The file has no name
// on any disk; the program that we become inherits it open and finds it under its own number in /proc. A door.
import { closeSync, fchmodSync, writeSync } from 'node:fs'
import { Failure } from '../lib/errors.ts'
import type { Secret } from '../lib/secret.ts'

export interface MemoryFile {
  /** Good as long as this process number lives and leaves the descriptor open; also for the children of the program. */
  path: string
  close(): void
}

/** A file with the bytes of `value`, readable by its owner only. Does not wipe `value`. Throws `failed` when there is no room. */
export async function memoryFile(name: string, value: Secret): Promise<MemoryFile> {
  const { memfd } = await import('../lib/native.ts')
  let fd: number | undefined
  try {
    fd = memfd('tvault', { inherited: true })
    const bytes = value.reveal()
    for (let at = 0; at < bytes.length;) at += writeSync(fd, bytes, at)
    fchmodSync(fd, 0o400)
  } catch (error) {
    if (fd !== undefined) closeSync(fd)
    throw new Failure('failed', `the value of ${name} cannot be given as a file: the system refused`, { cause: error })
  }
  const open = fd
  return { path: `/proc/${process.pid}/fd/${open}`, close: () => closeSync(open) }
}

/** Names and copies of values, for another process to make files of; the caller wipes them. */
export function fileContents(files: readonly { name: string; value: Secret }[]): { name: string; value: Uint8Array }[] {
  return files.map(({ name, value }) => ({ name, value: new Uint8Array(value.reveal()) }))
}
