// What the kernel says of another process, so that its number cannot be taken over by a later one.
import { readFileSync } from 'node:fs'

/** The field of /proc/PID/stat with the start time, behind the name, which is in brackets and may hold anything. */
const STARTED = 19

/** Number and start time of a process; where the kernel does not tell the time, 0 stands for it. */
export function processIdentity(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    return `${pid}:${stat.slice(stat.lastIndexOf(')') + 2).split(' ')[STARTED] ?? '0'}`
  } catch {
    return `${pid}:0`
  }
}
