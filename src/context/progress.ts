// One line of progress for what takes long. It stays away from pipes and from anything that is done quickly.
import { err } from '../lib/out.ts'

const SILENT_MILLISECONDS = 500
const STEP_MILLISECONDS = 100

/** A function to call with the work done so far; the line disappears when `done` reaches `total`. */
export function startProgress(label: string, onTerminal: boolean): (done: number, total: number) => void {
  const start = performance.now()
  let shown = 0
  return (done, total) => {
    if (!onTerminal) return
    const time = performance.now()
    if (done >= total) {
      if (shown > 0) err('\r\u001b[K')
      shown = 0
    } else if (time - start >= SILENT_MILLISECONDS && time - shown >= STEP_MILLISECONDS) {
      shown = time
      err(`\r\u001b[K${label} ${done} of ${total}`)
    }
  }
}
