// Reading from descriptors that are streams: pipes, terminals, standard input. process.stdin is never touched: it
// costs milliseconds, and it switches the descriptor to a mode that a child would inherit.
import { readSync } from 'node:fs'
import { Failure, systemCode } from './errors.ts'
import { Secret } from './secret.ts'

const CHUNK_BYTES = 65_536
const MAX_LINE_BYTES = 4096

/** Everything up to the end of `fd`. Throws `failed` when it is more than `maxBytes` bytes; our buffers are wiped. */
export function readToEnd(fd: number, maxBytes: number, name = 'standard input'): Secret {
  let buffer = new Uint8Array(CHUNK_BYTES)
  let size = 0
  try {
    for (;;) {
      if (size === buffer.length) {
        const larger = new Uint8Array(buffer.length * 2)
        larger.set(buffer)
        buffer.fill(0)
        buffer = larger
      }
      const count = readSome(fd, buffer, size, Math.min(buffer.length - size, CHUNK_BYTES))
      if (count === 0) return new Secret(buffer.slice(0, size))
      size += count
      if (size > maxBytes) throw new Failure('failed', `${name} exceeds the limit of ${maxBytes} bytes`)
    }
  } finally {
    buffer.fill(0)
  }
}

/** One line without its end, byte by byte so that nothing behind it is swallowed; the end of input ends it too. */
export function readLine(fd: number): string {
  const bytes = new Uint8Array(MAX_LINE_BYTES)
  let size = 0
  while (size < bytes.length && readSome(fd, bytes, size, 1) === 1 && bytes[size] !== 0x0a) size++
  return new TextDecoder().decode(bytes.subarray(0, size))
}

/** Like read(2), and waits where the descriptor would not. 0 is the end of input. */
export function readSome(fd: number, into: Uint8Array, at: number, length: number): number {
  for (;;) {
    try {
      return readSync(fd, into, at, length, null)
    } catch (error) {
      const code = systemCode(error)
      if (code === 'EOF' || code === 'EIO') return 0
      if (code === 'EAGAIN') Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5)
      else if (code !== 'EINTR') throw new Failure('failed', `cannot read the input: ${code ?? 'unknown error'}`)
    }
  }
}
