// One v1 conversation: one line, one reply, the end. The checks come in the order of the peer: who is there, what was
// sent, its version, the token, then the operation. Each read goes through a View like every other.
import { Failure } from '../../lib/errors.ts'
import type { Effect } from '../../lib/gate.ts'
import type { Peer } from '../../lib/native-socket.ts'
import type { Secret } from '../../lib/secret.ts'
import type { View } from '../../vault/view.ts'
import type { Broker, Grant } from './broker.ts'
import type { Wire } from './session.ts'
import { MAX_REQUEST_BYTES, V1Refusal, checkRequest, parseRequest, refusal, reply, valueText } from './v1.ts'
import type { V1Request } from './v1.ts'

const LINE_FEED = 10
const OPERATIONS: Readonly<Record<string, Effect>> = {
  get: 'reveal',
  getall: 'reveal',
  getselected: 'reveal',
  status: 'none',
  stop: 'admin',
}

export class PlainSession {
  readonly #broker: Broker
  readonly #peer: Peer
  readonly #wire: Wire
  #line: Uint8Array[] = []
  #size = 0
  #over = false

  constructor(broker: Broker, peer: Peer, wire: Wire) {
    this.#broker = broker
    this.#peer = peer
    this.#wire = wire
  }

  /** A request is answered in one go. */
  readonly working = false

  /** Takes bytes that came, up to the line feed. */
  receive(chunk: Uint8Array): void {
    if (this.#over) return
    const end = chunk.indexOf(LINE_FEED)
    const piece = (end < 0 ? chunk : chunk.subarray(0, end)).slice()
    this.#line.push(piece)
    this.#size += piece.length
    if (this.#size > MAX_REQUEST_BYTES) this.#finish(refusal('request too large'))
    else if (end >= 0) this.#finish(this.#answer())
  }

  /** Ended by the other side; a line without its line feed counts. */
  close(): void {
    for (const piece of this.#line) piece.fill(0)
    this.#over = true
  }

  /** The other side will send nothing more. */
  halfClosed(): void {
    if (!this.#over && this.#size > 0) this.#finish(this.#answer())
  }

  #finish(answer: Uint8Array): void {
    if (this.#over) return
    this.#over = true
    this.#wire.send(answer)
    answer.fill(0)
    this.#wire.end()
  }

  #answer(): Uint8Array {
    const line = Buffer.concat(this.#line)
    for (const piece of this.#line) piece.fill(0)
    try {
      return this.#do(parseRequest(line))
    } catch (error) {
      return refusal(said(error))
    } finally {
      line.fill(0)
    }
  }

  #do(request: V1Request): Uint8Array {
    const { op, token } = request
    const effect = Object.hasOwn(OPERATIONS, op) ? OPERATIONS[op]! : undefined
    const asked = {
      command: `agent ${effect ? op : 'unknown'}`,
      effect: effect ?? 'none',
      interactive: false,
      peer: this.#peer,
    }
    const grant = this.#broker.admitPlain(asked, token, request.project || undefined)
    if (!effect) throw new V1Refusal(`unknown op: ${op.slice(0, 64)}`)
    checkRequest(request)
    this.#broker.touch()
    if (op === 'status') return reply({ status: this.#status(grant) })
    if (op === 'stop') return this.#stop(grant)
    return this.#read(grant, request)
  }

  #status(grant: Grant): Record<string, unknown> {
    const { pid, socket, project, uptime_seconds, idle_remaining_seconds } = this.#broker.status(grant)
    return { pid, socket, project, uptime_seconds, idle_remaining_seconds }
  }

  #stop(grant: Grant): Uint8Array {
    if (grant.asker.principal.kind !== 'owner') {
      throw new V1Refusal('only an unrestricted token may stop the agent')
    }
    setTimeout(() => this.#broker.stop('asked'), 0)
    return reply({})
  }

  #read(grant: Grant, { op, project: named, key, only, prefix }: V1Request): Uint8Array {
    const view = this.#broker.view(grant)
    const project = named || view.currentProject() || 'default'
    const opened: Secret[] = []
    try {
      const answer =
        op === 'get' ? this.#one(view, project, key, opened) : this.#many(view, project, op, only, prefix, opened)
      view.settle('ok')
      return answer
    } catch (error) {
      view.settle(error instanceof Failure ? error.kind : 'failed')
      throw error
    } finally {
      for (const secret of opened) secret.wipe()
    }
  }

  #one(view: View, project: string, key: string, opened: Secret[]): Uint8Array {
    const value = view.read(project, key)
    opened.push(value)
    // The peer leaves an empty value out.
    return reply(value.size === 0 ? {} : { value: valueText(key, value.reveal()) })
  }

  #many(
    view: View,
    project: string,
    op: string,
    only: readonly string[],
    prefix: string,
    opened: Secret[],
  ): Uint8Array {
    const selection = op === 'getall' ? {} : { ...(only.length > 0 && { only }), ...(prefix !== '' && { prefix }) }
    const { entries, missing } = view.readMany(project, selection)
    opened.push(...entries.map(({ value }) => value))
    const secrets = Object.fromEntries(entries.map(({ key, value }) => [key, valueText(key, value.reveal())]))
    return reply({
      ...(entries.length > 0 && { secrets }),
      ...(missing.length > 0 && { missing: [...missing].sort() }),
      project,
    })
  }
}

/** A failure in the words that clients of v1 look for. */
function said(error: unknown): string {
  if (error instanceof V1Refusal) return error.message
  if (!(error instanceof Failure)) return 'internal error'
  if (error.kind === 'not_found')
    return error.message.startsWith('no project') ? 'project not found' : 'secret not found'
  if (error.kind === 'conflict') return 'unlock: wrong passphrase (passphrase rotated? restart the agent)'
  return error.message
}
