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

/** What a terminal sends before and after a paste when it was asked to mark it (xterm, "bracketed paste"). */
const MARK_PASTE = '\u001b[?2004h'
const MARK_NO_PASTE = '\u001b[?2004l'
const PASTE_BEGINS = '200~'
const PASTE_ENDS = '201~'

export interface HiddenOptions {
  /** A paste of several lines is one value, without one line end at its end. */
  lines: boolean
  /** The terminal may be asked to mark what is pasted. */
  marksPaste: boolean
}

/**
 * Shows `label` on the terminal and reads one line without echo: UTF-8, backspace removes a character, Ctrl-U all.
 * Throws `cancelled` on Ctrl-C, Ctrl-D and when the terminal goes away, `locked` when there is none, and with `lines`
 * `usage` when several lines came at once from a terminal that does not mark pastes: the first is not the value.
 */
export async function readHidden(label: string, { lines, marksPaste }: HiddenOptions): Promise<Secret> {
  const { disableEcho } = await import('../../lib/native.ts')
  const fd = openTerminal()
  const restoreEcho = disableEcho(fd)
  const restore = once(() => {
    restoreEcho()
    say(fd, marksPaste ? `${MARK_NO_PASTE}\n` : '\n')
  })
  const stopWatching = onEnding(restore)
  const line = new Line(lines)
  try {
    say(fd, marksPaste ? `${MARK_PASTE}${label}` : label)
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

/** The line that is being typed, or what is being pasted. */
class Line {
  readonly #lines: boolean
  #bytes = new Uint8Array(1024)
  #size = 0
  /** What came of a control sequence (arrow keys, marks of a paste) after its `ESC [`. */
  #sequence: string | undefined
  #escaped = false
  #pasting = false
  #pasted = false

  constructor(lines: boolean) {
    this.#lines = lines
  }

  /** Reads from `fd` to the end of the line. */
  async from(fd: number): Promise<Secret> {
    const chunk = new Uint8Array(256)
    try {
      for (;;) {
        // Not readSync: signal handlers run only while the event loop does.
        const count = await readSome(fd, chunk)
        if (count === 0) throw cancelled()
        for (const [at, byte] of chunk.subarray(0, count).entries()) {
          if (!this.#take(byte)) continue
          if (this.#lines && chunk.subarray(at + 1, count).some((later) => later > ENTER)) throw severalLines()
          return new Secret(this.#bytes.slice(0, this.#sizeOfValue()))
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

  /** As with --stdin: one line end at the end of a paste belongs to the paste, not to the value. */
  #sizeOfValue(): number {
    return this.#pasted && this.#bytes[this.#size - 1] === NEWLINE ? this.#size - 1 : this.#size
  }

  /** Handles one typed byte; true at the end of the line. */
  #take(byte: number): boolean {
    if (this.#sequence !== undefined) return this.#follow(this.#sequence, byte)
    const escaped = this.#escaped
    this.#escaped = byte === ESCAPE
    if (escaped && byte === BRACKET) this.#sequence = ''
    else if (this.#pasting) this.#takePasted(byte)
    else if (byte === ENTER || byte === NEWLINE) return true
    else if (byte === CTRL_C || byte === CTRL_D) throw cancelled()
    else if (byte === DELETE || byte === BACKSPACE) this.#dropCharacter()
    else if (byte === CTRL_U) this.wipe()
    else if (byte >= 0x20 || byte === TAB) this.#append(byte)
    return false
  }

  /** A control sequence ends with a byte from `@` on; longer ones than any key sends are cut off. */
  #follow(sequence: string, byte: number): false {
    const longer = sequence + String.fromCharCode(byte)
    this.#sequence = byte < 0x40 && longer.length < LONGEST_SEQUENCE ? longer : undefined
    if (longer === PASTE_BEGINS) this.#pasting = this.#pasted = this.#lines
    if (longer === PASTE_ENDS) this.#pasting = false
    return false
  }

  /** Terminals send a carriage return for a line end; mostly the kernel has made a newline of it already. */
  #takePasted(byte: number): void {
    if (byte === ENTER) this.#append(NEWLINE)
    else if (byte === NEWLINE || byte === TAB || byte >= 0x20) this.#append(byte)
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
const ESCAPE = 27
const BRACKET = 0x5b
const LONGEST_SEQUENCE = 16
const DELETE = 127

function cancelled(): Failure {
  return new Failure('cancelled', 'cancelled')
}

function severalLines(): Failure {
  return new Failure('usage', 'several lines came at once, and this terminal does not mark what is pasted', {
    hint: 'tvault set KEY --stdin, or --from-file FILE, takes a value of several lines',
  })
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
