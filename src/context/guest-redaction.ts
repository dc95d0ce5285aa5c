// The output of an AI agent's programs at the agent process: it comes in, and goes back without the values of the projects
// that the call is about. None of them leaves. A connection has one set of values and a few streams.
import type { Redactor } from '../guard/redact.ts'
import { concat } from '../lib/bytes.ts'
import { Failure } from '../lib/errors.ts'
import type { Grant } from '../modes/agent/broker.ts'
import { ProtocolFault } from '../modes/agent/frames.ts'
import type { Work } from '../modes/agent/turnstile.ts'
import type { Confidential } from '../vault/confidential.ts'
import type { Vault } from '../vault/vault.ts'
import type { McpGate } from './mcp-gate.ts'

/** Standard output, standard error, the headers of an answer, and two for each program of the owner's recipes. */
const MOST_STREAMS = 40
/** What a pipe gives at once is less. */
const MOST_BYTES = 16 << 20

/** Of one connection. `base` takes no output; it is there for the others to be made of. */
interface Streams {
  base: Redactor
  open: Map<number, Redactor>
}

interface Options {
  vault: () => Vault
  perform: (work: Work) => unknown
}

export class GuestRedaction {
  readonly #gate: McpGate
  readonly #options: Options
  readonly #streams = new WeakMap<Grant, Streams>()
  readonly #gone = new WeakSet<Grant>()

  constructor(gate: McpGate, { vault, perform }: Options) {
    this.#gate = gate
    this.#options = { vault, perform }
  }

  /** Reads the values of `projects` for the streams of this connection. Throws `locked`, `denied`. */
  async begin(grant: Grant, projects: readonly string[]): Promise<{ values: number }> {
    if (!grant.served || !mayRun(grant) || this.#streams.has(grant)) {
      throw new Failure('denied', 'there is no output to redact')
    }
    const found = await this.#read(grant, projects)
    if (found.size === 0) return { values: 0 }
    const base = await this.#gate.redactor(grant.asker, projects, found)
    if (this.#gone.has(grant)) base.end()
    else this.#streams.set(grant, { base, open: new Map() })
    return { values: found.size }
  }

  /** What of `chunk` may leave. Throws ProtocolFault, and `locked` when the vault was locked since `begin`. */
  pass(grant: Grant, stream: unknown, chunk: unknown, last: unknown): { bytes: Uint8Array; redactions: number } {
    const streams = this.#streams.get(grant)
    const right = typeof stream === 'number' && chunk instanceof Uint8Array && typeof last === 'boolean'
    if (!streams || !right || chunk.length > MOST_BYTES) throw new ProtocolFault('output that nobody looks at')
    const redactor = streams.open.get(stream) ?? this.#next(streams, stream)
    const bytes = new Uint8Array(redactor.push(chunk))
    if (!last) return { bytes, redactions: redactor.redactions }
    return { bytes: concat(bytes, redactor.end()), redactions: redactor.redactions }
  }

  left(grant: Grant): void {
    this.#gone.add(grant)
    const streams = this.#streams.get(grant)
    streams?.base.end()
    for (const redactor of streams?.open.values() ?? []) redactor.end()
  }

  #next({ base, open }: Streams, name: number): Redactor {
    if (open.size >= MOST_STREAMS) throw new ProtocolFault('too many streams')
    const next = base.another()
    open.set(name, next)
    return next
  }

  /** With its row on disk. */
  #read({ asker }: Grant, projects: readonly string[]): Promise<Confidential> {
    const { promise, resolve, reject } = Promise.withResolvers<Confidential>()
    const { vault, perform } = this.#options
    let found: Confidential | undefined
    perform({
      manner: 'together',
      run: () => void (found = vault().confidential(asker, projects)),
      done: () => resolve(found!),
      failed: reject,
    })
    return promise
  }
}

/** Whoever may not run anything has no output, and could only try out guesses. */
function mayRun({ asker: { principal, command, effect, policy, act } }: Grant): boolean {
  return effect === 'inject' && policy.decide({ principal, command, effect, ...(act && { act }) }).allow
}
