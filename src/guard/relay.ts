// Bytes on their way from a program to our own output, through the redactor. The rule: what the redactor returned is
// written before it is asked again, because it lives in memory that is used again.
import { closeSync, write, writeSync } from 'node:fs'
import { Failure, systemCode } from '../lib/errors.ts'
import type { Redactor } from './redact.ts'

/** After this time without output, somebody may be waiting for what is held back. */
export const PAUSE_MILLISECONDS = 25
const RETRY_MILLISECONDS = 2
/** The reader has gone away, or the terminal was hung up. */
const GONE = new Set(['EPIPE', 'EIO', 'ENXIO'])

/** What is left to say about a stream once it has ended. */
export type Outcome = { ok: true } | { ok: false; failure: Failure }

/**
 * Reads the pipe `from` to its end and writes to `to`. When nobody reads `to` any more the pipe is closed, so that the
 * program learns it in the usual way. `heard` is called for every piece. Closes `from`; throws nothing.
 */
export async function relayPipe(
  from: number,
  to: 1 | 2,
  redactor: Redactor,
  heard: () => void = () => undefined,
): Promise<Outcome> {
  const reader = Bun.file(from).stream().getReader()
  try {
    let next = reader.read()
    for (;;) {
      const piece = redactor.held > 0 ? await Promise.race([next, pause()]) : await next
      if (piece === 'pause') {
        await put(to, redactor.pause())
        // Only once: what is held back now stays until there is more.
        if (redactor.held > 0) await next
        continue
      }
      heard()
      if (piece.done) break
      await put(to, redactor.push(piece.value))
      piece.value.fill(0)
      next = reader.read()
    }
    await put(to, redactor.end())
    return { ok: true }
  } catch (error) {
    redactor.end()
    return endOf(error, to)
  } finally {
    await reader.cancel().catch(() => undefined)
    closeQuietly(from)
  }
}

function pause(): Promise<'pause'> {
  return new Promise((resolve) => setTimeout(() => resolve('pause'), PAUSE_MILLISECONDS))
}

/** The same for a terminal that calls with what it shows. It waits while `to` is full, and so does the program. */
export class TerminalRelay {
  readonly #redactor: Redactor
  readonly #hangUp: () => void
  #timer: ReturnType<typeof setTimeout> | undefined
  #outcome: Outcome | undefined

  /** `hangUp` is called when nobody reads standard output any more. */
  constructor(redactor: Redactor, hangUp: () => void) {
    this.#redactor = redactor
    this.#hangUp = hangUp
  }

  take(bytes: Uint8Array): void {
    clearTimeout(this.#timer)
    if (this.#outcome) return
    this.#put(() => this.#redactor.push(bytes))
    bytes.fill(0)
    if (this.#redactor.held > 0) {
      this.#timer = setTimeout(() => this.#put(() => this.#redactor.pause()), PAUSE_MILLISECONDS)
    }
  }

  end(): Outcome {
    clearTimeout(this.#timer)
    if (!this.#outcome) this.#put(() => this.#redactor.end())
    this.#redactor.end()
    return (this.#outcome ??= { ok: true })
  }

  #put(make: () => Uint8Array): void {
    try {
      putNow(1, make())
    } catch (error) {
      this.#outcome = endOf(error, 1)
      this.#hangUp()
    }
  }
}

function endOf(error: unknown, to: 1 | 2): Outcome {
  const code = systemCode(error)
  if (code !== undefined && GONE.has(code)) return { ok: true }
  const name = to === 1 ? 'standard output' : 'standard error'
  return { ok: false, failure: new Failure('failed', `cannot write to ${name}: ${code ?? 'unknown error'}`) }
}

/** Writes all, without holding up signals meanwhile. */
async function put(to: 1 | 2, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) {
    try {
      at += await new Promise<number>((resolve, reject) => {
        write(to, bytes, at, bytes.length - at, null, (error, count) => (error ? reject(error) : resolve(count)))
      })
    } catch (error) {
      if (systemCode(error) !== 'EAGAIN') throw error
      await Bun.sleep(RETRY_MILLISECONDS)
    }
  }
}

function putNow(to: 1 | 2, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) {
    try {
      at += writeSync(to, bytes, at)
    } catch (error) {
      if (systemCode(error) !== 'EAGAIN') throw error
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, RETRY_MILLISECONDS)
    }
  }
}

function closeQuietly(fd: number): void {
  try {
    closeSync(fd)
  } catch {
    // The stream has closed it.
  }
}
