// The file in memory by which a process hands a block to the one it starts. It holds values: whoever takes it empties it.
import { closeSync, fstatSync, ftruncateSync, readSync, readlinkSync, writeSync } from 'node:fs'
import { Failure } from '../lib/errors.ts'
import { memfd } from '../lib/native.ts'
import { BLOCK_FD } from './launch-block.ts'

/** A descriptor of a file in memory with these bytes, written from its beginning. Throws `failed` when there is no room. */
export function bytesInMemory(bytes: Uint8Array): number {
  const fd = memfd('tvault')
  try {
    for (let at = 0; at < bytes.length;) at += writeSync(fd, bytes, at, bytes.length - at, at)
    return fd
  } catch (error) {
    closeSync(fd)
    throw new Failure('failed', 'there is no memory to start the program with', { cause: error })
  }
}

/** The bytes of the block that this process was given, for the caller to wipe; undefined when there is none. */
export function takeBlock(): Uint8Array | undefined {
  try {
    // Not any file that a shell left open under this number: it is going to be emptied.
    if (!readlinkSync(`/proc/self/fd/${BLOCK_FD}`).startsWith('/memfd:')) return undefined
    const bytes = new Uint8Array(fstatSync(BLOCK_FD).size)
    for (let at = 0; at < bytes.length;) {
      const count = readSync(BLOCK_FD, bytes, at, bytes.length - at, at)
      if (count === 0) break
      at += count
    }
    ftruncateSync(BLOCK_FD, 0)
    return bytes.length === 0 ? undefined : bytes
  } catch {
    return undefined
  }
}
