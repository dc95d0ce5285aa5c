// One v2 conversation: who asks is fixed by its hello, and what was asked is done in order, one thing after the other.
// Methods are called on a View of the vault that is scoped to this principal and command, so the gate and the audit are
// the same as without an agent. Whatever came with a request is wiped when it was done, answered or not.
import { secretsIn } from '../../lib/secret.ts'
import { compare } from '../../lib/bytes.ts'
import { Failure, FAILURES, toFailure } from '../../lib/errors.ts'
import type { FailureKind } from '../../lib/errors.ts'
import type { Peer } from '../../lib/native-socket.ts'
import type { Names, View } from '../../vault/view.ts'
import type { Broker, Grant } from './broker.ts'
import type { Conversation, Wire } from './connection.ts'
import { control, isControl, isEffect } from './control.ts'
import { guestOf, isGuestOperation } from './guest.ts'
import type { GuestOperation } from './guest.ts'
import { Decoder, KNOWN, ProtocolFault, STRANGER, encode } from './frames.ts'
import { MAGIC } from './wire.ts'
import type { Message } from './frames.ts'
import { demandMethod, isMethod, mannerOf, methodNeedsKey } from './methods.ts'
import type { Method } from './methods.ts'
import { pack, unpack } from './pack.ts'
import { unheard } from './turnstile.ts'

const VERSION = 2
/** Words of a command; they are written into the audit log. */
const COMMAND = /^[a-z][a-z0-9-]*(?: [a-z][a-z0-9-]*){0,3}$/
const MAX_COMMAND = 64
/** With so many requests waiting nothing more is read. */
const MAX_WAITING = 16
/** Who waits for an answer hears at least so often that somebody works on it. */
const PULSE_MILLISECONDS = 500

/** What is being worked on. */
interface Current {
  id: unknown
  /** Takes it back, and says whether it was not begun. */
  takeBack: () => boolean
}

export class Session implements Conversation {
  readonly #broker: Broker
  readonly #peer: Peer
  readonly #wire: Wire
  readonly #decoder = new Decoder(STRANGER)
  readonly #waiting: Message[] = []
  #grant: Grant | undefined
  #nonce: Uint8Array | undefined
  #view: View | undefined
  /** Whether values were given out whose intents have no outcome yet. */
  #unsettled = false
  #unsubscribe: (() => void) | undefined
  #current: Current | undefined
  #pulse: ReturnType<typeof setInterval> | undefined
  #halfClosed = false
  #ended = false
  /** How much of MAGIC has come. */
  #greeting = 0
  /** Bytes of parts that were asked about. */
  #parted = 0

  constructor(broker: Broker, peer: Peer, wire: Wire) {
    this.#broker = broker
    this.#peer = peer
    this.#wire = wire
  }

  get working(): boolean {
    return this.#current !== undefined || this.#waiting.length > 0
  }

  get midway(): boolean {
    return this.#decoder.midway || this.#greeting < MAGIC.length
  }

  tookSecrets(): boolean {
    const came = this.#decoder.partBytes
    const taken = came > this.#parted
    this.#parted = came
    return taken
  }

  /** Takes bytes that came. Ends the connection on anything that is no message. */
  receive(chunk: Uint8Array): void {
    try {
      this.#decoder.push(this.#greeted(chunk), (message) => this.#take(message))
    } catch (error) {
      if (!(error instanceof ProtocolFault)) throw error
      this.#fail()
    }
  }

  /** What was asked is still answered. */
  halfClosed(): void {
    this.#halfClosed = true
    this.#next()
  }

  drained(): void {
    this.#next()
  }

  /** The connection is gone: what was not begun never will be, and what was left open is settled as cancelled. */
  close(): void {
    if (this.#ended) return
    this.#ended = true
    clearInterval(this.#pulse)
    this.#unsubscribe?.()
    this.#decoder.wipe()
    for (const message of this.#waiting.splice(0)) wipeParts(message)
    this.#current?.takeBack()
    if (this.#grant?.asker.principal.kind === 'mcp') this.#broker.guests.left(this.#grant)
    this.#settle('cancelled')
  }

  /** What comes behind MAGIC, which may arrive in pieces. */
  #greeted(chunk: Uint8Array): Uint8Array {
    const wanted = MAGIC.subarray(this.#greeting, this.#greeting + chunk.length)
    if (compare(wanted, chunk.subarray(0, wanted.length)) !== 0) throw new ProtocolFault('another protocol')
    this.#greeting += wanted.length
    return chunk.subarray(wanted.length)
  }

  #take(message: Message): void {
    if (this.#ended) return wipeParts(message)
    // Whoever takes something back does not wait for it to be done.
    if (message.head['op'] === 'cancel' && this.#grant) return this.#cancel(message)
    this.#waiting.push(message)
    if (this.#waiting.length > MAX_WAITING) this.#wire.pause()
    this.#next()
  }

  /** Begins what waits, as long as nothing is being worked on and the answers are taken. */
  #next(): void {
    while (!this.#current && !this.#ended && !this.#wire.full) {
      const message = this.#waiting.shift()
      if (!message) break
      if (this.#waiting.length < MAX_WAITING) this.#wire.resume()
      this.#begin(message)
    }
    if (this.#halfClosed && !this.working) this.#wire.end()
  }

  #begin(message: Message): void {
    const { head, parts } = message
    const { id } = head
    const op = String(head['op'])
    const over = (): void => wipeParts(message)
    try {
      if (op === 'hello' || op === 'challenge') {
        over()
        this.#yes(id, op === 'hello' ? this.#hello(head) : this.#challenge())
        return
      }
      const grant = this.#grant
      if (!grant) throw new ProtocolFault('no hello')
      this.#broker.recheck(grant)
      const args = unpack(head['args'] ?? [], parts)
      if (!Array.isArray(args)) throw new ProtocolFault('arguments that are no list')
      if (op === 'call') {
        this.#broker.touch()
        return this.#call(grant, { id, method: String(head['method']), current: head['current'] === true }, args, over)
      }
      if (isControl(op)) {
        this.#broker.touch()
        const result = control(this.#broker, grant, op, args)
        if (result instanceof Promise) return this.#await(id, result, over)
        this.#yes(id, result)
      } else if (isGuestOperation(op)) {
        const result = this.#guest(grant, op, args)
        if (result instanceof Promise) return this.#await(id, result, over)
        this.#yes(id, result ?? {})
      } else this.#plain(grant, id, op, head)
      over()
    } catch (error) {
      over()
      if (error instanceof ProtocolFault) this.#fail()
      else this.#no(id, error)
    }
  }

  #guest(grant: Grant, op: GuestOperation, args: readonly unknown[]): unknown {
    if (grant.asker.principal.kind !== 'mcp') throw new ProtocolFault('no AI agent')
    // A program that has something to say is at work.
    if (op === 'redact') this.#broker.touch()
    return this.#broker.guests.ask(grant, op, args)
  }

  /** What neither touches the vault nor the agent. */
  #plain(grant: Grant, id: unknown, op: string, head: Record<string, unknown>): void {
    switch (op) {
      case 'settle':
        return this.#settle(outcome(head['result']))
      case 'status':
        return this.#yes(id, this.#broker.status(grant))
      case 'subscribe':
        this.#unsubscribe ??= this.#broker.subscribe((event) => this.#send(event, []))
        return this.#yes(id, {})
      default:
        throw new ProtocolFault('an unknown operation')
    }
  }

  #challenge(): unknown {
    if (this.#grant) throw new ProtocolFault('a challenge after the hello')
    return { nonce: (this.#nonce ??= this.#broker.nonce()) }
  }

  #hello(head: Record<string, unknown>): unknown {
    if (this.#grant) throw new ProtocolFault('a second hello')
    const { version, command, effect, interactive, token } = head
    if (version !== VERSION) {
      throw new Failure('failed', `the agent speaks protocol ${VERSION}`, { hint: 'tvault agent restart' })
    }
    if (typeof command !== 'string' || command.length > MAX_COMMAND || !COMMAND.test(command) || !isEffect(effect)) {
      throw new ProtocolFault('a hello without command and effect')
    }
    const mcp = guestOf(head)
    const asked = { command, effect, interactive: interactive === true, peer: this.#peer, ...(mcp && { mcp }) }
    const nonce = this.#nonce
    this.#nonce = undefined
    this.#grant = this.#broker.admit(asked, token, nonce)
    this.#decoder.limits = KNOWN
    this.#wire.settled()
    const project = this.#broker.currentProject(this.#grant)
    // Who said that it is an AI agent makes sure that it was heard: an older agent would take it for the owner.
    return { unlocked: this.#broker.unlocked, project, ...this.#broker.about, ...(mcp && { principal: 'mcp' }) }
  }

  #call(
    grant: Grant,
    { id, method, current }: { id: unknown; method: string; current: boolean },
    args: unknown[],
    over: () => void,
  ): void {
    if (!isMethod(method)) throw new ProtocolFault('an unknown method')
    if (!grant.served) {
      throw new Failure('denied', 'this agent serves only who shows a token', { hint: 'set TVAULT_AGENT_TOKEN' })
    }
    const isOwner = demandMethod(grant, method)
    const run = (): unknown => {
      if (current) args[0] = this.#broker.names(grant).currentProject() || 'default'
      return this.#invoke(grant, method, args)
    }
    // A refusal is written down, so whoever can be refused commits.
    let manner = mannerOf(method) === 'look' && !isOwner ? 'together' : mannerOf(method)
    if (manner === 'look' && !this.#isFresh()) manner = 'together'
    if (manner === 'look' || manner === 'apart') {
      if (manner === 'apart') this.#broker.fresh()
      const result = run()
      if (result instanceof Promise) return this.#await(id, result, over)
      this.#yes(id, result)
      over()
      return
    }
    const finish = (tell: () => void): void => {
      over()
      this.#finished()
      tell()
      this.#next()
    }
    const takeBack = this.#broker.perform({
      manner,
      run: () => {
        this.#broker.recheck(grant)
        return run()
      },
      done: (result) => finish(() => this.#yes(id, result)),
      failed: (error) => finish(() => this.#no(id, error)),
    })
    this.#working(id, () => {
      const taken = takeBack()
      if (taken) over()
      return taken
    })
  }

  /** Not so while another process is replacing the file: then even a look waits for its turn. */
  #isFresh(): boolean {
    try {
      this.#broker.fresh()
      return true
    } catch (error) {
      if (error instanceof Failure && error.kind === 'busy') return false
      throw error
    }
  }

  #invoke(grant: Grant, method: Method, args: readonly unknown[]): unknown {
    const target: Names & Partial<View> = methodNeedsKey(method)
      ? this.#opened(grant)
      : (this.#broker.current(this.#view) ?? this.#broker.names(grant))
    const act = target[method] as (...args: readonly unknown[]) => unknown
    this.#unsettled ||= methodNeedsKey(method)
    return act.apply(target, [...args])
  }

  #opened(grant: Grant): View {
    this.#view = this.#broker.current(this.#view) ?? this.#broker.view(grant)
    return this.#view
  }

  #await(id: unknown, result: Promise<unknown>, over: () => void): void {
    this.#working(id, () => false)
    const finish = (tell: () => void): void => {
      over()
      this.#finished()
      tell()
      this.#next()
    }
    void result.then(
      (value) => finish(() => this.#yes(id, value)),
      (error: unknown) => finish(() => this.#no(id, error)),
    )
  }

  #working(id: unknown, takeBack: () => boolean): void {
    this.#current = { id, takeBack }
    this.#pulse = setInterval(() => this.#send({ id, waiting: true }, []), PULSE_MILLISECONDS)
  }

  #finished(): void {
    clearInterval(this.#pulse)
    this.#current = undefined
  }

  /** Answers what was taken back as cancelled, and says whether there was something to take back. */
  #cancel(message: Message): void {
    const { id, target } = message.head
    wipeParts(message)
    const at = this.#waiting.findIndex(({ head }) => head['id'] === target)
    const [waiting] = at < 0 ? [] : this.#waiting.splice(at, 1)
    if (waiting) wipeParts(waiting)
    const current = this.#current?.id === target ? this.#current : undefined
    const taken = waiting !== undefined || (current?.takeBack() ?? false)
    if (taken) {
      if (!waiting) this.#finished()
      this.#no(target, new Failure('cancelled', 'cancelled'))
    }
    this.#yes(id, { cancelled: taken })
    this.#next()
  }

  /** Goes along with the next commit: the values are out, and nobody waits for this. */
  #settle(result: 'ok' | FailureKind): void {
    const view = this.#view
    if (!view || !this.#unsettled) return
    this.#unsettled = false
    // The vault may be locked by then, or busy: the intent stays without an outcome, which a reader of the log sees.
    this.#broker.perform(unheard(() => view.settle(result)))
  }

  #yes(id: unknown, value: unknown): void {
    const parts: Uint8Array[] = []
    try {
      this.#send({ id, ok: true, result: pack(value, parts) }, parts)
    } catch (error) {
      this.#no(id, error)
    } finally {
      for (const secret of secretsIn(value)) secret.wipe()
    }
  }

  #no(id: unknown, error: unknown): void {
    const failure = toFailure(error)
    if (this.#grant?.asker.principal.kind === 'mcp') this.#broker.guests.failed(this.#grant, failure)
    this.#send({ id, ok: false, error: failure.toJSON() }, [])
  }

  #send(head: Record<string, unknown>, parts: readonly Uint8Array[]): void {
    if (!this.#ended) encode({ head, parts }, (bytes) => this.#wire.send(bytes))
  }

  /** With somebody who does not speak the protocol nothing more is said or done. */
  #fail(): void {
    this.#wire.end()
    this.close()
  }
}

function wipeParts({ parts }: Message): void {
  for (const part of parts) part.fill(0)
}

/** How it went, in a word of ours. */
function outcome(said: unknown): 'ok' | FailureKind {
  if (said === 'ok') return said
  return typeof said === 'string' && Object.hasOwn(FAILURES, said) ? (said as FailureKind) : 'internal'
}
