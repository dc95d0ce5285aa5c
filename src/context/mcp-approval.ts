// Waits for the owner's word about a use of an AI agent: asks the agent twice a second, tells the client once a second that
// something is still going on, and takes the question back when the client does.
import { Failure } from '../lib/errors.ts'
import type { Answer } from '../modes/agent/approvals.ts'

const POLL_MILLISECONDS = 400

/** What is asked of the agent while waiting. */
export interface AwaitedWord {
  /** How it stands. */
  look: () => Promise<{ answer: Answer; seconds: number }>
  withdraw: () => Promise<void>
  signal: AbortSignal
  /** Seconds that have gone by, and how many there are in all. */
  progress: (done: number, total: number) => void
}

/** Returns when the owner said yes. Throws `denied` with code `approval_denied` or `approval_expired`, `cancelled`. */
export async function ownersWord({ look, withdraw, signal, progress }: AwaitedWord): Promise<void> {
  const began = performance.now()
  let told = -1
  for (;;) {
    const { answer, seconds } = await look()
    if (answer === 'approved') return
    if (answer === 'denied')
      throw new Failure('denied', 'the owner refused it', { code: 'approval_denied', hint: 'ask the owner' })
    if (answer !== 'waiting') {
      throw new Failure('denied', 'the owner did not allow it in time', {
        code: 'approval_expired',
        hint: 'try again when the owner is there: tvault approvals',
      })
    }
    const gone = Math.floor((performance.now() - began) / 1000)
    if (gone > told) progress(gone, gone + seconds)
    told = gone
    await pause(signal)
    if (signal.aborted) {
      await withdraw()
      throw new Failure('cancelled', 'cancelled')
    }
  }
}

async function pause(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return
  const { promise, resolve } = Promise.withResolvers<void>()
  const timer = setTimeout(resolve, POLL_MILLISECONDS)
  const stop = (): void => resolve()
  signal.addEventListener('abort', stop)
  await promise
  clearTimeout(timer)
  signal.removeEventListener('abort', stop)
}
