// Runs a program that reaches only what it was granted: the files, the ports and the values of the wish, and no other
// process. Its output comes back, cut in the middle when it is long, and nothing that it started outlives the call.
// The rule: what this kernel cannot hold is said in the result, and refused when the wish says so.
import { closeSync, fstatSync, lstatSync, readSync, readdirSync, realpathSync, statSync, writeSync } from 'node:fs'
import { constants } from 'node:os'
import { isAbsolute, resolve } from 'node:path'
import { utf8 } from '../lib/bytes.ts'
import { Failure } from '../lib/errors.ts'
import { memfd } from '../lib/native.ts'
import { LIMIT } from '../lib/native-sandbox.ts'
import { printable } from '../lib/names.ts'
import type { Environment } from '../lib/paths.ts'
import type { Kept } from './capped.ts'
import { EXECVE_STEP, parseStartFailure, printConfined } from './confined-block.ts'
import type { Limits, StartFailure } from './confined-block.ts'
import { DEFAULT_PATH, surroundings } from './confined-environment.ts'
import { handOver } from './confined-values.ts'
import type { Given, HandedOver } from './confined-values.ts'
import { architecture, confinement, gaps, isConfined } from './confinement.ts'
import type { Confinement, Network } from './confinement.ts'
import { SYSTEM_GRANTS, hiddenOf, isInside, planGrants } from './landlock.ts'
import type { Access, Grant, Look } from './landlock.ts'
import { PrivateRoom } from './private-room.ts'
import { findProgram } from './program.ts'
import { seccompProgram } from './seccomp.ts'
import { refusal } from './spawn.ts'
import { newMark, threadsOf } from './strays.ts'
import { watch } from './watch.ts'
import type { Ending, Filters } from './watch.ts'

export interface ConfinedWish {
  /** The program and its words; no shell is put in between. */
  command: readonly string[]
  /** Where it starts; absolute, and inside of what it may read. */
  directory: string
  files: {
    /** Directories and files that it may read and execute, beside those of the system. Absolute; they exist. */
    read?: readonly string[]
    /** Those where it may also create, change and remove. */
    write?: readonly string[]
    /** What it must not reach, inside the others or not, existing or not: vault, identities, sockets, policy. */
    hidden: readonly string[]
  }
  network: Network
  /** Whether it may connect to unix sockets, which no path can limit: the agent, the desktop, Docker. */
  unixSockets?: boolean
  given: readonly Given[]
  /** Names of variables to pass on to it, beside a short list of harmless ones. */
  pass?: readonly string[]
  /** Value of PATH: absolute directories. */
  path?: string
  timeoutSeconds: number
  /** Between the request to end and the end by force. */
  graceSeconds?: number
  /** Size of the biggest file that it can write, in bytes. */
  fileBytes?: number
  /** How many threads it may have at most, in all its processes. No limit for root, whom the kernel excepts. */
  threads?: number
  /** How much of each stream is kept, in bytes: the beginning and the end. */
  headBytes: number
  tailBytes: number
  /** Refuse to start it where the kernel cannot confine it. */
  required: boolean
}

export interface ConfinedAround {
  environment: Environment
  /** Words that start tvault again, as the process that becomes the program (confine.ts). */
  launcher: readonly string[]
  /** Closes the vault and wipes its keys; called before the program starts. */
  release?: () => Promise<void>
  /** Ends the program as a timeout does. */
  cancel?: AbortSignal
  /** What the streams pass before they are cut, as a Redactor; ended here. */
  filters?: Filters
  /** What the kernel offers; only a test says less than the kernel does. */
  kernel?: Confinement
}

export interface ConfinedResult {
  /** The exit code, 128 + n when signal n ended it. */
  exitCode: number
  signal: string | undefined
  timedOut: boolean
  cancelled: boolean
  stdout: Kept
  stderr: Kept
  /** Whether the kernel held files, system calls and ports. */
  confined: boolean
  kernel: Confinement
  /** What of the wish the kernel could not hold, in words. */
  gaps: readonly string[]
  /** Processes that it left running and that were killed, and those that could not be. */
  strays: { killed: number; left: number }
  milliseconds: number
  /** Private directories that could not be removed. */
  leftBehind: readonly string[]
}

const GRACE_SECONDS = 2
const MOST_SECONDS = 86_400
const BLOCK_STDIO = 3

/**
 * Runs the program of `wish` and waits for its end. The values are wiped before it starts. Throws `command_not_found`,
 * `cannot_execute`; `denied` when the kernel cannot confine it and it is `required`, or when the wish contradicts
 * itself; `usage`, `not_found` for wrong numbers and missing directories; `failed` when the kernel refused a step, and
 * then the program was not started.
 */
export async function runConfined(wish: ConfinedWish, around: ConfinedAround): Promise<ConfinedResult> {
  const kernel = around.kernel ?? confinement()
  const missing = gaps(kernel, wish.network)
  const confined = isConfined(kernel, wish.network)
  try {
    check(wish)
    if (wish.required && !confined) throw notConfined(missing)
    const directory = realDirectory(wish.directory)
    const path = wish.path ?? DEFAULT_PATH
    const [program = '', ...rest] = wish.command
    const file = findProgram(program.includes('/') ? resolve(directory, program) : program, path)
    const room = new PrivateRoom(around.environment['TMPDIR'] || '/tmp')
    let leftBehind: string[] = []
    try {
      const variables = surroundings({
        inherited: around.environment,
        pass: wish.pass ?? [],
        path,
        directory,
        temporary: room.temporary,
      })
      const handed = handOver(wish.given, variables, room)
      const mark = newMark()
      let ending: Ending
      try {
        const limits = limitsOf(wish, kernel, { directory, room, mark })
        const filter = kernel.seccomp ? filterOf(wish, kernel) : new Uint8Array(0)
        const argv = [program, ...rest].map(utf8)
        for (const { value } of wish.given) value.wipe()
        await around.release?.()
        const { entries, descriptors: files } = handed
        const block = { limits, filter, program: { file, argv, entries, files, parent: process.pid } }
        ending = await start(block, handed, mark, wish, around)
      } finally {
        handed.wipe()
      }
      const { failure, ...ended } = ending
      if (failure) throw whyNot(failure, program, file)
      leftBehind = room.remove()
      return { ...ended, confined, kernel, gaps: missing, leftBehind }
    } finally {
      if (leftBehind.length === 0) room.remove()
    }
  } finally {
    for (const { value } of wish.given) value.wipe()
    around.filters?.stdout.end()
    around.filters?.stderr.end()
  }
}
