// Our terminal while a program on another one is shown on it. In raw mode every key goes to the other terminal, which
// makes signals and echo of them itself. The rule: whatever ends us, our terminal gets its settings back.
import { isTerminal, terminalSize } from '../lib/native.ts'
import {
  isForeground,
  rawSettings,
  setTerminal,
  terminalSettings,
  withoutOutputChanges,
} from '../lib/native-terminal.ts'
import type { Screen } from './signals.ts'

const [STDIN, STDOUT] = [0, 1]
const NO_SETTINGS = new Uint8Array(0)

export class OwnTerminal implements Screen {
  /** Whether standard input is a terminal, so that keys can be passed on. */
  readonly hasKeys = isTerminal(STDIN)
  readonly #settings = terminalSettings(this.hasKeys ? STDIN : STDOUT)
  #terminal: Bun.Terminal | undefined
  #engaged = false
  #reading = false
  readonly #atExit = () => this.disengage()

  /** Columns and rows for a terminal like ours. */
  get size(): { cols: number; rows: number } {
    const { columns, rows } = terminalSize(STDOUT) ?? { columns: 80, rows: 24 }
    return { cols: columns, rows: rows || 24 }
  }

  /** Settings for a terminal that is shown on ours. Where ours stays as it is, it alone changes what is written. */
  get settings(): Uint8Array {
    if (!this.#settings) return NO_SETTINGS
    return this.hasKeys ? this.#settings : withoutOutputChanges(this.#settings)
  }

  /** From now on what is typed goes to `terminal`. */
  attach(terminal: Bun.Terminal): void {
    this.#terminal = terminal
    process.on('exit', this.#atExit)
    this.engage()
  }

  detach(): void {
    this.disengage()
    process.off('exit', this.#atExit)
    this.#terminal = undefined
  }

  engaged(): boolean {
    return this.#engaged
  }

  engage(): void {
    // In the background the kernel would stop us for touching the terminal.
    if (!this.#terminal || !this.hasKeys || !this.#settings || !isForeground(STDIN)) return
    setTerminal(STDIN, rawSettings(this.#settings))
    this.#engaged = true
    if (!this.#reading) void this.#passKeys()
  }

  disengage(): void {
    if (!this.#engaged || !this.#settings) return
    this.#engaged = false
    setTerminal(STDIN, this.#settings)
  }

  resize(): void {
    const { cols, rows } = this.size
    if (this.#terminal?.closed === false) this.#terminal.resize(cols, rows)
  }

  type(key: string): void {
    if (this.#terminal?.closed === false) this.#terminal.write(key)
  }

  async #passKeys(): Promise<void> {
    this.#reading = true
    try {
      for await (const keys of Bun.stdin.stream()) {
        if (this.#terminal?.closed !== false) return
        this.#terminal.write(keys)
        // They may be a passphrase.
        keys.fill(0)
      }
    } catch {
      // Our terminal has gone away; a signal tells us too.
    }
  }
}
