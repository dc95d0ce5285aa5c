// Finds every process that a confined program left behind, whatever it did to hide (setsid, two forks, another parent).
// Each program is started with a number of its own as the limit for file locks, which the kernel hands down to all
// children and has no use for since Linux 2.4; the filter for system calls keeps it from being changed.
import { readFileSync, readdirSync } from 'node:fs'
import { LIMIT, hardLimit, signalIf } from '../lib/native-sandbox.ts'

/** Marks are above every limit that somebody would set, and exact as a number. */
const LEAST_MARK = 2 ** 52
const POLL_MILLISECONDS = 5

/** A number that no other program has. */
export function newMark(): number {
  const [high = 0, low = 0] = crypto.getRandomValues(new Uint32Array(2))
  return LEAST_MARK + (high & 0x000f_ffff) * 2 ** 32 + low
}

/** Living processes with this mark. */
export function markedProcesses(mark: number): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid > 0 && hardLimit(pid, LIMIT.locks) === mark && isAlive(pid))
}

/** Sends `signal` to every process with this mark; to how many. */
export function signalMarked(mark: number, signal: number): number {
  return markedProcesses(mark).filter((pid) => signalIf(pid, signal, () => hardLimit(pid, LIMIT.locks) === mark)).length
}

const SIGKILL = 9

/**
 * Kills every process with this mark, and those that they start in the meantime, for at most `milliseconds`. How many
 * signals that took, and how many processes are left.
 */
export async function killMarked(mark: number, milliseconds: number): Promise<{ killed: number; left: number }> {
  const deadline = performance.now() + milliseconds
  const killed = new Set<number>()
  for (;;) {
    const found = markedProcesses(mark)
    if (found.length === 0 || performance.now() > deadline) return { killed: killed.size, left: found.length }
    for (const pid of found) {
      if (signalIf(pid, SIGKILL, () => hardLimit(pid, LIMIT.locks) === mark)) killed.add(pid)
    }
    await Bun.sleep(POLL_MILLISECONDS)
  }
}

/** Not one that has ended and waits for its parent to notice. */
function isAlive(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    return !/^[ZX]/.test(stat.slice(stat.lastIndexOf(')') + 2))
  } catch {
    return false
  }
}

/** How many threads the user with number `uid` has, as the kernel counts them against the limit of processes. */
export function threadsOf(uid: number): number {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .reduce((sum, pid) => sum + threads(pid, uid), 0)
}

function threads(pid: string, uid: number): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'latin1')
    if (Number(/^Uid:\s+(\d+)/m.exec(status)?.[1]) !== uid) return 0
    return Number(/^Threads:\s+(\d+)/m.exec(status)?.[1] ?? 0)
  } catch {
    return 0
  }
}
