// Runs a program beside us, with secrets in its environment and its output redacted. It has a terminal of its own when
// our output is one. The rule: before it starts the vault is closed and its keys are wiped; only the redactor's tables
// stay. Without redaction `run` becomes the program instead (spawn.ts).
import { closeSync, constants as flags, fstatSync, openSync, readSync } from 'node:fs'
import { constants } from 'node:os'
import { utf8 } from '../lib/bytes.ts'
import { Failure } from '../lib/errors.ts'
import { environmentBytes, isTerminal, withGivenLimits } from '../lib/native.ts'
import { duplicate, makePipe } from '../lib/native-terminal.ts'
import { MAX_TOTAL_BYTES, childEnvironment, tooMuch } from './environment.ts'
import { bytesInMemory } from './block-file.ts'
import { BLOCK_FD, printBlock } from './launch-block.ts'
import type { LaunchBlock } from './launch-block.ts'
import { fileContents } from './memory-file.ts'
import { Redactor } from './redact.ts'
import { relayPipe, TerminalRelay } from './relay.ts'
import type { Outcome } from './relay.ts'
import { OwnTerminal } from './screen.ts'
import { passSignals, passSignalsToTerminal } from './signals.ts'
import { findCommand, inherited, refusal } from './spawn.ts'
import type { Around, Launching } from './spawn.ts'

/** Without a word for this long, what a dead program left behind is no longer waited for. */
const GRACE_MILLISECONDS = 300
const [STDIN, STDOUT, STDERR] = [0, 1, 2] as const
const signalNumbers: Readonly<Record<string, number>> = constants.signals

export interface Supervising extends Around {
  /** Words that start tvault again, as the process that becomes the program (launch.ts). */
  launcher: readonly string[]
  /** Refuse values that cannot be hidden by replacing them, instead of a warning. */
  strict: boolean
  note: (text: string) => void
}

/** All that starts the program, whatever its streams are. */
interface Ready {
  launcher: readonly string[]
  redactor: Redactor
  /** A descriptor of the block, closed by the caller. */
  block(moves: LaunchBlock['moves'], terminal: Uint8Array): number
}

/**
 * The exit code of the program, 128 + n when signal n ended it. Wipes the values. Throws `command_not_found`,
 * `cannot_execute`, `failed` naming a key that cannot be given, `denied` naming those that cannot be hidden.
 */
export async function supervise(launch: Launching, around: Supervising): Promise<number> {
  const { file, argv } = findCommand(launch.command, around.environment)
  const values = [...launch.inject, ...(launch.files ?? [])]
  const sizes = values.map(({ name, value }) => ({ name, bytes: value.size }))
  const ofFiles = new Set(launch.files?.map(({ name }) => name))
  const variables = inherited(around.environment, environmentBytes).filter(({ name }) => !ofFiles.has(name))
  const entries = childEnvironment(variables, launch.inject, launch.clean)
  // Before the tables are made, which takes its time for so much.
  const total = [...entries, ...argv.map(utf8)].reduce((sum, bytes) => sum + bytes.length, 0)
  if (total > MAX_TOTAL_BYTES) throw tooMuch(sizes)
  const files = fileContents(launch.files ?? [])
  const redactor = new Redactor(values)
  const block: Ready['block'] = (moves, terminal) =>
    writeBlock({ file, argv: argv.map(utf8), entries, files, moves, terminal, parent: process.pid })
  const wipe = (): void => {
    for (const bytes of [...entries, ...files.map(({ value }) => value)]) bytes.fill(0)
  }
  try {
    tellUnsafe(redactor, around)
    for (const { value } of values) value.wipe()
    await around.release()
    const ready = { launcher: around.launcher, redactor, block }
    const { errno, code, outcomes } = await (isTerminal(STDOUT) ? onTerminal(ready, wipe) : onPipes(ready, wipe))
    if (errno !== undefined) throw refusal(errno, argv[0] ?? '', sizes)
    for (const outcome of outcomes) if (!outcome.ok) throw outcome.failure
    return code
  } finally {
    wipe()
    redactor.end()
  }
}

function tellUnsafe(redactor: Redactor, { strict, note }: Supervising): void {
  const unsafe = redactor.unsafe()
  const list = (some: typeof unsafe): string => some.map(({ name }) => name).join(', ')
  if (strict && unsafe.length > 0) {
    throw new Failure('denied', `too short or too easy to guess to be hidden in output: ${list(unsafe)}`, {
      hint: 'choose others with --only, or leave --strict out',
    })
  }
  const shown = unsafe.filter(({ replaced }) => !replaced)
  const found = unsafe.filter(({ replaced }) => replaced)
  if (shown.length > 0) note(`warning: too short to be replaced in the output: ${list(shown)}`)
  if (found.length > 0) {
    note(`warning: replaced in the output, but so short or easy to guess that it shows where: ${list(found)}`)
  }
}

/** A file in memory with the block, open at its beginning. */
function writeBlock(block: LaunchBlock): number {
  const bytes = printBlock(block)
  try {
    return bytesInMemory(bytes)
  } finally {
    bytes.fill(0)
  }
}

/** How it ended. `errno` is there when the program was not started at all. */
interface Ended {
  code: number
  errno: number | undefined
  outcomes: readonly Outcome[]
}

type Child = Pick<Bun.Subprocess, 'exited' | 'exitCode' | 'signalCode' | 'kill'>

/** The program has a terminal of its own, which is shown on ours; what is redirected stays redirected. */
async function onTerminal({ launcher, redactor, block }: Ready, wipe: () => void): Promise<Ended> {
  const screen = new OwnTerminal()
  const quiet = new Quiet()
  const hungUp = Promise.withResolvers<void>()
  const errors = isTerminal(STDERR) && isSame(STDOUT, STDERR) ? undefined : makePipe()
  const redirected: { fd: number; to: number }[] = []
  // Not by its own number, for which Bun gives nothing.
  if (!screen.hasKeys) redirected.push({ fd: duplicate(STDIN), to: STDIN })
  if (errors) redirected.push({ fd: errors.writeEnd, to: STDERR })
  const moves = redirected.map(({ to }, i) => [BLOCK_FD + 1 + i, to] as const)
  const blockFd = block(moves, screen.settings)
  const relay = new TerminalRelay(redactor, () => child.terminal?.close())
  const child = start(() =>
    Bun.spawn([...launcher], {
      env: {},
      stdio: [null, null, null, blockFd, ...redirected.map(({ fd }) => fd)],
      terminal: {
        ...screen.size,
        data(_, bytes) {
          quiet.heard()
          relay.take(bytes)
        },
        exit: () => hungUp.resolve(),
      },
    }),
  )
  wipe()
  for (const { fd } of redirected) closeSync(fd)
  const others = errors ? [relayPipe(errors.readEnd, STDERR, redactor.another(), () => quiet.heard())] : []
  const stop = passSignalsToTerminal(child, screen)
  if (child.terminal) screen.attach(child.terminal)
  try {
    await child.exited
    // When the leader of its session ends, the terminal is hung up for everybody.
    await quiet.endOf(hungUp.promise)
    const outcomes = [relay.end(), ...(await restOf(others, child, quiet))]
    return { ...endOf(child, blockFd), outcomes }
  } finally {
    screen.detach()
    stop()
    child.terminal?.close()
    closeSync(blockFd)
  }
}

/** The program writes into pipes; its input is ours. */
async function onPipes({ launcher, redactor, block }: Ready, wipe: () => void): Promise<Ended> {
  const quiet = new Quiet()
  const output = makePipe()
  // One pipe for both, where both go to the same place, so that their order stays.
  const errors = isSame(STDOUT, STDERR) ? undefined : makePipe()
  const blockFd = block([], new Uint8Array(0))
  const tty = ownTty()
  const child = start(() =>
    Bun.spawn([...launcher], {
      env: {},
      stdio: ['inherit', output.writeEnd, errors?.writeEnd ?? output.writeEnd, blockFd],
    }),
  )
  wipe()
  for (const pipe of errors ? [output, errors] : [output]) closeSync(pipe.writeEnd)
  const relays = [relayPipe(output.readEnd, STDOUT, redactor, () => quiet.heard())]
  if (errors) relays.push(relayPipe(errors.readEnd, STDERR, redactor.another(), () => quiet.heard()))
  const stop = passSignals(child, tty)
  try {
    await child.exited
    const outcomes = await restOf(relays, child, quiet)
    return { ...endOf(child, blockFd), outcomes }
  } finally {
    stop()
    if (tty !== undefined) closeSync(tty)
    closeSync(blockFd)
  }
}

/** The second process, with the limits that we were given. */
function start<T>(spawn: () => T): T {
  try {
    return withGivenLimits(spawn)
  } catch (error) {
    throw new Failure('cannot_execute', 'tvault could not start itself once more', { cause: error })
  }
}

/** What comes until everybody has closed the streams; of a program that a signal ended, until it is quiet. */
async function restOf(relays: readonly Promise<Outcome>[], child: Child, quiet: Quiet): Promise<readonly Outcome[]> {
  const all = Promise.all(relays)
  return child.signalCode === null ? all : ((await quiet.endOf(all)) ?? [])
}

function endOf(child: Child, blockFd: number): Pick<Ended, 'code' | 'errno'> {
  const code = child.exitCode ?? 128 + (signalNumbers[String(child.signalCode)] ?? 0)
  const left = new Uint8Array(fstatSync(blockFd).size)
  readSync(blockFd, left, 0, left.length, 0)
  const started = left.length === 0
  const errno = left.length === 4 ? new DataView(left.buffer).getUint32(0) : 0
  left.fill(0)
  // A signal that came before the start ended the launcher, as it would have ended the program.
  return { code, errno: started || child.exitCode === null ? undefined : errno }
}

/** Knows when something was heard last. */
class Quiet {
  #heard = performance.now()

  heard(): void {
    this.#heard = performance.now()
  }

  /** What `promise` gives, or undefined when there was silence for a while before. */
  async endOf<T>(promise: Promise<T>): Promise<T | undefined> {
    this.heard()
    for (;;) {
      const left = this.#heard + GRACE_MILLISECONDS - performance.now()
      if (left <= 0) return undefined
      const timer = Promise.withResolvers<'late'>()
      const id = setTimeout(() => timer.resolve('late'), left)
      const first = await Promise.race([promise, timer.promise])
      clearTimeout(id)
      if (first !== 'late') return first
    }
  }
}

/** Whether two descriptors are of one file, pipe or terminal. */
function isSame(a: number, b: number): boolean {
  try {
    const [one, other] = [fstatSync(a), fstatSync(b)]
    return one.dev === other.dev && one.ino === other.ino
  } catch {
    return false
  }
}

/** A descriptor of the terminal that sends us signals, or undefined when there is none. */
function ownTty(): number | undefined {
  try {
    return openSync('/dev/tty', flags.O_RDONLY | flags.O_NOCTTY)
  } catch {
    return undefined
  }
}
