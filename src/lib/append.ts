// Appending to a file that another program owns and reads, such as the variables of a CI job. Nothing is created,
// no link is followed, and nothing that could make us wait is opened.
import { closeSync, constants, fstatSync, openSync, writeSync } from 'node:fs'
import { checkRegular, fileFailure } from './files.ts'

/** Appends all of `bytes` to the regular file `path`. Throws `failed` when it is missing or anything else. */
export function appendSafely(path: string, bytes: Uint8Array): void {
  try {
    const flags = constants.O_WRONLY | constants.O_APPEND | constants.O_NOFOLLOW | constants.O_NONBLOCK
    const fd = openSync(path, flags)
    try {
      checkRegular(path, fstatSync(fd))
      for (let at = 0; at < bytes.length;) at += writeSync(fd, bytes, at)
    } finally {
      closeSync(fd)
    }
  } catch (error) {
    throw fileFailure(error, path, 'write')
  }
}
