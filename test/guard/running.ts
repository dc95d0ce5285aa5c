// Programs that run redacted beside the test program, without a terminal or on one, and whose output is followed while
// they run.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A directory of this run. */
export const root = mkdtempSync(join(tmpdir(), 'supervise-'))
const program = join(root, 'redacted.js')

/** To be called before all tests: the program in one file, because it is started a hundred times. */
export async function prepare(): Promise<void> {
  const { outputs } = await Bun.build({
    entrypoints: [join(import.meta.dir, 'redacted.ts')],
    target: 'bun',
    throw: true,
  })
  await Bun.write(program, outputs[0]!)
}

/** To be called after all tests. */
export function cleanUp(): void {
  rmSync(root, { recursive: true, force: true })
}

export const TOKEN = 'sk_live_4eC39HqLyjWDarjtT1zdp7dc'
export const MARK = '[REDACTED:KEY]'
export const BASE = { PATH: process.env['PATH'] ?? '', HOME: root, TERM: 'xterm', KEPT: 'kept', TVAULT_DIR: '/d' }
const LIMIT_MILLISECONDS = 15_000

export interface Options {
  inject?: Record<string, string>
  files?: Record<string, string>
  strict?: boolean
  env?: Record<string, string>
  /** A shell script that starts the program as `"$@"`. */
  around?: string
}

function words(command: readonly string[], { inject = { KEY: TOKEN }, files, strict, around }: Options): string[] {
  const own = [process.execPath, program, JSON.stringify({ command, inject, files, strict })]
  return around === undefined ? own : ['sh', '-c', around, 'sh', ...own]
}

export const sh = (script: string): string[] => ['sh', '-c', script]

/** A program whose output is collected while it runs. */
export class Running {
  seen = ''
  #wake: () => void = () => undefined

  hear(bytes: Uint8Array): void {
    this.seen += Buffer.from(bytes).toString('latin1')
    this.#wake()
  }

  /** Waits until `text` was seen. */
  async until(text: string): Promise<void> {
    await this.when(() => this.seen.includes(text), text)
  }

  async when(holds: () => boolean, what: string): Promise<void> {
    const deadline = performance.now() + LIMIT_MILLISECONDS
    while (!holds()) {
      if (performance.now() > deadline) throw new Error(`${what} never came; there was ${JSON.stringify(this.seen)}`)
      const { promise, resolve } = Promise.withResolvers<void>()
      this.#wake = resolve
      const timer = setTimeout(resolve, 20)
      await promise
      clearTimeout(timer)
    }
  }
}

/** With pipes, in a session of its own, so that there is no terminal at all. */
export function onPipes(command: readonly string[], options: Options = {}) {
  const running = new Running()
  const child = Bun.spawn(words(command, options), {
    env: { ...BASE, ...options.env },
    cwd: root,
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
    detached: true,
  })
  const read = async () => {
    for await (const bytes of child.stdout) running.hear(bytes)
  }
  const all = Promise.all([read(), child.stderr.text(), child.exited])
  return { child, running, ended: all.then(([, err, code]) => ({ out: running.seen, err, code })) }
}

/** On a terminal of 90 columns and 33 rows. */
export function onTerminal(command: readonly string[], options: Options = {}) {
  const running = new Running()
  const child = Bun.spawn(words(command, options), {
    env: { ...BASE, ...options.env },
    cwd: root,
    terminal: { cols: 90, rows: 33, data: (_, bytes) => running.hear(bytes) },
  })
  const ended = child.exited.then((code) => ({ code, out: running.seen.replaceAll('\r', '') }))
  return { child, running, ended, terminal: child.terminal! }
}

export const run = (command: readonly string[], options?: Options) => onPipes(command, options).ended
