// A program's side of protocol v2: connect, say who asks, ask. Synchronous, without vault, store and event loop, so that
// a command that is served by the agent loads nothing heavy. What the agent answers is final; what goes wrong with the
// agent itself before it has answered anything is Unavailable, and the caller takes the direct way.
import { concat, ownCopy } from '../../lib/bytes.ts'
import { Failure, FAILURES } from '../../lib/errors.ts'
import type { FailureKind } from '../../lib/errors.ts'
import type { Effect } from '../../lib/gate.ts'
import { Broken, UnixConnection } from '../../lib/native-socket.ts'
import type { Secret } from '../../lib/secret.ts'
import type { Guest } from './guest.ts'
import { Decoder, KNOWN, ProtocolFault, STRANGER, encode } from './frames.ts'
import { HELLO_MILLISECONDS, MAGIC } from './wire.ts'
import type { Message } from './frames.ts'
import { pack, unpack } from './pack.ts'
import { ID_DIGITS, PROOF_LABEL } from './proof.ts'

/** The same where one act cannot be interrupted: a key derivation, a hundred thousand rows. */
const SILENCE_MILLISECONDS = 60_000
const BRACE = 0x7b

/** No agent, or one that does not answer as an agent does. */
export class Unavailable extends Error {}

/** Nobody is behind the socket: what an agent leaves that was killed. */
export class Nobody extends Unavailable {}

/** There is an agent, and it speaks protocol v1 only. */
export class SpeaksPlain extends Unavailable {}

/** Who asks, as it is told in the hello. */
export interface Caller {
  command: string
  effect: Effect
  interactive: boolean
  client: { name: string; version: string }
  /** Asks for an AI agent: what it says of itself and of its call. */
  principal?: { kind: 'mcp' } & Guest
  /** Shown instead of being the owner; only its proof is sent. */
  token?: Secret
}

/** The answer to a hello. */
interface Told {
  unlocked: boolean
  /** The current one, if the caller may know it. */
  project: string
  pid: number
  version: string
  principal?: string
}

/** Paths at which an agent did not answer: it costs its second once, whoever asks again in this process. */
const silent = new Map<string, string>()

export class AgentClient {
  readonly #connection: UnixConnection
  readonly #decoder = new Decoder(STRANGER)
  readonly #waiting: Message[] = []
  #next = 0
  #told: Told = { unlocked: false, project: '', pid: 0, version: '' }

  /**
   * An accepted session at `path`. Throws Unavailable when there is none to be had within a second, Failure when the
   * agent refuses.
   */
  static connect(path: string, caller: Caller): AgentClient {
    return greeted(path, (client, deadline) => client.#greet(caller, deadline))
  }

  /** Whether the agent had the key when it answered the hello. */
  get unlocked(): boolean {
    return this.#told.unlocked
  }

  /** The current project when it answered the hello. */
  get project(): string {
    return this.#told.project
  }

  /** For `greeted`, which closes what it could not use. */
  static over(connection: UnixConnection): AgentClient {
    return new AgentClient(connection)
  }

  private constructor(connection: UnixConnection) {
    this.#connection = connection
  }

  /** One method of the vault. Throws the agent's Failure; `busy` or `failed` when it did not come. */
  call(method: string, args: readonly unknown[], silence = SILENCE_MILLISECONDS): unknown {
    return this.request({ op: 'call', method }, args, silence)
  }

  /** One request of any kind; what it returns. `silence`: milliseconds without a word after which it is given up. */
  request(head: Record<string, unknown>, args?: readonly unknown[], silence = SILENCE_MILLISECONDS): unknown {
    const id = ++this.#next
    return answered(() => {
      const parts: Uint8Array[] = []
      const packed = args && pack(args, parts)
      this.#send({ ...head, id, ...(packed !== undefined && { args: packed }) }, parts, performance.now() + silence)
      return this.#await(id, silence)
    })
  }

  #await(id: number, silence: number): unknown {
    for (;;) {
      const answer = this.#answer(id, performance.now() + silence)
      if (answer) return answer.result
    }
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

  #greet({ token, ...said }: Caller, deadline: number): void {
    const hello = { op: 'hello', version: 2, ...said }
    if (token) {
      const nonce = this.#challenge(deadline)
      this.#told = this.#first({ ...hello, token: proof(token, nonce) }, deadline) as Told
    } else {
      this.#told = this.#first(hello, deadline, MAGIC) as Told
    }
    if (said.principal && this.#told.principal !== said.principal.kind) {
      throw new Failure('failed', 'the agent that runs here is older and would not keep to the policy', {
        hint: 'tvault agent restart, or tvault agent stop and tvault unlock',
      })
    }
    this.#decoder.limits = KNOWN
  }

  #challenge(deadline: number): Uint8Array {
    const { nonce } = (this.#first({ op: 'challenge' }, deadline, MAGIC) ?? {}) as { nonce?: unknown }
    if (nonce instanceof Uint8Array) return nonce
    throw new ProtocolFault('no nonce')
  }

  /** The answer to `head`, which has no number: nothing else may come before it. It goes out behind `before`. */
  #first(head: Record<string, unknown>, deadline: number, before: Uint8Array = new Uint8Array(0)): unknown {
    const pieces: Uint8Array[] = [before]
    encode({ head, parts: [] }, (bytes) => pieces.push(ownCopy(bytes)))
    try {
      this.#connection.send(concat(...pieces), deadline)
    } catch (error) {
      // It has closed already; what it said before that tells why.
      if (!(error instanceof Broken) || error.late) throw error
    }
    const answer = this.#answer(undefined, deadline)
    if (answer) return answer.result
    throw new ProtocolFault('no answer')
  }

  #send(head: Record<string, unknown>, parts: readonly Uint8Array[], deadline: number): void {
    encode({ head, parts }, (bytes) => this.#connection.send(bytes, deadline))
  }

  /** The answer to request `id`; undefined when the agent said something else, which shows that it lives. */
  #answer(id: number | undefined, deadline: number): { result: unknown } | undefined {
    const { head, parts } = this.#message(deadline)
    if (head['id'] !== id || head['waiting'] === true) return undefined
    if (head['ok'] === true) return { result: unpack(head['result'], parts) }
    throw failureOf(head['error'])
  }

  #message(deadline: number): Message {
    for (;;) {
      const message = this.#waiting.shift()
      if (message) return message
      const bytes = this.#connection.receive(deadline)
      if (bytes.length === 0) throw new Broken('the agent closed the connection', false)
      if (this.#decoder.limits === STRANGER && bytes[0] === BRACE) throw plainAnswer(bytes)
      this.#decoder.push(bytes, (next) => this.#waiting.push(next))
      bytes.fill(0)
    }
  }
}

/** A client for which `greet` was heard, within the time that an agent may cost. Throws what `connect` throws. */
function greeted(path: string, greet: (client: AgentClient, deadline: number) => void): AgentClient {
  const before = silent.get(path)
  if (before !== undefined) throw new Unavailable(before)
  const deadline = performance.now() + HELLO_MILLISECONDS
  try {
    return reachable(() => {
      const client = AgentClient.over(connectTo(path))
      try {
        greet(client, deadline)
        return client
      } catch (error) {
        client.close()
        throw error
      }
    })
  } catch (error) {
    const lost = error instanceof Unavailable && !(error instanceof Nobody) && !(error instanceof SpeaksPlain)
    if (lost) silent.set(path, error.message)
    throw error
  }
}

/**
 * A connection to an agent of the same user. Throws Unavailable, RangeError for a path that is too long.
 */
export function connectTo(path: string): UnixConnection {
  const connection = UnixConnection.to(path)
  if (connection === 'nobody') throw new Nobody('nobody listens')
  if (connection === 'full') throw new Unavailable('it takes no more connections')
  if (connection.peer?.uid === process.geteuid?.()) return connection
  connection.close()
  throw new Unavailable('it belongs to somebody else')
}

/** Words of v1: from an agent that speaks nothing else, or one that takes nobody now. */
function plainAnswer(bytes: Uint8Array): Error {
  const words = new TextDecoder().decode(bytes)
  const refused = ['permission denied', 'too many connections'].find((said) => words.includes(`"${said}"`))
  return refused === undefined ? new SpeaksPlain('it speaks protocol 1') : new Unavailable(refused)
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
  const { kind, message, hint, code, about } = (error ?? {}) as Record<string, unknown>
  if (typeof kind !== 'string' || !Object.hasOwn(FAILURES, kind) || typeof message !== 'string') {
    throw new ProtocolFault('an error that is none')
  }
  const facts = typeof about === 'object' && about !== null ? (about as Failure['about']) : undefined
  return new Failure(kind as FailureKind, message, {
    ...(typeof hint === 'string' && { hint }),
    ...(typeof code === 'string' && { code }),
    ...(facts && { about: facts }),
  })
}

/** While connecting: whatever goes wrong means that there is no agent to be had. */
export function reachable<T>(act: () => T): T {
  try {
    return act()
  } catch (error) {
    if (error instanceof ProtocolFault) throw new Unavailable('it does not speak as an agent does')
    if (error instanceof RangeError || error instanceof Broken) throw new Unavailable(error.message)
    throw error
  }
}

/** Later: the agent may have done what it was asked, so nobody may ask again by another way without a word. */
export function answered<T>(act: () => T): T {
  try {
    return act()
  } catch (error) {
    if (error instanceof Broken && error.late) {
      throw new Failure('busy', 'the agent did not answer in time', {
        hint: 'tvault agent status; --no-agent goes without it',
      })
    }
    if (error instanceof Broken || error instanceof ProtocolFault || error instanceof Unavailable) {
      throw new Failure('failed', 'the agent went away in the middle of its answer', {
        hint: 'tvault agent status; --no-agent goes without it',
      })
    }
    throw error
  }
}
