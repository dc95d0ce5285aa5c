// The protocol over HTTP on the loopback interface (Streamable HTTP, revision 2025-06-18), for clients that cannot start
// a program. One path, one token for all, a session for each client.
// The rule: before anything is read of a request, its token, the name it was sent to and the page it comes from are
// checked, because every web page of a browser on this machine can send requests to this port.
import { text, utf8 } from '../../lib/bytes.ts'
import { Failure } from '../../lib/errors.ts'
import type { Session } from './sdk.ts'
import { readLine } from './wire.ts'

/** Biggest message that is taken, in bytes; most sessions at once; and how long an idle one is kept, in milliseconds. */
const MOST_BYTES = 16 << 20
const MOST_SESSIONS = 16
const IDLE_MILLISECONDS = 30 * 60_000
const PATH = '/mcp'
const SESSION = 'mcp-session-id'

type Message = Record<string, unknown>
type Sink = (message: Message) => void

/** A session and where its messages go. */
interface Client {
  session: Session
  /** Requests that wait for their answer, by id. */
  waiting: Map<unknown, Sink>
  /** Streams that hear of the progress of a request, by its token. */
  hearing: Map<unknown, Sink>
  /** The stream of what belongs to no request. */
  stream: Sink | undefined
  used: number
  drain(): Promise<void>
}

export interface HttpWish {
  port: number
  /** SHA-256 of the token. */
  token: Uint8Array
}

/** Makes a session whose messages go out through `send`. */
export type Begin = (send: Sink) => Promise<{ session: Session; drain(): Promise<void> }>

/** Serves until `stop` says so. `listening` is told the port. Throws `failed` when the port cannot be had. */
export async function serveHttp(
  { port, token }: HttpWish,
  begin: Begin,
  stop: AbortSignal,
  listening: (port: number) => void,
): Promise<void> {
  const clients = new Map<string, Client>()
  const server = listen(port, (request) => answer(request))
  const names = new Set(['127.0.0.1', 'localhost', '[::1]'].map((name) => `${name}:${server.port}`))
  const origins = new Set([...names].map((name) => `http://${name}`))
  const tidy = setInterval(() => void endIdle(clients), 60_000)
  listening(server.port ?? port)
  await new Promise<void>((resolve) => {
    if (stop.aborted) resolve()
    stop.addEventListener('abort', () => resolve(), { once: true })
  })
  clearInterval(tidy)
  await Promise.all([...clients.values()].map((client) => client.drain()))
  await server.stop(true)

  async function answer(request: Request): Promise<Response> {
    const { headers, method } = request
    if (!names.has(headers.get('host')?.toLowerCase() ?? ''))
      return refusal(403, 'the name is not that of this machine')
    const origin = headers.get('origin')
    if (origin !== null && !origins.has(origin.toLowerCase())) return refusal(403, 'web pages are not served')
    if (!isToken(headers.get('authorization'), token)) {
      return refusal(401, 'the token is wrong or missing', { 'www-authenticate': 'Bearer' })
    }
    if (new URL(request.url).pathname !== PATH) return refusal(404, `there is only ${PATH}`)
    if (method === 'POST') return post(request)
    const id = headers.get(SESSION) ?? ''
    const client = clients.get(id)
    if (!client) return refusal(404, 'there is no such session')
    client.used = performance.now()
    if (method === 'GET') return openStream(client)
    if (method !== 'DELETE') return refusal(405, 'POST, GET and DELETE are answered')
    clients.delete(id)
    await client.drain()
    return new Response(undefined, { status: 204 })
  }

  async function post(request: Request): Promise<Response> {
    if (!/^application\/json\s*(?:;|$)/i.test(request.headers.get('content-type') ?? '')) {
      return refusal(415, 'a message is application/json')
    }
    const said = readLine(new Uint8Array(await request.arrayBuffer()))
    if (said === undefined || 'answer' in said) return json(400, said?.answer ?? {})
    const { message } = said
    const id = request.headers.get(SESSION)
    if (id === null) {
      if (message['method'] !== 'initialize') return refusal(400, `the header ${SESSION} is missing`)
      if (clients.size >= MOST_SESSIONS) return refusal(503, `${MOST_SESSIONS} sessions are open already`)
      const fresh = crypto.randomUUID()
      const client = await open(begin)
      clients.set(fresh, client)
      return deliver(client, message, { [SESSION]: fresh })
    }
    const client = clients.get(id)
    if (!client) return refusal(404, 'there is no such session')
    client.used = performance.now()
    return deliver(client, message, {})
  }
}

function listen(port: number, fetch: (request: Request) => Promise<Response>): Bun.Server<undefined> {
  try {
    return Bun.serve({
      hostname: '127.0.0.1',
      port,
      maxRequestBodySize: MOST_BYTES,
      // A program may run for an hour, and a stream stays open.
      idleTimeout: 0,
      development: false,
      fetch,
      error: () => refusal(500, 'internal error'),
    })
  } catch (error) {
    throw new Failure('failed', `port ${port} of the loopback interface cannot be had`, { cause: error })
  }
}

async function open(begin: Begin): Promise<Client> {
  const ways: Omit<Client, 'session' | 'drain'> = {
    waiting: new Map(),
    hearing: new Map(),
    stream: undefined,
    used: performance.now(),
  }
  const started = await begin((message) => {
    const params = message['params'] as Message | undefined
    if (message['method'] === undefined) ways.waiting.get(message['id'])?.(message)
    else (ways.hearing.get(params?.['progressToken']) ?? ways.stream)?.(message)
  })
  return Object.assign(ways, started)
}

/** Hands the message over. The answer is one JSON object, or a stream when progress was asked for. */
function deliver(client: Client, message: Message, headers: Record<string, string>): Response | Promise<Response> {
  const { id, method } = message
  if (method === undefined || id === undefined) {
    client.session.receive(message)
    return new Response(undefined, { status: 202, headers })
  }
  if (client.waiting.has(id)) return refusal(400, 'a request of that id is on its way')
  const token = ((message['params'] as Message | undefined)?.['_meta'] as Message | undefined)?.['progressToken']
  if (token === undefined) {
    return new Promise((resolve) => {
      client.waiting.set(id, (answer) => {
        client.waiting.delete(id)
        resolve(json(200, answer, headers))
      })
      client.session.receive(message)
    })
  }
  const { response, send, close } = eventStream(headers)
  client.hearing.set(token, send)
  client.waiting.set(id, (answer) => {
    client.waiting.delete(id)
    client.hearing.delete(token)
    send(answer)
    close()
  })
  client.session.receive(message)
  return response
}

/** The one stream of a session for what belongs to no request; a new one takes the place of an old one. */
function openStream(client: Client): Response {
  const { response, send } = eventStream({}, () => {
    if (client.stream === send) client.stream = undefined
  })
  client.stream = send
  return response
}

function eventStream(headers: Record<string, string>, gone: () => void = () => undefined) {
  let controller: ReadableStreamDefaultController<Uint8Array> | undefined
  const body = new ReadableStream<Uint8Array>({
    start: (made) => void (controller = made),
    cancel: () => {
      controller = undefined
      gone()
    },
  })
  return {
    response: new Response(body, {
      headers: { ...headers, 'content-type': 'text/event-stream', 'cache-control': 'no-store' },
    }),
    send: (message: Message): void => controller?.enqueue(utf8(`event: message\ndata: ${JSON.stringify(message)}\n\n`)),
    close: (): void => controller?.close(),
  }
}

async function endIdle(clients: Map<string, Client>): Promise<void> {
  const now = performance.now()
  for (const [id, client] of clients) {
    if (now - client.used < IDLE_MILLISECONDS || client.session.working > 0 || client.stream) continue
    clients.delete(id)
    await client.drain()
  }
}

/** Compares digests, so that the time says nothing about the token. */
function isToken(header: string | null, digest: Uint8Array): boolean {
  const [, said = ''] = /^Bearer ([\x21-\x7e]{1,1024})$/i.exec(header ?? '') ?? []
  const other = digestOf(utf8(said))
  let difference = 0
  for (const [i, byte] of digest.entries()) difference |= byte ^ other[i]!
  return difference === 0 && said !== ''
}

/** SHA-256. */
export function digestOf(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(new Bun.CryptoHasher('sha256').update(bytes).digest())
}

/** The digest of the token in the bytes of a file. Throws `failed` for one that is too short to be one. */
export function tokenOf(bytes: Uint8Array): Uint8Array {
  const token = text(bytes)?.trim() ?? ''
  if (/^[\x21-\x7e]{32,1024}$/.test(token)) return digestOf(utf8(token))
  throw new Failure('failed', 'the token file must hold one line of at least 32 characters without blanks', {
    hint: 'openssl rand -hex 32 > FILE',
  })
}

function json(status: number, message: Message, headers: Record<string, string> = {}): Response {
  return new Response(JSON.stringify(message), {
    status,
    headers: { ...headers, 'content-type': 'application/json', 'cache-control': 'no-store' },
  })
}

function refusal(status: number, message: string, headers: Record<string, string> = {}): Response {
  return json(status, { jsonrpc: '2.0', id: null, error: { code: -32600, message } }, headers)
}
