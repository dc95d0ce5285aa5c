// How many others want the processors at this moment.
import { readFileSync } from 'node:fs'

/** Threads of the whole machine that run or could run, this one included (proc(5), /proc/loadavg); 1 where nothing tells. */
export function runnableThreads(): number {
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
