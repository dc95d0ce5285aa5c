// Shows the owner that something waits, on the desktop where there is one. Best effort: nothing depends on it, and nothing
// but fixed words and the plain name of a client goes out.
import { existsSync } from 'node:fs'
import { isAbsolute, join } from 'node:path'
import type { Environment } from '../lib/paths.ts'

/** Not looked up in PATH: the agent has the key. */
const PROGRAMS = '/usr/bin:/bin:/usr/local/bin'
const QUIET_MILLISECONDS = 3000

/** What shows a title and words; does nothing where there is no desktop. At most one is shown every three seconds. */
export function desktopNotifier(environment: Environment): (title: string, words: string) => void {
  const runtime = environment['XDG_RUNTIME_DIR']
  const named = environment['DBUS_SESSION_BUS_ADDRESS']
  const hasBus =
    named !== undefined || (runtime !== undefined && isAbsolute(runtime) && existsSync(join(runtime, 'bus')))
  const program = hasBus ? Bun.which('notify-send', { PATH: PROGRAMS }) : null
  let last = Number.NEGATIVE_INFINITY
  return (title, words) => {
    const now = performance.now()
    if (program === null || now - last < QUIET_MILLISECONDS) return
    last = now
    try {
      const env = {
        ...(runtime !== undefined && { XDG_RUNTIME_DIR: runtime }),
        ...(named !== undefined && { DBUS_SESSION_BUS_ADDRESS: named }),
      }
      const streams = { stdin: 'ignore', stdout: 'ignore', stderr: 'ignore' } as const
      Bun.spawn([program, '--app-name=tvault', '--urgency=critical', title, words], { ...streams, env }).unref()
    } catch {
      // The owner sees it in `tvault approvals`.
    }
  }
}
