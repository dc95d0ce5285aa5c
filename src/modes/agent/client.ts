// A program's side of protocol v2: connect, say who asks, ask. Synchronous, without vault, store and event loop, so that
// a command that is served by the agent loads nothing heavy. What the agent answers is final; what goes wrong with the
// agent itself is Unavailable, and the caller takes the direct way.
import { Failure, FAILURES } from '../../lib/errors.ts'
import type { FailureKind } from '../../lib/errors.ts'
import type { Effect } from '../../lib/gate.ts'
import { Broken, UnixConnection } from '../../lib/native-socket.ts'
import type { Secret } from '../../lib/secret.ts'
import { Decoder, KNOWN, MAGIC, ProtocolFault, encode } from './frames.ts'
import type { Message } from './frames.ts'
import { pack, unpack } from './pack.ts'
import { ID_DIGITS, PROOF_LABEL } from './proof.ts'

/** Longest wait for connecting and the answer to the first words. */
const HELLO_MILLISECONDS = 1000
/** Longest wait for an answer; a rotation derives keys, an import writes a hundred thousand rows. */
const ANSWER_MILLISECONDS = 60_000

/** No agent, or one that does not answer as an agent does. */
export class Unavailable extends Error {}

/** Who asks, as it is told in the hello. */
export interface Caller {
  command: string
  effect: Effect
  interactive: boolean
  client: { name: string; version: string }
  /** Shown instead of being the owner; only its proof is sent. */
  token?: Secret
}

/** The answer to a hello. */
interface Told {
  unlocked: boolean
  pid: number
  version: string
}

export class AgentClient {
  readonly #connection: UnixConnection
  readonly #decoder = new Decoder(KNOWN)
  readonly #waiting: Message[] = []
  #next = 0
  #told: Told = { unlocked: false, pid: 0, version: '' }

  /** An accepted session at `path`. Throws Unavailable when there is none to be had within a second, Failure when the agent refuses. */
  static connect(path: string, caller: Caller): AgentClient {
    const deadline = performance.now() + HELLO_MILLISECONDS
    return reachable(() => {
      const connection = UnixConnection.to(path)
      if (!connection) throw new Unavailable('nobody listens')
      if (connection.peer?.uid !== process.geteuid?.()) {
        connection.close()
        throw new Unavailable('the agent belongs to somebody else')
      }
      const client = new AgentClient(connection)
      try {
        connection.send(MAGIC, deadline)
        const { token, ...said } = caller
        const shown = token && proof(token, client.#challenge(deadline))
        client.#send({ op: 'hello', version: 2, ...said, ...(shown && { token: shown }) }, [], deadline)
        client.#told = client.#answer(undefined, deadline) as Told
        return client
      } catch (error) {
        connection.close()
        throw error
      }
    })
  }

  /** Whether the agent had the key when it answered the hello. */
  get unlocked(): boolean {
    return this.#told.unlocked
  }

  private constructor(connection: UnixConnection) {
    this.#connection = connection
  }

  /** One method of the vault. Throws the agent's Failure; `busy` or `failed` when it did not come. */
  call(method: string, args: readonly unknown[]): unknown {
    return this.request({ op: 'call', method }, args)
  }

  /** One request of any kind; what it returns. */
  request(head: Record<string, unknown>, args?: readonly unknown[], milliseconds = ANSWER_MILLISECONDS): unknown {
    const deadline = performance.now() + milliseconds
    const id = ++this.#next
    return answered(() => {
      const parts: Uint8Array[] = []
      const packed = args && pack(args, parts)
      this.#send({ ...head, id, ...(packed !== undefined && { args: packed }) }, parts, deadline)
      return this.#answer(id, deadline)
    })
  }

  /** Tells something that has no answer; what goes wrong is nobody's business any more. */
  tell(head: Record<string, unknown>): void {
    try {
      this.#send(head, [], performance.now() + HELLO_MILLISECONDS)
    } catch {
      // The agent settles what was left open when the connection ends.
    }
  }

  close(): void {
    this.#decoder.wipe()
    this.#connection.close()
  }

  #challenge(deadline: number): Uint8Array {
    this.#send({ op: 'challenge' }, [], deadline)
    const { nonce } = (this.#answer(undefined, deadline) ?? {}) as { nonce?: unknown }
    if (nonce instanceof Uint8Array) return nonce
    throw new ProtocolFault('no nonce')
  }

  #send(head: Record<string, unknown>, parts: readonly Uint8Array[], deadline: number): void {
    for (const frame of encode({ head, parts })) this.#connection.send(frame, deadline)
  }

  #answer(id: number | undefined, deadline: number): unknown {
    for (;;) {
      const { head, parts } = this.#message(deadline)
      if (head['id'] !== id) continue
      if (head['ok'] === true) return unpack(head['result'], parts)
      throw failureOf(head['error'])
    }
  }

  #message(deadline: number): Message {
    for (;;) {
      const message = this.#waiting.shift()
      if (message) return message
      const bytes = this.#connection.receive(deadline)
      if (bytes.length === 0) throw new Broken('the agent closed the connection', false)
      this.#waiting.push(...this.#decoder.push(bytes))
      bytes.fill(0)
    }
  }
}

/** What shows that the caller has `token`, on this connection alone. */
function proof(token: Secret, nonce: Uint8Array): { id: string; proof: string } {
  const hash = new Bun.CryptoHasher('sha256').update(token.reveal()).digest()
  const signed = new Bun.CryptoHasher('sha256', hash).update(PROOF_LABEL).update(nonce).digest('hex')
  const id = hash.toString('hex').slice(0, ID_DIGITS)
  hash.fill(0)
  return { id, proof: signed }
}

/** A failure that came over the wire. Anything that is none is a fault of the protocol. */
function failureOf(error: unknown): Failure {
  const { kind, message, hint } = (error ?? {}) as Record<string, unknown>
  if (typeof kind !== 'string' || !Object.hasOwn(FAILURES, kind) || typeof message !== 'string') {
    throw new ProtocolFault('an error that is none')
  }
  return new Failure(kind as FailureKind, message, typeof hint === 'string' ? { hint } : {})
}

/** While connecting: whatever goes wrong means that there is no agent to be had. */
function reachable<T>(act: () => T): T {
  try {
    return act()
  } catch (error) {
    if (error instanceof ProtocolFault || error instanceof RangeError || error instanceof Broken) {
      throw new Unavailable(error.message)
    }
    throw error
  }
}

/** Later: the agent may have done what it was asked, so nobody may ask again by another way without a word. */
function answered<T>(act: () => T): T {
  try {
    return act()
  } catch (error) {
    if (error instanceof Broken && error.late) {
      throw new Failure('busy', 'the agent did not answer in time', {
        hint: 'tvault agent status; --no-agent goes without it',
      })
    }
    if (error instanceof Broken || error instanceof ProtocolFault) {
      throw new Failure('failed', 'the agent went away in the middle of its answer', {
        hint: 'tvault agent status; --no-agent goes without it',
      })
    }
    throw error
  }
}
