// The only way to file descriptors 1 and 2. Every write is checked: a full disk is an error, a reader that went
// away (EPIPE) ends the program quietly. process.stdout costs 9 ms to touch and is not used (design/bun.md 2).
import { writeSync } from 'node:fs'
import { Failure, systemCode } from './errors.ts'

/** Writes everything to `fd`. Ends the process with 141 (128 + SIGPIPE) when the reader is gone; throws `failed` otherwise. */
function write(fd: 1 | 2, data: Uint8Array | string): void {
  const bytes = typeof data === 'string' ? Buffer.from(data) : data
  for (let at = 0; at < bytes.length;) {
    try {
      at += writeSync(fd, bytes, at)
    } catch (error) {
      const code = systemCode(error)
      if (code === 'EAGAIN') Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2)
      else if (code === 'EPIPE') process.exit(141)
      else
        throw new Failure(
          'failed',
          `cannot write to ${fd === 1 ? 'standard output' : 'standard error'}: ${code ?? 'unknown error'}`,
        )
    }
  }
}

/** Data for the caller: standard output. */
export function out(data: Uint8Array | string): void {
  write(1, data)
}

/** Notes, prompts and errors: standard error. */
export function err(data: string): void {
  write(2, data)
}
