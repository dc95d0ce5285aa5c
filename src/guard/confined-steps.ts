// Programs of the owner before and behind another one, in the same surroundings: whatever was set up is taken down again,
// also when the program failed, took too long, or was taken back. What takes down is never taken back.
import type { Kept } from './capped.ts'
import type { Ending } from './watch.ts'

export interface Step {
  /** The program, by its absolute path, and its words. */
  command: readonly string[]
  timeoutSeconds: number
}

export interface Steps {
  setUp: readonly Step[]
  tearDown: readonly Step[]
}

/** How one of them ended. */
export interface StepEnding {
  command: readonly string[]
  /** 126: it could not be started. */
  exitCode: number
  timedOut: boolean
  stdout: Kept
  stderr: Kept
}

export interface StepsEnding {
  /** Those that were run: the last one that sets up may have failed. */
  setUp: StepEnding[]
  tearDown: StepEnding[]
}

const NOT_STARTED = 126
const SILENT: Kept = { head: new Uint8Array(0), tail: new Uint8Array(0), total: 0, dropped: 0 }

/**
 * Sets up, runs `act` unless something failed or `cancel` was called, and takes down. `ending` is undefined when `act`
 * was not run. Throws what `act` throws, when everything was taken down.
 */
export async function betweenSteps<T>(
  { setUp, tearDown }: Steps,
  start: (step: Step, cancel: AbortSignal | undefined) => Promise<Ending>,
  cancel: AbortSignal | undefined,
  act: () => Promise<T>,
): Promise<StepsEnding & { ending: T | undefined }> {
  const done: StepsEnding = { setUp: [], tearDown: [] }
  let ending: T | undefined
  try {
    let failed = false
    for (const step of setUp) {
      if (failed || cancel?.aborted) break
      const ended = await endOf(step, () => start(step, cancel))
      done.setUp.push(ended)
      failed = ended.exitCode !== 0 || ended.timedOut
    }
    if (!failed && (setUp.length === 0 || !cancel?.aborted)) ending = await act()
  } finally {
    for (const step of tearDown) done.tearDown.push(await endOf(step, () => start(step, undefined)))
  }
  return { ...done, ending }
}

async function endOf({ command }: Step, start: () => Promise<Ending>): Promise<StepEnding> {
  try {
    const { failure, timedOut, stdout, stderr, ...ended } = await start()
    return { command, exitCode: failure ? NOT_STARTED : ended.exitCode, timedOut, stdout, stderr }
  } catch {
    return { command, exitCode: NOT_STARTED, timedOut: false, stdout: SILENT, stderr: SILENT }
  }
}
