// One v2 conversation: who asks is fixed by its hello, and what was asked is done in order. Methods are called on a View
// of the vault that is scoped to this principal and command, so the gate and the audit are the same as without an agent.
import { compare } from '../../lib/bytes.ts'
import { Failure, toFailure } from '../../lib/errors.ts'
import type { FailureKind } from '../../lib/errors.ts'
import { EFFECTS } from '../../lib/gate.ts'
import type { Effect } from '../../lib/gate.ts'
import type { Peer } from '../../lib/native-socket.ts'
import { secretsIn } from '../../commands/execute.ts'
import type { Secret } from '../../lib/secret.ts'
import type { Names, View } from '../../vault/view.ts'
import type { Broker, Grant, TokenWish } from './broker.ts'
import { Decoder, KNOWN, MAGIC, ProtocolFault, STRANGER, encode } from './frames.ts'
import type { Message } from './frames.ts'
import { isMethod, methodNeedsKey } from './methods.ts'
import { pack, unpack } from './pack.ts'

const VERSION = 2
const MAX_COMMAND = 64

/** What a conversation may do to its connection. */
export interface Wire {
  send(bytes: Uint8Array): void
  end(): void
  /** The other side has said who it is: no deadline for it any more. */
  settled(): void
}

export class Session {
  readonly #broker: Broker
  readonly #peer: Peer
  readonly #wire: Wire
  readonly #decoder = new Decoder(STRANGER)
  #grant: Grant | undefined
  #nonce: Uint8Array | undefined
  #view: View | undefined
  #unsubscribe: (() => void) | undefined
  #queue: Promise<void> = Promise.resolve()
  #ended = false
  /** How much of MAGIC has come. */
  #greeting = 0
  /** Requests that wait or are being worked on. */
  #busy = 0

  constructor(broker: Broker, peer: Peer, wire: Wire) {
    this.#broker = broker
    this.#peer = peer
    this.#wire = wire
  }

  get working(): boolean {
    return this.#busy > 0
  }

  /** Takes bytes that came. Ends the connection on anything that is no message. */
  receive(chunk: Uint8Array): void {
    let messages: Message[]
    try {
      messages = this.#decoder.push(this.#greeted(chunk))
    } catch (error) {
      if (!(error instanceof ProtocolFault)) throw error
      this.#wire.end()
      return
    }
    for (const message of messages) this.#take(message)
  }

  /** What comes behind MAGIC, which may arrive in pieces. */
  #greeted(chunk: Uint8Array): Uint8Array {
    const wanted = MAGIC.subarray(this.#greeting, this.#greeting + chunk.length)
    if (compare(wanted, chunk.subarray(0, wanted.length)) !== 0) throw new ProtocolFault('another protocol')
    this.#greeting += wanted.length
    return chunk.subarray(wanted.length)
  }

  /** The connection is gone: what was left open is settled as cancelled. */
  close(): void {
    if (this.#ended) return
    this.#ended = true
    this.#unsubscribe?.()
    this.#decoder.wipe()
    this.#settle('cancelled')
  }

  /** Everything that can be answered at once is, without waiting for a promise: most requests are one read. */
  #take(message: Message): void {
    const answer = (): void | Promise<void> => {
      if (this.#ended) return
      return this.#answer(message)
    }
    if (this.#busy === 0) {
      const later = answer()
      if (later) this.#wait(later)
      return
    }
    this.#busy += 1
    this.#queue = this.#queue.then(answer).finally(() => (this.#busy -= 1))
  }

  #wait(later: Promise<void>): void {
    this.#busy += 1
    this.#queue = later.finally(() => (this.#busy -= 1))
  }

  #answer({ head, parts }: Message): void | Promise<void> {
    const { id, op } = head
    try {
      const result = this.#dispatch(String(op), head, parts)
      if (result instanceof Promise) {
        return result.then(
          (value) => this.#yes(id, value),
          (error: unknown) => this.#no(id, error),
        )
      }
      if (op !== 'settle') this.#yes(id, result)
    } catch (error) {
      if (error instanceof ProtocolFault) this.#wire.end()
      else this.#no(id, error)
    } finally {
      if (op !== 'call') for (const part of parts) part.fill(0)
    }
  }

  #dispatch(op: string, head: Record<string, unknown>, parts: readonly Uint8Array[]): unknown {
    if (op === 'challenge' && !this.#grant) return { nonce: (this.#nonce ??= this.#broker.nonce()) }
    if (op === 'hello') return this.#hello(head)
    const grant = this.#grant
    if (!grant) throw new ProtocolFault('no hello')
    this.#broker.recheck(grant)
    this.#broker.touch()
    switch (op) {
      case 'call':
        return this.#call(grant, String(head['method']), unpack(head['args'] ?? [], parts))
      case 'settle':
        return this.#settle(isFailureWord(head['result']) ? head['result'] : 'internal')
      case 'status':
        return this.#broker.status(grant)
      case 'subscribe':
        this.#unsubscribe ??= this.#broker.subscribe((event) => this.#send(event, []))
        return {}
      case 'unlock':
      case 'lock':
      case 'stop':
      case 'token-new':
      case 'token-list':
      case 'token-revoke':
        return this.#control(grant, op, unpack(head['args'] ?? [], parts))
      default:
        throw new ProtocolFault('an unknown operation')
    }
  }

  #hello(head: Record<string, unknown>): unknown {
    if (this.#grant) throw new ProtocolFault('a second hello')
    const { version, command, effect, interactive, token } = head
    if (version !== VERSION) {
      throw new Failure('failed', `the agent speaks protocol ${VERSION}`, { hint: 'tvault agent restart' })
    }
    if (typeof command !== 'string' || command.length > MAX_COMMAND || !isEffect(effect)) {
      throw new ProtocolFault('a hello without command and effect')
    }
    const asked = { command, effect, interactive: interactive === true, peer: this.#peer }
    this.#grant = this.#broker.admit(asked, token, this.#nonce)
    this.#nonce = undefined
    this.#decoder.limits = KNOWN
    this.#wire.settled()
    return { unlocked: this.#broker.unlocked, ...this.#broker.about }
  }

  #call(grant: Grant, method: string, args: unknown): unknown {
    if (!isMethod(method) || !Array.isArray(args)) throw new ProtocolFault('an unknown method')
    const given: Secret[] = secretsIn(args)
    const wipe = (): void => {
      for (const secret of given) secret.wipe()
    }
    try {
      const target: Names & Partial<View> = methodNeedsKey(method)
        ? this.#opened(grant)
        : (this.#view ?? this.#broker.names(grant))
      const act = target[method] as (...args: unknown[]) => unknown
      const result = act.apply(target, args)
      if (!(result instanceof Promise)) {
        wipe()
        return result
      }
      return result.finally(wipe)
    } catch (error) {
      wipe()
      throw error
    }
  }

  #opened(grant: Grant): View {
    this.#view = this.#broker.current(this.#view) ?? this.#broker.view(grant)
    return this.#view
  }

  /** What governs the agent itself: for its owner alone. */
  #control(grant: Grant, op: string, args: unknown): unknown {
    if (grant.asker.principal.kind !== 'owner') throw new Failure('denied', 'only the owner may govern the agent')
    const [first] = Array.isArray(args) ? (args as unknown[]) : []
    switch (op) {
      case 'unlock': {
        const [passphrase] = secretsIn(args)
        if (!passphrase) throw new ProtocolFault('no passphrase')
        return this.#broker.unlock(passphrase).finally(() => passphrase.wipe())
      }
      case 'lock':
        this.#broker.lock('asked')
        return {}
      case 'stop':
        // The answer goes out before the agent does.
        setTimeout(() => this.#broker.stop('asked'), 0)
        return {}
      case 'token-new':
        return this.#broker.newToken(tokenWish(first))
      case 'token-revoke':
        return this.#broker.revokeToken(String(first))
      default:
        return this.#broker.tokens()
    }
  }

  #settle(result: 'ok' | FailureKind): void {
    try {
      this.#view?.settle(result)
    } catch {
      // The vault was locked or is busy: the intent stays without an outcome, which a reader of the log sees.
    }
  }

  #yes(id: unknown, value: unknown): void {
    const parts: Uint8Array[] = []
    this.#send({ id, ok: true, result: pack(value, parts) }, parts)
    for (const secret of secretsIn(value)) secret.wipe()
  }

  #no(id: unknown, error: unknown): void {
    this.#send({ id, ok: false, error: toFailure(error).toJSON() }, [])
  }

  #send(head: Record<string, unknown>, parts: readonly Uint8Array[]): void {
    if (this.#ended) return
    for (const frame of encode({ head, parts })) this.#wire.send(frame)
  }
}

/** The wish as it came over the wire. Throws ProtocolFault when it is none. */
function tokenWish(sent: unknown): TokenWish {
  const { label, scope, seconds, uses } = (sent ?? {}) as Record<string, unknown>
  const { project, keys, effects } = (scope ?? {}) as Record<string, unknown>
  const isList = (list: unknown): list is string[] =>
    Array.isArray(list) && list.every((item) => typeof item === 'string')
  const right =
    typeof label === 'string' &&
    typeof seconds === 'number' &&
    seconds > 0 &&
    (uses === undefined || (Number.isSafeInteger(uses) && Number(uses) > 0)) &&
    (project === undefined || typeof project === 'string') &&
    (keys === undefined || isList(keys)) &&
    (effects === undefined || (isList(effects) && effects.every(isEffect)))
  if (!right) throw new ProtocolFault('no wish for a token')
  return {
    label,
    seconds,
    uses: uses as number | undefined,
    scope: {
      ...(typeof project === 'string' && { project }),
      ...(isList(keys) && { keys }),
      ...(isList(effects) && { effects: effects.filter(isEffect) }),
    },
  }
}

function isEffect(value: unknown): value is Effect {
  return (EFFECTS as readonly unknown[]).includes(value)
}

function isFailureWord(value: unknown): value is 'ok' | FailureKind {
  return typeof value === 'string'
}
