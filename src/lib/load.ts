// Who wants the processors: how many others, and whether this process may wait.
import { readFileSync, readdirSync } from 'node:fs'

let crowd = false

/** Has it known, for good, that more processes want the processors than run: those wait, and `/proc/loadavg` tells only of the others. */
export function noteCrowd(): void {
  crowd = true
}

/** Threads of the whole machine that run or could run, this one included (proc(5), /proc/loadavg); 1 where nothing tells. */
export function runnableThreads(): number {
  if (crowd) return Infinity
  try {
    return runnableIn(readFileSync('/proc/loadavg', 'latin1'))
  } catch {
    return 1
  }
}

/** The same in the text of that file: `0.20 0.18 0.12 1/80 11206`. */
export function runnableIn(line: string): number {
  return Number(/ (\d+)\/\d+ /.exec(line)?.[1] ?? 1)
}

const LAST = 10

/**
 * Gives the processors to whoever else wants them (nice 10, all threads that there are), for good: a process may not take
 * that back. For work of seconds beside which somebody may want a single value. Where it cannot be done nothing is.
 */
export async function stepBack(): Promise<void> {
  try {
    const { getPriority, setPriority } = await import('node:os')
    for (const thread of readdirSync('/proc/self/task').map(Number)) {
      if (getPriority(thread) < LAST) setPriority(thread, LAST)
    }
  } catch {
    // A thread that has just ended, or a system without such a list.
  }
}
