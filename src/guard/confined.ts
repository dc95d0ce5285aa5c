// Runs a program that reaches only what it was granted: the files, the ports and the values of the wish, and no other
// process. Its output comes back, cut in the middle when it is long, and nothing that it started outlives the call.
// The rule: what this kernel cannot hold is said in the result, and refused when the wish says so.
import { closeSync, constants, fchmodSync, openSync, readdirSync, realpathSync, statSync } from 'node:fs'
import { isAbsolute, resolve } from 'node:path'
import { utf8 } from '../lib/bytes.ts'
import type { Secret } from '../lib/secret.ts'
import { Failure } from '../lib/errors.ts'
import { LIMIT } from '../lib/native-sandbox.ts'
import { printable } from '../lib/names.ts'
import type { Environment } from '../lib/paths.ts'
import { ownWords } from '../lib/program.ts'
import { answering } from './askpass.ts'
import { bytesInMemory } from './block-file.ts'
import { CONFINED_WORD, EXECVE_STEP, printConfined } from './confined-block.ts'
import type { ConfinedBlock, Limits, StartFailure } from './confined-block.ts'
import { DEFAULT_PATH, surroundings } from './confined-environment.ts'
import { betweenSteps } from './confined-steps.ts'
import type { Step, Steps, StepsEnding } from './confined-steps.ts'
import { handOver } from './confined-values.ts'
import type { Given } from './confined-values.ts'
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
import type { Ending, Filter, Watching } from './watch.ts'

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
  /** Answers the prompts of git, ssh and the like. Wiped as the values are. */
  askpass?: { user: string; value: Secret } | undefined
  /** Programs of the owner before and behind it, in the same surroundings, but in a directory that is empty. */
  steps?: Steps
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
  /** Words that start the process that becomes the program (confine.ts); tvault itself when not given. */
  launcher?: readonly string[]
  /** Closes the vault and wipes its keys; called before the program starts. */
  release?: () => Promise<void>
  /** Ends the program as a timeout does. */
  cancel?: AbortSignal
  /** What the streams pass before they are cut, as a Redactor; ended here. */
  filters?: { stdout: Filter; stderr: Filter }
  /** Those for each program of `steps`; ended here. */
  stepFilters?: () => { stdout: Filter; stderr: Filter }
  /** What the kernel offers; only a test says less than the kernel does. */
  kernel?: Confinement
}

export interface ConfinedResult extends Omit<Ending, 'failure'>, StepsEnding {
  /** Not so when what sets up failed; then the rest says nothing. */
  started: boolean
  /** Whether the kernel held files, system calls and ports. */
  confined: boolean
  kernel: Confinement
  /** What of the wish the kernel could not hold, in words. */
  gaps: readonly string[]
  /** Private directories that could not be removed. */
  leftBehind: readonly string[]
}

const GRACE_SECONDS = 2
const MOST_SECONDS = 86_400
/** How much of each stream of a step is kept at each end. */
const STEP_BYTES = 2048
const NOT_STARTED: Ending = {
  exitCode: 0,
  signal: undefined,
  timedOut: false,
  cancelled: false,
  stdout: { head: new Uint8Array(0), tail: new Uint8Array(0), total: 0, dropped: 0 },
  stderr: { head: new Uint8Array(0), tail: new Uint8Array(0), total: 0, dropped: 0 },
  strays: { killed: 0, left: 0 },
  milliseconds: 0,
  failure: undefined,
}
const MOST_BYTES = 2 ** 30

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
  const sizes = wish.given.flatMap((one) =>
    one.to === 'environment' ? [{ name: one.name, bytes: one.value.size }] : [],
  )
  try {
    check(wish)
    if (wish.required && !confined) {
      throw new Failure(
        'denied',
        `this kernel cannot confine the program as it must be; missing: ${missing.join('; ')}`,
      )
    }
    const room = new PrivateRoom(around.environment['TMPDIR'] || '/tmp')
    let leftBehind: string[] = []
    let done: StepsEnding & { ending: Ending | undefined }
    try {
      done = await inRoom(room, wish, around, kernel)
    } finally {
      leftBehind = room.remove()
    }
    const { ending, setUp, tearDown } = done
    const { failure, ...ended } = ending ?? { ...NOT_STARTED, cancelled: around.cancel?.aborted ?? false }
    // Ended before it was itself is ended, not failed.
    if (failure && !ended.timedOut && !ended.cancelled) throw whyNot(failure, wish.command[0] ?? '', sizes)
    return { ...ended, started: ending !== undefined, setUp, tearDown, confined, kernel, gaps: missing, leftBehind }
  } finally {
    for (const { value } of wish.given) value.wipe()
    wish.askpass?.value.wipe()
    around.filters?.stdout.end()
    around.filters?.stderr.end()
  }
}

async function inRoom(
  room: PrivateRoom,
  wish: ConfinedWish,
  around: ConfinedAround,
  kernel: Confinement,
): Promise<StepsEnding & { ending: Ending | undefined }> {
  const directory = realDirectory(wish.directory)
  const { steps = { setUp: [], tearDown: [] }, headBytes, tailBytes } = wish
  const path = wish.path ?? DEFAULT_PATH
  const temporary = room.temporary
  const pass = wish.pass ?? []
  const variables = surroundings({ inherited: around.environment, pass, path, directory, temporary })
  const [program = ''] = wish.command
  const file = findProgram(program.includes('/') ? resolve(directory, program) : program, path)
  for (const { command } of [...steps.setUp, ...steps.tearDown]) checkStep(command[0] ?? '', wish)
  const asking = wish.askpass ? answering(room, wish.askpass) : {}
  const handed = handOver(wish.given, { ...variables, ...asking }, room)
  let released = false
  type Start = Step & Pick<Watching, 'headBytes' | 'tailBytes' | 'cancel' | 'filters'>
  const start = async (file: string, directory: string, isLast: boolean, what: Start): Promise<Ending> => {
    const { command, timeoutSeconds, ...rest } = what
    const opened: number[] = []
    try {
      const mark = kernel.strays ? newMark() : undefined
      const limits = limitsOf(wish, kernel, { directory, room, mark })
      const argv = command.map(utf8)
      const block: ConfinedBlock = {
        limits,
        filter: filterOf(wish, kernel),
        program: { file, argv, entries: handed.entries, files: handed.descriptors, parent: process.pid },
      }
      if (!released) await around.release?.()
      released = true
      const keep = (fd: number): number => opened[opened.push(fd) - 1]!
      const bytes = printConfined(block)
      const blockFd = keep(bytesInMemory(bytes))
      bytes.fill(0)
      const inputFd = handed.input && keep(readOnly(bytesInMemory(handed.input)))
      if (isLast) handed.wipe()
      return await watch({
        ...rest,
        launcher: around.launcher ?? [...ownWords(), CONFINED_WORD],
        blockFd,
        inputFd,
        mark,
        timeoutMilliseconds: timeoutSeconds * 1000,
        graceMilliseconds: (wish.graceSeconds ?? GRACE_SECONDS) * 1000,
      })
    } finally {
      for (const fd of opened) closeSync(fd)
    }
  }
  const seen = headBytes + tailBytes === 0 ? 0 : STEP_BYTES
  const kept = { headBytes: seen, tailBytes: seen }
  const startStep = async (step: Step, cancel: AbortSignal | undefined): Promise<Ending> => {
    const filters = around.stepFilters?.()
    try {
      return await start(step.command[0] ?? '', temporary, false, { ...step, ...kept, cancel, filters })
    } finally {
      filters?.stdout.end()
      filters?.stderr.end()
    }
  }
  try {
    for (const { value } of wish.given) value.wipe()
    wish.askpass?.value.wipe()
    const { command, timeoutSeconds } = wish
    const { cancel, filters } = around
    return await betweenSteps(steps, startStep, cancel, () =>
      start(file, directory, steps.tearDown.length === 0, {
        ...{ command, timeoutSeconds, headBytes, tailBytes, cancel, filters },
      }),
    )
  } finally {
    handed.wipe()
  }
}

/** What a program of an AI agent could have changed is not run with more than the rules for that program say. */
function checkStep(file: string, { files, path }: ConfinedWish): void {
  const real = DISK.real(findProgram(file, path))
  const isSafe = (root: string): boolean => real !== undefined && !isInside(real, DISK.real(root) ?? root)
  if ((files.write ?? []).every(isSafe)) return
  throw new Failure('denied', `${printable(file)} lies where the programs of an AI agent write`, {
    hint: 'the owner names another one in mcp-recipes.yaml',
  })
}

function check(wish: ConfinedWish): void {
  const within = (value: number | undefined, least: number, most: number, what: string): void => {
    if (value !== undefined && !(value >= least && value <= most)) {
      throw new Failure('usage', `${what} of a confined program must be between ${least} and ${most}`)
    }
  }
  within(wish.timeoutSeconds, 0.001, MOST_SECONDS, 'the timeout')
  within(wish.graceSeconds, 0, MOST_SECONDS, 'the grace')
  within(wish.headBytes, 0, MOST_BYTES, 'the bytes at the beginning of the output')
  within(wish.tailBytes, 0, MOST_BYTES, 'the bytes at the end of the output')
  within(wish.fileBytes, 0, Number.MAX_SAFE_INTEGER, 'the size of files')
  within(wish.threads, 1, 2 ** 22, 'the number of threads')
  if (wish.command.some((word) => word.includes('\0'))) throw new Failure('usage', 'an argument holds a NUL byte')
  const { read = [], write = [], hidden } = wish.files
  const paths = [wish.directory, ...read, ...write, ...hidden]
  const wrong = paths.find((path) => !isAbsolute(path) || path.includes('\0'))
  if (wrong !== undefined) throw new Failure('usage', `${printable(wrong)} is not an absolute path`)
  for (const port of typeof wish.network === 'object'
    ? [...wish.network.connect, ...(wish.network.listen ?? [])]
    : []) {
    if (!Number.isInteger(port)) throw new Failure('usage', 'a port is a whole number')
    within(port, 1, 65_535, 'a port')
  }
}

function realDirectory(path: string): string {
  try {
    const real = realpathSync(path)
    if (statSync(real).isDirectory()) return real
  } catch {
    // Said below.
  }
  throw new Failure('not_found', `${printable(path)} is not a directory`)
}

interface Place {
  directory: string
  room: PrivateRoom
  mark: number | undefined
}

function limitsOf(wish: ConfinedWish, kernel: Confinement, { directory, room, mark }: Place): Limits {
  const { files, network } = wish
  const uid = process.geteuid?.() ?? 0
  const grant =
    (access: Access) =>
    (path: string): Grant => ({ path: resolve(path), access, optional: false })
  const roots = [...(files.read ?? []).map(grant('read')), ...(files.write ?? []).map(grant('write'))]
  const own = [grant('write')(room.temporary), ...(room.given === undefined ? [] : [grant('read')(room.given)])]
  const hidden = [...files.hidden.map((path) => resolve(path)), ...hiddenOf(uid)]
  const wanted = [...roots, ...own, ...SYSTEM_GRANTS]
  if (!wanted.some(({ path, access }) => access !== 'device' && isInside(directory, DISK.real(path) ?? path))) {
    throw new Failure('denied', `${printable(directory)} is not inside of what the program may read`)
  }
  // Once more by its own name, which says so when it is hidden.
  const grants = planGrants([...wanted, grant('read')(directory)], hidden, DISK)
  return {
    directory,
    landlock: kernel.landlock,
    grants,
    ...(network === 'any'
      ? {}
      : network === 'none'
        ? { connect: [] }
        : { connect: network.connect, listen: network.listen ?? [] }),
    limits: [
      [LIMIT.core, 0],
      ...(wish.fileBytes === undefined ? [] : [[LIMIT.fileBytes, wish.fileBytes] as const]),
      ...(wish.threads === undefined ? [] : [[LIMIT.processes, threadsOf(uid) + wish.threads] as const]),
      ...(mark === undefined ? [] : [[LIMIT.locks, mark] as const]),
    ],
  }
}

function filterOf({ network, unixSockets = false }: ConfinedWish, kernel: Confinement): Uint8Array {
  const own = architecture()
  if (!kernel.seccomp || own === undefined) return new Uint8Array(0)
  const ports = typeof network === 'object' ? network : undefined
  return seccompProgram({
    architecture: own,
    internet: network === 'none' ? 'none' : network === 'any' || ports?.udp === true ? 'tcp and udp' : 'tcp',
    portsAreLimited: network !== 'any',
    listen: network === 'any' || unixSockets || (ports?.listen ?? []).length > 0,
    unixSockets,
    landlock: kernel.landlock,
  })
}

const DISK: Look = {
  real(path) {
    try {
      return realpathSync(path)
    } catch {
      return undefined
    }
  },
  entries(path) {
    try {
      return readdirSync(path, { withFileTypes: true }).map((entry) => ({
        name: entry.name,
        isLink: entry.isSymbolicLink(),
      }))
    } catch {
      return []
    }
  },
}

/** The same file, open for reading only and from its beginning. Closes `fd`. */
function readOnly(fd: number): number {
  try {
    fchmodSync(fd, 0o400)
    return openSync(`/proc/self/fd/${fd}`, constants.O_RDONLY)
  } finally {
    closeSync(fd)
  }
}

const EACCES = 13

function whyNot({ step, errno }: StartFailure, program: string, sizes: Parameters<typeof refusal>[2]): Failure {
  if (step === EXECVE_STEP && errno === EACCES) {
    return new Failure('cannot_execute', `${printable(program)}, or what runs it, lies outside of what it may read`)
  }
  if (step === EXECVE_STEP) return refusal(errno, program, sizes)
  return new Failure('failed', `the program was not started: its limits could not be set (${step}, errno ${errno})`)
}
