// What takes the values of a call's projects out of its output: tables in this process when it has the key, else in the
// agent, which gets the output and gives it back. What it could not look at is not told, and why is known.
import { Failure, toFailure } from '../lib/errors.ts'
import type { Redacting } from '../guard/redact-chain.ts'
import type { AgentClient } from '../modes/agent/client.ts'
import { READ_SILENCE_MILLISECONDS } from '../modes/agent/wire.ts'

/** For one call. */
export interface ScopeRedaction {
  /** For the caller to end. */
  readonly stream: Redacting
  /** Why the rest of the output is withheld; undefined as long as all of it was looked at. */
  readonly failure: Failure | undefined
}

/** `redactor` is in this process. */
export function redactingHere(redactor: Redacting): ScopeRedaction {
  const stream = new Guarded(redactor)
  return {
    stream,
    get failure() {
      return stream.failure
    },
  }
}

/** The same in the agent; undefined when the projects have no values. Throws what the agent refuses with. */
export function redactingThere(client: AgentClient, projects: readonly string[]): ScopeRedaction | undefined {
  const ask = (op: string, args: readonly unknown[]): unknown => client.request({ op }, args, READ_SILENCE_MILLISECONDS)
  const { values } = ask('redact-begin', [projects]) as { values: number }
  if (values === 0) return undefined
  let streams = 0
  let lost = false
  const remote = (): Redacting => {
    const stream = streams++
    let redactions = 0
    const redacted = (chunk: Uint8Array, last: boolean): Uint8Array => {
      // One that did not answer is not waited for again.
      if (lost) throw new Failure('failed', 'the agent went away')
      lost = true
      const told = ask('redact', [stream, chunk, last]) as { bytes: Uint8Array; redactions: number }
      lost = false
      redactions = told.redactions
      return told.bytes
    }
    return {
      push: (chunk) => redacted(chunk, false),
      end: () => redacted(new Uint8Array(0), true),
      another: remote,
      get redactions() {
        return redactions
      },
    }
  }
  return redactingHere(remote())
}

/** A stream that lets nothing through from the moment on that something went wrong; so do the others made of it. */
class Guarded implements Redacting {
  readonly #inner: Redacting
  readonly #shared: { failure: Failure | undefined }
  #ended = false

  constructor(inner: Redacting, shared: { failure: Failure | undefined } = { failure: undefined }) {
    this.#inner = inner
    this.#shared = shared
  }

  get failure(): Failure | undefined {
    return this.#shared.failure
  }

  get redactions(): number {
    return this.#inner.redactions
  }

  another(): Redacting {
    return new Guarded(this.#inner.another(), this.#shared)
  }

  push(chunk: Uint8Array): Uint8Array {
    return this.#shared.failure ? new Uint8Array(0) : this.#tried(() => this.#inner.push(chunk))
  }

  /** Ends the inner one in any case, which wipes what it holds. */
  end(): Uint8Array {
    if (this.#ended) return new Uint8Array(0)
    this.#ended = true
    return this.#tried(() => this.#inner.end())
  }

  #tried(act: () => Uint8Array): Uint8Array {
    try {
      const passed = act()
      if (!this.#shared.failure) return passed
    } catch (error) {
      this.#shared.failure ??= toFailure(error)
    }
    return new Uint8Array(0)
  }
}
