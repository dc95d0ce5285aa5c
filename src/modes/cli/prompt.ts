// Questions to a person; the only file that knows @clack/prompts. Clack waits for ever when it has no terminal and
// draws nonsense on a dumb one, so it gets streams on /dev/tty or is not used at all.
import { closeSync, openSync, writeSync } from 'node:fs'
import { Failure } from '../../lib/errors.ts'
import { readLine } from '../../lib/stdin.ts'
import { printable } from '../../lib/names.ts'
import type { Secret } from '../../lib/secret.ts'
import type { Ask } from '../../commands/context.ts'
import { TTY, hasTerminal, onEnding, readHidden } from './terminal.ts'

/** What the questions need to know about the process. */
export interface Surroundings {
  stdinIsTerminal: boolean
  /** TERM is `dumb` or missing: no cursor movement. */
  dumb: boolean
}

type Option = { value: string; label: string; hint?: string }

/** Asks on the terminal; see `Ask` for what each question promises. */
export class TerminalAsk implements Ask {
  readonly #around: Surroundings
  #possible: boolean | undefined

  constructor(around: Surroundings) {
    this.#around = around
  }

  get possible(): boolean {
    this.#possible ??= hasTerminal()
    return this.#possible
  }

  hidden(label: string, { lines = false } = {}): Promise<Secret> {
    return readHidden(label, { lines, marksPaste: lines && !this.#around.dumb })
  }

  async confirm(question: string): Promise<boolean> {
    if (!this.#around.stdinIsTerminal) return isYes(readLine(0))
    if (!this.possible) throw noTerminal()
    if (this.#around.dumb) return isYes(askPlainly(`${question} [y/N]: `))
    return draw<boolean>(async ({ confirm }, streams) =>
      confirm({ message: question, initialValue: false, ...streams }),
    )
  }

  async choose(question: string, options: readonly Option[], initial: readonly string[]): Promise<string[]> {
    if (!this.#around.stdinIsTerminal || !this.possible) throw noTerminal()
    if (options.length === 0) return []
    if (this.#around.dumb) return choosePlainly(question, options, initial)
    return draw<string[]>(async ({ multiselect }, streams) =>
      multiselect({
        message: question,
        options: options.map(({ value, label, hint }) => ({ value, label, ...(hint === undefined ? {} : { hint }) })),
        initialValues: [...initial],
        required: false,
        ...streams,
      }),
    )
  }
}

function noTerminal(): Failure {
  return new Failure('usage', 'there is no terminal to ask on', { hint: 'say it with flags; --help shows them' })
}

function isYes(line: string): boolean {
  return /^\s*y(es)?\s*$/i.test(line)
}

type Clack = typeof import('@clack/prompts')
type Streams = { input: NodeJS.ReadStream; output: import('node:tty').WriteStream }

/**
 * Runs one clack prompt. Standard input is the terminal here; the drawing goes to /dev/tty, because standard output may
 * be a file. (A stream of our own on /dev/tty would keep a read pending that holds the process and eats a key.)
 * Throws `cancelled` on Ctrl-C, and leaves the terminal as it was.
 */
async function draw<T>(prompt: (clack: Clack, streams: Streams) => Promise<T | symbol>): Promise<T> {
  const [clack, { WriteStream }] = await Promise.all([import('@clack/prompts'), import('node:tty')])
  const input = process.stdin
  const output = new WriteStream(openSync(TTY, 'w'))
  // A terminal that does not tell its size would be drawn one character per line.
  if (!output.columns) output.columns = 80
  if (!output.rows) output.rows = 24
  const restore = () => void input.setRawMode(false)
  const stopWatching = onEnding(restore)
  input.ref()
  try {
    const answer = await prompt(clack, { input, output })
    if (typeof answer === 'symbol') throw new Failure('cancelled', 'cancelled')
    return answer
  } finally {
    restore()
    stopWatching()
    input.pause()
    input.unref()
    output.destroy()
  }
}

/** One line from the terminal in its ordinary mode, where it edits and echoes by itself. */
function askPlainly(question: string): string {
  const out = openSync(TTY, 'w')
  const fd = openSync(TTY, 'r')
  try {
    writeSync(out, question)
    return readLine(fd)
  } finally {
    closeSync(fd)
    closeSync(out)
  }
}

function choosePlainly(question: string, options: readonly Option[], initial: readonly string[]): string[] {
  const lines = options.map(
    ({ value, label }, i) => `${initial.includes(value) ? '*' : ' '} ${i + 1}) ${printable(label)}\n`,
  )
  const answer = askPlainly(`${question}\n${lines.join('')}numbers (empty: those with *): `).trim()
  if (answer === '') return options.filter(({ value }) => initial.includes(value)).map(({ value }) => value)
  const numbers = answer.split(/[\s,]+/).map(Number)
  const chosen = options.filter((_, i) => numbers.includes(i + 1)).map(({ value }) => value)
  if (chosen.length === new Set(numbers).size) return chosen
  throw new Failure('usage', 'not numbers of the list')
}
