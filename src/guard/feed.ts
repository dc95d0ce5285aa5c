// Runs a program whose standard input is a Secret and behind it our own input. The vault is closed before it starts;
// the program gets its variables from us without what opens the vault. A door: the Secret goes into a pipe.
import { read } from 'node:fs'
import { constants } from 'node:os'
import { Failure, systemCode } from '../lib/errors.ts'
import { printable } from '../lib/names.ts'
import type { Environment } from '../lib/paths.ts'
import type { Secret } from '../lib/secret.ts'
import { isInheritable } from './environment.ts'
import { findProgram } from './program.ts'

const CHUNK_BYTES = 65_536
const RETRY_MILLISECONDS = 5
const signalNumbers: Readonly<Record<string, number>> = constants.signals
/** What we pass on. A terminal sends INT and QUIT to the program by itself. */
const PASSED_ON = ['SIGTERM', 'SIGHUP', 'SIGUSR1', 'SIGUSR2'] as const
const FROM_TERMINAL = ['SIGINT', 'SIGQUIT'] as const

export interface Feeding {
  command: readonly string[]
  /** Wiped as soon as the program has it. */
  feed: Secret
}

export interface Beside {
  environment: Environment
  /** Closes the vault and wipes its keys; called before the program starts. */
  release: () => Promise<void>
  /** A person sits at a terminal, whose keys reach the program directly. */
  onTerminal: boolean
}

/**
 * The exit code of the program, 128 + n when signal n ended it. Throws `command_not_found` or `cannot_execute` before
 * the vault is closed.
 */
export async function runFed({ command, feed }: Feeding, beside: Beside): Promise<number> {
  const [program = '', ...rest] = command
  try {
    const file = findProgram(program, beside.environment['PATH'])
    await beside.release()
    let child: Child | undefined
    // Before it starts: a signal in between would end us, and leave it without its input and its parent.
    const stop = passSignals((signal) => child?.kill(signal), beside.onTerminal)
    try {
      child = start(file, [program, ...rest], beside.environment)
      void supply(child.stdin, feed)
      await child.exited
      return child.exitCode ?? 128 + (signalNumbers[String(child.signalCode)] ?? 0)
    } finally {
      stop()
    }
  } finally {
    feed.wipe()
  }
}

type Child = Bun.Subprocess<'pipe', 'inherit', 'inherit'>

function start(file: string, argv: readonly string[], environment: Environment): Child {
  const passed = Object.entries(environment).filter(([name]) => isInheritable(name, false))
  try {
    return Bun.spawn([file, ...argv.slice(1)], {
      argv0: argv[0] ?? file,
      stdin: 'pipe',
      stdout: 'inherit',
      stderr: 'inherit',
      env: Object.fromEntries(passed),
    })
  } catch (error) {
    throw new Failure('cannot_execute', `${printable(argv[0] ?? '')} could not be started`, { cause: error })
  }
}

/** Gives `feed`, then standard input to its end. A program that no longer reads is no fault of ours. */
async function supply(sink: Bun.FileSink, feed: Secret): Promise<void> {
  const chunk = new Uint8Array(CHUNK_BYTES)
  try {
    await sink.write(feed.reveal())
    await sink.flush()
    feed.wipe()
    for (let count = await readInput(chunk); count > 0; count = await readInput(chunk)) {
      await sink.write(chunk.subarray(0, count))
      await sink.flush()
    }
    await sink.end()
  } catch {
    // The program closed its input or ended; how it ended is what counts.
  } finally {
    chunk.fill(0)
  }
}

/** Bytes read from standard input; 0 at its end and when there is none. */
async function readInput(into: Uint8Array): Promise<number> {
  for (;;) {
    try {
      return await new Promise<number>((resolve, reject) => {
        read(0, into, 0, into.length, null, (error, count) => (error ? reject(error) : resolve(count)))
      })
    } catch (error) {
      if (systemCode(error) !== 'EAGAIN') return 0
      await Bun.sleep(RETRY_MILLISECONDS)
    }
  }
}

/** Lives until the program ends, whatever is sent to us, and passes on what only we received. */
function passSignals(kill: (signal: NodeJS.Signals) => void, onTerminal: boolean): () => void {
  const listeners = [...PASSED_ON, ...FROM_TERMINAL].map((signal) => {
    const direct = onTerminal && (FROM_TERMINAL as readonly string[]).includes(signal)
    const listener = direct ? () => undefined : () => kill(signal)
    process.on(signal, listener)
    return () => void process.off(signal, listener)
  })
  return () => {
    for (const stop of listeners) stop()
  }
}
