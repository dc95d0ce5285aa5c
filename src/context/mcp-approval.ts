// Waits for the owner's word about a use of an AI agent: asks the agent twice a second, tells the client once a second that
// something is still going on, and takes the question back when the client does.
import { Failure, toFailure } from '../lib/errors.ts'
import type { Answer } from '../modes/agent/approvals.ts'
import type { Ending, PageOfQuestion } from '../modes/mcp/host.ts'

const POLL_MILLISECONDS = 400

/** What is asked of the agent while waiting. */
export interface AwaitedWord {
  /** How it stands. */
  look: () => Promise<{ answer: Answer; seconds: number }>
  /** `declined`: because somebody said no at the client. */
  withdraw: (declined: boolean) => Promise<void>
  /** The page that asks as well. It is closed with the question. */
  page?: PageOfQuestion | undefined
  signal: AbortSignal
  /** Seconds that have gone by, and how many there are in all. */
  progress: (done: number, total: number) => void
}

/** Returns when the owner said yes. Throws `denied` with code `approval_denied` or `approval_expired`, `cancelled`. */
export async function ownersWord(awaited: AwaitedWord): Promise<void> {
  const { page } = awaited
  try {
    await wordOf(awaited)
    page?.close('approved')
  } catch (error) {
    page?.close(endingOf(toFailure(error)))
    throw error
  }
}

function endingOf({ code }: Failure): Ending {
  if (code === 'approval_denied') return 'denied'
  return code === 'approval_expired' ? 'expired' : 'over'
}

async function wordOf({ look, withdraw, page, signal, progress }: AwaitedWord): Promise<void> {
  const began = performance.now()
  let told = -1
  for (;;) {
    const { answer, seconds } = await look()
    if (answer === 'approved') return
    if (answer === 'denied') throw refused('the owner refused it')
    if (answer !== 'waiting') {
      throw new Failure('denied', 'the owner did not allow it in time', {
        code: 'approval_expired',
        hint: 'try again when the owner is there: tvault approvals',
      })
    }
    const gone = Math.floor((performance.now() - began) / 1000)
    if (gone > told) progress(gone, gone + seconds)
    told = gone
    await pause(page ? [signal, page.turnedDown] : [signal])
    if (signal.aborted) {
      await withdraw(false)
      throw new Failure('cancelled', 'cancelled')
    }
    if (page?.turnedDown.aborted) {
      await withdraw(page.turnedDown.reason === 'decline')
      throw refused('it was turned down at the client')
    }
  }
}

function refused(message: string): Failure {
  return new Failure('denied', message, { code: 'approval_denied', hint: 'ask the owner' })
}

/** Until the next look, or until one of `signals` aborts. */
async function pause(signals: readonly AbortSignal[]): Promise<void> {
  if (signals.some(({ aborted }) => aborted)) return
  const { promise, resolve } = Promise.withResolvers<void>()
  const timer = setTimeout(resolve, POLL_MILLISECONDS)
  const stop = (): void => resolve()
  for (const signal of signals) signal.addEventListener('abort', stop)
  await promise
  clearTimeout(timer)
  for (const signal of signals) signal.removeEventListener('abort', stop)
}
