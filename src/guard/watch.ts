// Starts the process that becomes a confined program, takes its output, and sees to its end: in time, with everything
// that it started. The rule: when this returns nothing with the mark of the program is alive, or the number says so.
import { closeSync, fstatSync, readSync } from 'node:fs'
import { constants } from 'node:os'
import { Failure } from '../lib/errors.ts'
import { makePipe } from '../lib/native-terminal.ts'
import { Capped } from './capped.ts'
import type { Kept } from './capped.ts'
import { parseStartFailure } from './confined-block.ts'
import type { StartFailure } from './confined-block.ts'
import { killMarked, markedProcesses, signalMarked } from './strays.ts'

/** What a stream passes before it is cut: a Redactor. */
export interface Filter {
  /** What may leave after `chunk` came in; valid until the next call. */
  push(chunk: Uint8Array): Uint8Array
  end(): Uint8Array
}

export interface Watching {
  launcher: readonly string[]
  /** Descriptor of the block (confined-block.ts). */
  blockFd: number
  /** Descriptor of its standard input. */
  inputFd: number | undefined
  /** Mark of the program (strays.ts); undefined where it cannot have one. */
  mark: number | undefined
  timeoutMilliseconds: number
  graceMilliseconds: number
  headBytes: number
  tailBytes: number
  cancel: AbortSignal | undefined
  filters: { stdout: Filter; stderr: Filter } | undefined
}

export interface Ending {
  /** 128 + n when signal n ended it. */
  exitCode: number
  signal: string | undefined
  timedOut: boolean
  cancelled: boolean
  stdout: Kept
  stderr: Kept
  /** Processes that outlived it and were killed, and those that could not be. */
  strays: { killed: number; left: number }
  milliseconds: number
  /** Why the program was not started at all. */
  failure: StartFailure | undefined
}

/** Only what the kernel holds back (a dead disk, say) takes longer to die of SIGKILL. */
const DEATH_MILLISECONDS = 2000
/** Everybody who could write is dead; the streams end at once, unless somebody else was given them. */
const LAST_WORDS_MILLISECONDS = 500
const POLL_MILLISECONDS = 10
const signalNumbers: Readonly<Record<string, number>> = constants.signals

type Child = Pick<Bun.Subprocess, 'pid' | 'exited' | 'exitCode' | 'signalCode' | 'kill'>

/** Waits for the end of the program. Does not close the descriptors that it was given. Throws `failed` when none could be made. */
export async function watch(watching: Watching): Promise<Ending> {
  const began = performance.now()
  const [output, errors] = [makePipe(), makePipe()]
  let child: Child
  try {
    child = start(watching, output.writeEnd, errors.writeEnd)
  } catch (error) {
    for (const fd of [output.readEnd, errors.readEnd]) closeSync(fd)
    throw error
  } finally {
    for (const fd of [output.writeEnd, errors.writeEnd]) closeSync(fd)
  }
  const { headBytes, tailBytes, filters } = watching
  const stdout = new Taken(output.readEnd, new Capped(headBytes, tailBytes), filters?.stdout)
  const stderr = new Taken(errors.readEnd, new Capped(headBytes, tailBytes), filters?.stderr)
  const life = new Life(child, watching)
  const { timedOut, cancelled } = await life.end()
  const strays = await life.strays()
  await late(Promise.all([stdout.ended, stderr.ended]), LAST_WORDS_MILLISECONDS)
  return {
    exitCode: child.exitCode ?? 128 + (signalNumbers[String(child.signalCode)] ?? signalNumbers['SIGKILL']!),
    signal: child.exitCode === null ? String(child.signalCode ?? 'SIGKILL') : undefined,
    timedOut,
    cancelled,
    stdout: await stdout.stop(),
    stderr: await stderr.stop(),
    strays,
    milliseconds: performance.now() - began,
    failure: failureIn(watching.blockFd),
  }
}

function start({ launcher, blockFd, inputFd }: Watching, stdout: number, stderr: number): Child {
  try {
    // Not in the directory of the program: until it becomes that, it is tvault.
    return Bun.spawn([...launcher], { cwd: '/', env: {}, stdio: [inputFd ?? 'ignore', stdout, stderr, blockFd] })
  } catch (error) {
    throw new Failure('failed', 'tvault could not start itself again', { cause: error })
  }
}

/** The time of one program: asked to end, ended by force, and what it leaves. */
class Life {
  readonly #child: Child
  readonly #watching: Watching
  #asked = false
  #force = Promise.withResolvers<void>()
  #timers: ReturnType<typeof setTimeout>[] = []

  constructor(child: Child, watching: Watching) {
    this.#child = child
    this.#watching = watching
  }

  /** When the program has ended, or could not be ended. */
  async end(): Promise<{ timedOut: boolean; cancelled: boolean }> {
    const { timeoutMilliseconds, cancel } = this.#watching
    const why = { timedOut: false, cancelled: false }
    const ask = (reason: keyof typeof why): void => {
      if (this.#asked) return
      why[reason] = true
      this.#ask()
    }
    const onCancel = (): void => ask('cancelled')
    this.#timers.push(setTimeout(() => ask('timedOut'), timeoutMilliseconds))
    cancel?.addEventListener('abort', onCancel)
    if (cancel?.aborted) onCancel()
    try {
      const forced = this.#force.promise.then(() => late(this.#child.exited, DEATH_MILLISECONDS))
      await Promise.race([this.#child.exited, forced])
    } finally {
      cancel?.removeEventListener('abort', onCancel)
    }
    return why
  }

  /** Kills what is left; with time to end by itself when it was asked to. */
  async strays(): Promise<{ killed: number; left: number }> {
    const { mark } = this.#watching
    let forced = !this.#asked
    void this.#force.promise.then(() => (forced = true))
    try {
      if (mark === undefined) {
        this.#signalGroup('SIGKILL')
        return { killed: 0, left: 0 }
      }
      while (!forced && markedProcesses(mark).length > 0) await Bun.sleep(POLL_MILLISECONDS)
      return await killMarked(mark, DEATH_MILLISECONDS)
    } finally {
      for (const timer of this.#timers) clearTimeout(timer)
    }
  }

  #ask(): void {
    this.#asked = true
    this.#signal('SIGTERM')
    this.#timers.push(
      setTimeout(() => {
        this.#signal('SIGKILL')
        this.#force.resolve()
      }, this.#watching.graceMilliseconds),
    )
  }

  #signal(signal: 'SIGTERM' | 'SIGKILL'): void {
    const { mark } = this.#watching
    if (!this.#signalGroup(signal) && this.#child.exitCode === null) this.#child.kill(signal)
    if (mark !== undefined) signalMarked(mark, signalNumbers[signal]!)
  }

  /** Whether there was such a group; there is none before the process has made itself its leader. */
  #signalGroup(signal: NodeJS.Signals): boolean {
    try {
      process.kill(-this.#child.pid, signal)
      return true
    } catch {
      return false
    }
  }
}

/** One stream, read to its end or until it is stopped. */
class Taken {
  readonly #fd: number
  readonly #kept: Capped
  readonly #filter: Filter | undefined
  readonly #cancel: () => Promise<unknown>
  readonly ended: Promise<void>

  constructor(fd: number, kept: Capped, filter: Filter | undefined) {
    this.#fd = fd
    this.#kept = kept
    this.#filter = filter
    const reader = Bun.file(fd).stream().getReader()
    this.#cancel = () => reader.cancel()
    this.ended = this.#read(() => reader.read())
  }

  async #read(next: () => Promise<{ done: boolean; value?: Uint8Array | undefined }>): Promise<void> {
    try {
      for (;;) {
        const { value } = await next()
        if (value === undefined) return
        this.#kept.take(this.#filter ? this.#filter.push(value) : value)
        value.fill(0)
      }
    } catch {
      // It was stopped, or the pipe broke: what came before counts.
    }
  }

  /** What was kept. */
  async stop(): Promise<Kept> {
    await this.#cancel().catch(() => undefined)
    closeSync(this.#fd)
    if (this.#filter) this.#kept.take(this.#filter.end())
    return this.#kept.end()
  }
}

function failureIn(fd: number): StartFailure | undefined {
  const left = new Uint8Array(fstatSync(fd).size)
  readSync(fd, left, 0, left.length, 0)
  const failure = parseStartFailure(left)
  left.fill(0)
  return failure
}

/** Waits for `promise`, but not longer. */
async function late(promise: Promise<unknown>, milliseconds: number): Promise<void> {
  const timer = Promise.withResolvers<void>()
  const id = setTimeout(timer.resolve, milliseconds)
  await Promise.race([promise, timer.promise])
  clearTimeout(id)
}
