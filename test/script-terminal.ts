// A program on a real pseudo-terminal, and a person in front of it who waits for words before typing.

export type Step = { expect: RegExp } | { send: string }

const KEYS: Readonly<Record<string, string>> = {
  enter: '\r',
  'ctrl-c': '\u0003',
  'ctrl-d': '\u0004',
  backspace: '\u007f',
  escape: '\u001b',
  space: ' ',
  up: '\u001b[A',
  down: '\u001b[B',
}

/** The bytes that a key sends. */
export function press(key: string): string {
  const bytes = KEYS[key]
  if (bytes === undefined) throw new Error(`unknown key: ${key}`)
  return bytes
}

interface TerminalOptions {
  cwd: string
  env: Record<string, string>
  limitSeconds: number
}

/**
 * Runs `command` on a terminal of 100 columns and follows `steps`. Both streams come back together as `stdout`,
 * without colours. Throws when an expected text does not come, or the program does not end, within the limit.
 */
export async function runInTerminal(
  command: readonly string[],
  steps: readonly Step[],
  options: TerminalOptions,
): Promise<{ code: number; stdout: Buffer; stderr: Buffer }> {
  let screen = ''
  let wake: () => void = () => {}
  const decoder = new TextDecoder()
  const child = Bun.spawn([...command], {
    cwd: options.cwd,
    env: { TERM: 'xterm-256color', ...options.env },
    terminal: {
      cols: 100,
      rows: 30,
      data(_terminal, bytes) {
        screen += decoder.decode(bytes, { stream: true })
        wake()
      },
    },
  })
  const deadline = Date.now() + options.limitSeconds * 1000
  let ended = false
  void child.exited.then(() => {
    ended = true
    wake()
  })
  const text = (): string => Bun.stripANSI(screen).replace(/\r/g, '')
  /** Resolves when the program printed something or ended; false after the deadline. */
  const news = (): Promise<boolean> =>
    new Promise((resolve) => {
      const timer = setTimeout(() => resolve(false), Math.max(0, deadline - Date.now()))
      wake = () => {
        clearTimeout(timer)
        resolve(true)
      }
    })

  let read = 0
  try {
    for (const step of steps) {
      if ('send' in step) {
        child.terminal?.write(step.send)
        continue
      }
      for (let found = step.expect.exec(text().slice(read)); ; found = step.expect.exec(text().slice(read))) {
        if (found) {
          read += found.index + found[0].length
          break
        }
        if (ended || !(await news()))
          throw new Error(`the terminal never showed ${step.expect}; it showed ${JSON.stringify(text())}`)
      }
    }
    while (!ended)
      if (!(await news()))
        throw new Error(`still running after ${options.limitSeconds} s; the terminal shows ${JSON.stringify(text())}`)
  } finally {
    if (!ended) child.kill('SIGKILL')
    await child.exited
    child.terminal?.close()
  }
  const code = child.signalCode
    ? 128 + (child.signalCode === 'SIGINT' ? 2 : child.signalCode === 'SIGTERM' ? 15 : 9)
    : (child.exitCode ?? 0)
  return { code, stdout: Buffer.from(text()), stderr: Buffer.alloc(0) }
}
