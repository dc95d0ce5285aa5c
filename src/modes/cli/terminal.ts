// Hidden input from the terminal, as bytes. It talks to /dev/tty, so standard input may be a pipe with data in it.
// The rule: whatever happens (answer, Ctrl-C, SIGTERM, hang-up), the terminal gets its echo back.
import { closeSync, constants, openSync, read, writeSync } from 'node:fs'
import { Failure, systemCode } from '../../lib/errors.ts'
import { Secret } from '../../lib/secret.ts'

export const TTY = '/dev/tty'
const MAX_BYTES = 1_048_576
/** Signals that end us while the terminal is silent, and their numbers. */
const ENDING = { SIGTERM: 15, SIGHUP: 1, SIGINT: 2, SIGQUIT: 3 } as const

/** Whether this process has a terminal on which a person could answer. */
export function hasTerminal(): boolean {
  try {
    closeSync(openSync(TTY, 'r+'))
    return true
  } catch {
    return false
  }
}

/**
 * Shows `label` on the terminal and reads one line without echo: UTF-8, backspace removes a character, Ctrl-U all.
 * Throws `cancelled` on Ctrl-C, Ctrl-D and when the terminal goes away, `locked` when there is none.
 */
export async function readHidden(label: string): Promise<Secret> {
  const { disableEcho } = await import('../../lib/native.ts')
  const fd = openTerminal()
  const restoreEcho = disableEcho(fd)
  const restore = once(() => {
    restoreEcho()
    say(fd, '\n')
  })
  const stopWatching = onEnding(restore)
  const line = new Line()
  try {
    say(fd, label)
    return await line.from(fd)
  } finally {
    line.wipe()
    restore()
    stopWatching()
    closeSync(fd)
  }
}

function openTerminal(): number {
  try {
    return openSync(TTY, constants.O_RDWR | constants.O_NOCTTY)
  } catch {
    throw new Failure('locked', 'there is no terminal to ask on')
  }
}

function once(act: () => void): () => void {
  let done = false
  return () => {
    if (done) return
    done = true
    act()
  }
}

function say(fd: number, words: string): void {
  try {
    writeSync(fd, words)
  } catch {
    // The terminal is gone: there is nobody to tell.
  }
}

/** Calls `restore` and ends the process with 128 + n when a signal arrives. Returns how to stop listening. */
export function onEnding(restore: () => void): () => void {
  const listeners = Object.entries(ENDING).map(([signal, number]) => {
    const listener = () => {
      restore()
      process.exit(128 + number)
    }
    process.on(signal, listener)
    return () => process.off(signal, listener)
  })
  return () => {
    for (const stop of listeners) stop()
  }
}

/** The line that is being typed. */
class Line {
  #bytes = new Uint8Array(1024)
  #size = 0

  /** Reads from `fd` to the end of the line. */
  async from(fd: number): Promise<Secret> {
    const chunk = new Uint8Array(256)
    try {
      for (;;) {
        // Not readSync: signal handlers run only while the event loop does.
        const count = await readSome(fd, chunk)
        if (count === 0) throw cancelled()
        for (const byte of chunk.subarray(0, count)) {
          if (this.#take(byte)) return new Secret(this.#bytes.slice(0, this.#size))
        }
      }
    } finally {
      chunk.fill(0)
    }
  }

  wipe(): void {
    this.#bytes.fill(0)
    this.#size = 0
  }

  /** Handles one typed byte; true at the end of the line. */
  #take(byte: number): boolean {
    if (byte === ENTER || byte === NEWLINE) return true
    if (byte === CTRL_C || byte === CTRL_D) throw cancelled()
    if (byte === DELETE || byte === BACKSPACE) this.#dropCharacter()
    else if (byte === CTRL_U) this.wipe()
    else if (byte >= 0x20 || byte === TAB) this.#append(byte)
    return false
  }

  #dropCharacter(): void {
    while (this.#size > 0) {
      const dropped = this.#bytes[--this.#size] ?? 0
      this.#bytes[this.#size] = 0
      if ((dropped & 0xc0) !== 0x80) return
    }
  }

  #append(byte: number): void {
    if (this.#size === MAX_BYTES) throw new Failure('usage', `the line is longer than ${MAX_BYTES} bytes`)
    if (this.#size === this.#bytes.length) {
      const larger = new Uint8Array(this.#bytes.length * 2)
      larger.set(this.#bytes)
      this.#bytes.fill(0)
      this.#bytes = larger
    }
    this.#bytes[this.#size++] = byte
  }
}

const CTRL_C = 3
const CTRL_D = 4
const BACKSPACE = 8
const TAB = 9
const NEWLINE = 10
const ENTER = 13
const CTRL_U = 21
const DELETE = 127

function cancelled(): Failure {
  return new Failure('cancelled', 'cancelled')
}

/** Bytes read; 0 when the terminal was hung up. */
function readSome(fd: number, into: Uint8Array): Promise<number> {
  return new Promise((resolve, reject) => {
    read(fd, into, 0, into.length, null, (error, count) => {
      if (!error) resolve(count)
      else if (systemCode(error) === 'EIO') resolve(0)
      else reject(error)
    })
  })
}
