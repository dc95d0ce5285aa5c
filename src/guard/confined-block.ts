// What the process that becomes a confined program is told: its limits and then the program, in a file in memory. It
// holds values, so the one who reads it empties it; afterwards it carries back why the program could not be started.
import { concat, u32, utf8 } from '../lib/bytes.ts'
import { parseBlock, printBlock } from './launch-block.ts'
import type { LaunchBlock } from './launch-block.ts'
import type { Grant } from './landlock.ts'

/** The word by which main.ts knows that this process is to become a confined program. No user types it. */
export const CONFINED_WORD = '--confined'

export interface Limits {
  /** Version of Landlock's interface to use, 0 for none. */
  landlock: number
  grants: readonly Grant[]
  /** TCP ports; absent: not limited by Landlock. */
  connect?: readonly number[]
  listen?: readonly number[]
  /** Numbers of setrlimit(2) and their values. */
  limits: readonly (readonly [limit: number, value: number])[]
  directory: string
}

export interface ConfinedBlock {
  limits: Limits
  /** The seccomp filter; empty for none. */
  filter: Uint8Array
  /** Descriptors to have open, from 3 on: name of the variable with the path, and value. */
  program: Pick<LaunchBlock, 'file' | 'argv' | 'entries' | 'files' | 'parent'>
}

/** The block as bytes, for the caller to wipe. */
export function printConfined({ limits, filter, program }: ConfinedBlock): Uint8Array {
  const json = utf8(JSON.stringify(limits))
  const rest = printBlock({ ...program, moves: [], terminal: new Uint8Array(0) })
  const bytes = concat(u32(json.length), json, u32(filter.length), filter, rest)
  rest.fill(0)
  return bytes
}

/** The block that `bytes` is; its parts are views on them. Throws when they are something else. */
export function parseConfined(bytes: Uint8Array): ConfinedBlock {
  let rest = bytes
  const take = (size: number): Uint8Array => {
    if (size > rest.length) throw new RangeError('cut off')
    const taken = rest.subarray(0, size)
    rest = rest.subarray(size)
    return taken
  }
  const sized = (): Uint8Array => take(Number.parseInt(take(4).toHex(), 16))
  const limits: Limits = JSON.parse(new TextDecoder().decode(sized()))
  const filter = new Uint8Array(sized())
  return { limits, filter, program: parseBlock(rest) }
}

/** Why the program could not be started: the step and the errno of the kernel. */
export interface StartFailure {
  step: string
  errno: number
}

/** The step whose errno is that of execve(2). */
export const EXECVE_STEP = 'execve'

export function printStartFailure(failure: StartFailure): Uint8Array {
  return utf8(JSON.stringify(failure))
}

/** What was left in the block; undefined when it is empty, which means that the program was started. */
export function parseStartFailure(bytes: Uint8Array): StartFailure | undefined {
  if (bytes.length === 0) return undefined
  try {
    const { step, errno }: StartFailure = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
    return { step, errno }
  } catch {
    // It ended before it could read the block.
    return { step: 'start', errno: 0 }
  }
}
