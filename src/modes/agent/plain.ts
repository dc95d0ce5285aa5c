// One v1 conversation: one line, one reply, the end. The checks come in the order of the peer: who is there, what was
// sent, its version, the token, then the operation. Each read goes through a View like every other.
import { ownCopy } from '../../lib/bytes.ts'
import { Failure } from '../../lib/errors.ts'
import type { Effect } from '../../lib/gate.ts'
import type { Peer } from '../../lib/native-socket.ts'
import type { Secret } from '../../lib/secret.ts'
import type { View } from '../../vault/view.ts'
import type { Broker, Grant } from './broker.ts'
import type { Conversation, Wire } from './connection.ts'
import {
  MAX_REQUEST_BYTES,
  V1Refusal,
  checkRequest,
  jsonString,
  parseRequest,
  refusal,
  reply,
  secretsReply,
  valueReply,
} from './v1.ts'
import { unheard } from './turnstile.ts'
import type { V1Request } from './v1.ts'

const LINE_FEED = 10
const OPERATIONS: Readonly<Record<string, Effect>> = {
  get: 'reveal',
  getall: 'reveal',
  getselected: 'reveal',
  status: 'none',
  stop: 'admin',
}

/** What was read, still closed. */
interface Found {
  view: View
  project: string
  entries: readonly { key: string; value: Secret }[]
  missing: readonly string[]
}

export class PlainSession implements Conversation {
  readonly #broker: Broker
  readonly #peer: Peer
  readonly #wire: Wire
  #line: Uint8Array[] = []
  #size = 0
  /** The line is complete; what comes behind it is not looked at. */
  #asked = false
  #takeBack: (() => boolean) | undefined

  constructor(broker: Broker, peer: Peer, wire: Wire) {
    this.#broker = broker
    this.#peer = peer
    this.#wire = wire
  }

  get working(): boolean {
    return this.#takeBack !== undefined
  }

  /** The deadline from accepting holds for the whole conversation. */
  readonly midway = false

  /** A token is all that can come. */
  tookSecrets(): boolean {
    return true
  }

  /** Takes bytes that came, up to the line feed. */
  receive(chunk: Uint8Array): void {
    if (this.#asked) return
    const end = chunk.indexOf(LINE_FEED)
    const piece = ownCopy(end < 0 ? chunk : chunk.subarray(0, end))
    this.#line.push(piece)
    this.#size += piece.length
    if (this.#size >= MAX_REQUEST_BYTES) {
      this.#asked = true
      this.#wipe()
      this.#finish(refusal('request too large'))
    } else if (end >= 0) this.#answer()
  }

  /** A line without its line feed counts. */
  halfClosed(): void {
    if (!this.#asked && this.#size > 0) this.#answer()
    else if (!this.#asked) this.#finish(refusal('empty request'))
  }

  drained(): void {}

  close(): void {
    this.#asked = true
    this.#wipe()
    this.#takeBack?.()
  }

  #wipe(): void {
    for (const piece of this.#line) piece.fill(0)
    this.#line = []
  }

  /** Sends the last bytes of this conversation, and wipes them. */
  #finish(answer: Uint8Array): void {
    this.#takeBack = undefined
    this.#wire.send(answer)
    answer.fill(0)
    this.#wire.end()
  }

  #answer(): void {
    this.#asked = true
    const line = Buffer.concat(this.#line)
    this.#wipe()
    try {
      this.#do(parseRequest(line))
    } catch (error) {
      this.#finish(refusal(said(error)))
    } finally {
      line.fill(0)
    }
  }

  #do(request: V1Request): void {
    const { op, token } = request
    const effect = Object.hasOwn(OPERATIONS, op) ? OPERATIONS[op] : undefined
    const command = `agent ${effect ? op : 'unknown'}`
    const asked = { command, effect: effect ?? 'none', interactive: false, peer: this.#peer }
    const grant = this.#broker.admitPlain(asked, token, request.project || undefined)
    if (!effect) throw new V1Refusal(`unknown op: ${op.slice(0, 64)}`)
    checkRequest(request)
    if (op === 'status') return this.#finish(reply({ status: this.#status(grant) }))
    this.#broker.touch()
    if (op === 'stop') return this.#finish(this.#stop(grant))
    this.#takeBack = this.#broker.perform({
      manner: 'together',
      run: () => this.#read(grant, request),
      done: (found) => this.#hand(request, found as Found),
      failed: (error) => this.#finish(refusal(said(error))),
    })
  }

  #status(grant: Grant): Record<string, unknown> {
    const { pid, socket, project, uptime_seconds, idle_remaining_seconds } = this.#broker.status(grant)
    return { pid, socket, project, uptime_seconds, idle_remaining_seconds }
  }

  #stop(grant: Grant): Uint8Array {
    if (!grant.governs) {
      throw new V1Refusal('only an unrestricted token may stop the agent')
    }
    setTimeout(() => this.#broker.stop('asked'), 0)
    return reply({})
  }

  #read(grant: Grant, { op, project: named, key, only, prefix }: V1Request): Found {
    this.#broker.recheck(grant)
    const view = this.#broker.view(grant)
    const project = named || view.currentProject() || 'default'
    const { principal } = grant.asker
    if (principal.kind === 'token' && principal.scope.project !== undefined && principal.scope.project !== project) {
      throw outOfScope(project)
    }
    if (op === 'get') return { view, project, entries: [{ key, value: view.read(project, key) }], missing: [] }
    const selection = op === 'getall' ? {} : { ...(only.length > 0 && { only }), ...(prefix !== '' && { prefix }) }
    return { view, project, ...view.readMany(project, selection) }
  }

  /** The values are on their way out, their intents on the disk. */
  #hand({ op }: V1Request, { view, project, entries, missing }: Found): void {
    const texts: { key: string; value: Uint8Array }[] = []
    let answer: Uint8Array
    try {
      for (const { key, value } of entries) texts.push({ key, value: jsonString(key, value.reveal()) })
      const [first] = texts
      // The peer leaves what is empty out: a value, all secrets, the list of missing ones.
      if (op === 'get') answer = entries[0]?.value.size === 0 || !first ? reply({}) : valueReply(first.value)
      else {
        const rest = { ...(missing.length > 0 && { missing: [...missing].sort() }), project }
        answer = first ? secretsReply(texts, rest) : reply(rest)
      }
      this.#settle(view, 'ok')
    } catch (error) {
      this.#settle(view, 'failed')
      answer = refusal(said(error))
    } finally {
      for (const { value } of texts) value.fill(0)
      for (const { value } of entries) value.wipe()
    }
    this.#finish(answer)
  }

  #settle(view: View, result: 'ok' | 'failed'): void {
    this.#broker.perform(unheard(() => view.settle(result)))
  }
}

/** In the words of the peer; the policy would say the same without naming the reason. */
export function outOfScope(project: string): Failure {
  return new Failure('denied', `token not in scope for project ${JSON.stringify(project)}`)
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
