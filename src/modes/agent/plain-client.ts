// A program's side of protocol v1, for agents that speak nothing else: one connection for each request, one line each
// way. It can read current values, and ask the agent how it is or to end; it says clearly what it cannot.
import { Failure } from '../../lib/errors.ts'
import type { FailureKind } from '../../lib/errors.ts'
import { text, utf8 } from '../../lib/bytes.ts'
import { Broken } from '../../lib/native-socket.ts'
import { printable } from '../../lib/names.ts'
import { Secret } from '../../lib/secret.ts'
import type { Entry, Selection, View } from '../../vault/view.ts'
import { answered, connectTo } from './client.ts'

/** As long as the peer's own client waits, and takes. */
const ANSWER_MILLISECONDS = 3000
const LIVE_MILLISECONDS = 700
const MAX_REPLY_BYTES = 16 << 20
const LINE_FEED = 10

/** What `status` tells. */
export interface PlainStatus {
  pid: number
  socket: string
  project: string
  uptime_seconds: number
  idle_remaining_seconds: number
}

type Reply = Record<string, unknown>

export class PlainClient {
  readonly #path: string
  readonly #token: Secret | undefined

  /** Takes `token` and wipes it in `close`; in this protocol it is sent itself. */
  constructor(path: string, token: Secret | undefined) {
    this.#path = path
    this.#token = token
  }

  status(): PlainStatus {
    const { status } = this.#ask({ op: 'status' })
    const {
      pid = 0,
      socket = '',
      project = '',
      uptime_seconds = 0,
      idle_remaining_seconds = 0,
    } = (status ?? {}) as Record<string, unknown>
    return {
      pid: Number(pid),
      socket: String(socket),
      project: String(project),
      uptime_seconds: Number(uptime_seconds),
      idle_remaining_seconds: Number(idle_remaining_seconds),
    }
  }

  /** Whether it answers at all, within the time that an agent may cost. A refusal is an answer. */
  lives(): boolean {
    try {
      this.#ask({ op: 'status' }, LIVE_MILLISECONDS)
      return true
    } catch (error) {
      return error instanceof Failure && error.kind === 'denied'
    }
  }

  stop(): void {
    this.#ask({ op: 'stop' })
  }

  read(project: string, key: string): Secret {
    const { value = '' } = this.#ask({ op: 'get', project, key })
    return secretOf(value)
  }

  readMany(project: string, { only, prefix }: Selection): { entries: Entry[]; missing: string[] } {
    const selected = only !== undefined || prefix !== undefined
    // Nothing chosen is nothing wanted; to the agent it would be an error.
    if (selected && !prefix && only?.length === 0) return { entries: [], missing: [] }
    const { secrets = {}, missing = [] } = this.#ask(
      selected ? { op: 'getselected', project, only, prefix } : { op: 'getall', project },
    )
    if (typeof secrets !== 'object' || secrets === null || !Array.isArray(missing)) throw broken()
    const entries = Object.entries(secrets).map(([key, value]) => ({ key, value: secretOf(value) }))
    return {
      entries: entries.sort((a, b) => Buffer.compare(Buffer.from(a.key), Buffer.from(b.key))),
      missing: missing.map(String),
    }
  }

  close(): void {
    this.#token?.wipe()
  }

  /** A door: the token goes into the one line that is sent. */
  #ask(request: Reply, milliseconds = ANSWER_MILLISECONDS): Reply {
    const { key, project } = request
    const line = utf8(`${JSON.stringify({ v: 1, ...request, token: this.#token && text(this.#token.reveal()) })}\n`)
    const reply = answered(() => exchange(this.#path, line, milliseconds))
    line.fill(0)
    if (reply['ok'] === true) return reply
    throw failureOf(String(reply['error']), key, project)
  }
}

/** Sends `line`, and gives the object that comes back. Throws Broken, or what connecting throws. */
function exchange(path: string, line: Uint8Array, milliseconds: number): Reply {
  const deadline = performance.now() + milliseconds
  const connection = connectTo(path)
  const chunks: Uint8Array[] = []
  try {
    connection.send(line, deadline)
    for (let size = 0, whole = false; !whole;) {
      const chunk = connection.receive(deadline)
      size += chunk.length
      if (size > MAX_REPLY_BYTES) throw new Broken('the answer is too long', false)
      chunks.push(chunk)
      whole = chunk.length === 0 || chunk.includes(LINE_FEED)
    }
    const parsed: unknown = JSON.parse(text(Buffer.concat(chunks)) ?? '')
    if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)) return parsed as Reply
    throw new Broken('no answer', false)
  } catch (error) {
    if (error instanceof SyntaxError) throw new Broken('no answer', false)
    throw error
  } finally {
    connection.close()
    for (const chunk of chunks) chunk.fill(0)
  }
}

function secretOf(value: unknown): Secret {
  if (typeof value === 'string') return Secret.fromText(value)
  throw broken()
}

function broken(): Failure {
  return new Failure('failed', 'the agent gave no proper answer', { hint: '--no-agent goes without it' })
}

/** The peer's words as a failure of ours. */
function failureOf(words: string, key: unknown, project: unknown): Failure {
  const named = `in project ${printable(String(project))}`
  if (words === 'secret not found') return new Failure('not_found', `no secret ${printable(String(key))} ${named}`)
  if (words === 'project not found') return new Failure('not_found', `no project ${printable(String(project))}`)
  const kinds: readonly [RegExp, FailureKind][] = [
    [/^(?:token |permission denied|only an unrestricted token)/, 'denied'],
    [/^unlock: wrong passphrase/, 'locked'],
    [/locked|busy|timeout/, 'busy'],
  ]
  const kind = kinds.find(([pattern]) => pattern.test(words))?.[1] ?? 'failed'
  return new Failure(kind, `the agent says: ${printable(words).slice(0, 200)}`, { hint: '--no-agent goes without it' })
}

/** The vault behind such an agent. Everything but reading current values is refused. */
export function plainView(client: PlainClient): View {
  const able: Partial<View> = {
    currentProject: () => client.status().project,
    read(project, key, { version } = {}) {
      if (version !== undefined) throw cannot()
      return client.read(project, key)
    },
    readMany: (project, selection) => client.readMany(project, selection),
    // It writes its audit log by itself.
    settle: () => undefined,
  }
  const methods = new Map<string, unknown>(Object.entries(able))
  return new Proxy({} as View, {
    get(_, name) {
      if (typeof name !== 'string' || name === 'then') return undefined
      return (
        methods.get(name) ??
        ((): never => {
          throw cannot()
        })
      )
    },
  })
}

export function cannot(): Failure {
  return new Failure(
    'failed',
    'the agent that runs here is one of TinyVault 0.23: it reads current values and nothing else',
    {
      hint: 'tvault migrate moves its vault over; tvault agent stop ends the agent',
    },
  )
}
