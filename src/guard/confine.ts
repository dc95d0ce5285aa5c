// The process between the start of a confined program and the program that it becomes: takes the block it was given,
// takes rights away from itself for good, and is gone. It prints nothing: the parent tells. The rule: when one step
// does not succeed the program is not started.
import { closeSync, constants, fchmodSync, openSync, writeSync } from 'node:fs'
import { concat, utf8 } from '../lib/bytes.ts'
import { FAILURES } from '../lib/errors.ts'
import { execve, harden, memfd } from '../lib/native.ts'
import {
  Refused,
  closeAllOnExec,
  dropCapabilities,
  duplicateAbove,
  filterSystemCalls,
  forbidNewPrivileges,
  landlock,
  newSession,
  setLimit,
} from '../lib/native-sandbox.ts'
import { dieWithParent, moveDescriptor } from '../lib/native-terminal.ts'
import { err } from '../lib/out.ts'
import { takeBlock } from './block-file.ts'
import { EXECVE_STEP, parseConfined, printStartFailure } from './confined-block.ts'
import type { ConfinedBlock, Limits, StartFailure } from './confined-block.ts'
import {
  BIND_TCP,
  CONNECT_TCP,
  PORTS_SINCE,
  SCOPES_SINCE,
  SCOPE_ABSTRACT_SOCKETS,
  SCOPE_SIGNALS,
  handledFiles,
  rightsOf,
} from './landlock.ts'
import { BLOCK_FD } from './launch-block.ts'

const FAILED = 126
/** The first descriptor that a program is given. */
export const FIRST_GIVEN = 3
/** Above all that the program is to find. */
const OWN = 200

/** Becomes the confined program of the block in descriptor 3, or leaves the reason in it and returns 126. */
export function confine(): number {
  harden()
  const bytes = takeBlock()
  if (bytes === undefined) {
    err('Error: this word is for tvault itself\n')
    return FAILURES.usage.exit
  }
  let blockFd = BLOCK_FD
  try {
    const block = parseConfined(bytes)
    process.chdir(block.limits.directory)
    closeAllOnExec(FIRST_GIVEN)
    blockFd = duplicateAbove(BLOCK_FD, OWN)
    newSession()
    const entries = [...block.program.entries, ...placeFiles(block.program.files)]
    for (const [limit, value] of block.limits.limits) setLimit(limit, value)
    takeRights(block)
    // It may have ended before it could take us with it.
    if (process.ppid !== block.program.parent) return FAILED
    report(blockFd, { step: EXECVE_STEP, errno: execve(block.program.file, block.program.argv, entries) })
  } catch (error) {
    report(blockFd, error instanceof Refused ? error : { step: 'start', errno: 0 })
  } finally {
    bytes.fill(0)
  }
  return FAILED
}

/** The order matters: each step needs what a later one takes away. */
function takeRights({ limits, filter }: ConfinedBlock): void {
  forbidNewPrivileges()
  if (limits.landlock > 0) landlock(rulesOf(limits))
  dropCapabilities()
  dieWithParent()
  if (filter.length > 0) filterSystemCalls(filter)
}

function rulesOf({ landlock: version, grants, connect, listen }: Limits): Parameters<typeof landlock>[0] {
  const limitsPorts = version >= PORTS_SINCE && connect !== undefined
  return {
    files: handledFiles(version),
    network: limitsPorts ? BIND_TCP | CONNECT_TCP : 0,
    scoped: version >= SCOPES_SINCE ? SCOPE_ABSTRACT_SOCKETS | SCOPE_SIGNALS : 0,
    paths: grants.map(({ path, access, optional }) => ({
      path,
      rights: (isDirectory) => rightsOf(access, isDirectory, version),
      optional,
    })),
    ports: limitsPorts
      ? [
          ...connect.map((port) => ({ port, rights: CONNECT_TCP })),
          ...(listen ?? []).map((port) => ({ port, rights: BIND_TCP })),
        ]
      : [],
  }
}

/** Puts each value under a descriptor that only reads it, from 3 on; the variables with their paths. */
function placeFiles(files: ConfinedBlock['program']['files']): Uint8Array[] {
  const held = files.map(({ value }) => {
    const whole = memfd('tvault')
    for (let at = 0; at < value.length;) at += writeSync(whole, value, at, value.length - at, at)
    fchmodSync(whole, 0o400)
    const reading = openSync(`/proc/self/fd/${whole}`, constants.O_RDONLY)
    closeSync(whole)
    const fd = duplicateAbove(reading, OWN)
    closeSync(reading)
    return fd
  })
  return files.map(({ name }, i) => {
    moveDescriptor(held[i]!, FIRST_GIVEN + i)
    return concat(utf8(`${name}=/proc/${process.pid}/fd/${FIRST_GIVEN + i}`))
  })
}

function report(fd: number, { step, errno }: StartFailure): void {
  const bytes = printStartFailure({ step, errno })
  writeSync(fd, bytes, 0, bytes.length, 0)
}
