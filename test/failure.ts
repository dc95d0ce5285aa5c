// The Failure that is expected: what is thrown and is none goes on to the test runner.
import { Failure } from '../src/lib/errors.ts'

/** The Failure that `act` throws. */
export function failure(act: () => unknown): Failure {
  try {
    act()
  } catch (error) {
    return asFailure(error)
  }
  throw new Error('nothing was thrown')
}

/** The Failure of a promise, or of what `act` does. */
export async function failureOf(act: PromiseLike<unknown> | (() => unknown)): Promise<Failure> {
  try {
    await (typeof act === 'function' ? act() : act)
  } catch (error) {
    return asFailure(error)
  }
  throw new Error('nothing was thrown')
}

function asFailure(error: unknown): Failure {
  if (error instanceof Failure) return error
  throw error
}
