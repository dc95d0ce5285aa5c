// Sends one HTTPS request in which placeholders stand for secrets, and gives the answer back without the values. A door:
// a value becomes a part of a header, the query or the body in the moment the request is sent.
// The rule: the name is looked up once, every address is judged, and the connection goes to exactly the one that was
// judged, with the certificate checked against the name; no redirect is followed, no proxy and no encoding is taken.
import { text, utf8 } from '../lib/bytes.ts'
import { Failure } from '../lib/errors.ts'
import { printable } from '../lib/names.ts'
import type { Secret } from '../lib/secret.ts'
import { isAddress, isPublicAddress } from './addresses.ts'
import { Capped } from './capped.ts'
import type { Kept } from './capped.ts'
import type { Redacting } from './redact-chain.ts'

/** A request that carries secrets; `{{KEY}}` in header, query or body stands for one. */
export interface Request {
  method: string
  url: string
  /** `Name: value` each. */
  headers: readonly string[]
  body: string | undefined
  /** Wiped by the callee. */
  secrets: readonly { name: string; value: Secret }[]
  timeoutSeconds: number
  /** `status`: headers and body of the answer are not told. */
  output: 'full' | 'status'
}

export interface RequestAround {
  signal: AbortSignal
  /** Everything that must not come back in the answer, the secrets of the request among it. */
  redactor: Redacting
  /** Hosts (`name:port`) that may lie on this machine or in a private network: the owner named them. */
  inside: readonly string[]
  /** Called when everything is prepared and before anything is sent. */
  release: () => Promise<void>
  resolve?: (name: string) => Promise<readonly string[]>
  /** Certificates to trust instead of those of the system; only tests say any. */
  ca?: string
}

export interface Answer {
  status: number
  headers: Record<string, string>
  body: Kept
  withheld: string | undefined
}

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'] as const
/** Belong to the connection, and are ours to say. */
const OURS =
  /^(?:host|connection|content-length|transfer-encoding|te|trailer|upgrade|expect|keep-alive|accept-encoding|proxy-.*)$/i
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/
const PLACEHOLDER = /\{\{(?:(basic):([^{}:]*):|(json|url):)?([A-Za-z_][A-Za-z0-9_]*)\}\}/g
const [HEAD_BYTES, TAIL_BYTES] = [32_768, 32_768]
const MOST_BYTES = 16 << 20

function parsed(url: string): URL {
  const found = URL.canParse(url) ? new URL(url) : undefined
  if (found?.protocol !== 'https:') {
    throw new Failure('usage', 'the argument url must be an address that begins with https://')
  }
  if (found.username !== '' || found.password !== '') throw new Failure('usage', 'the argument url holds a user name')
  if (found.hash !== '') throw new Failure('usage', 'the argument url holds a #')
  const raw = decodeURI(found.origin + found.pathname)
  if (raw.includes('{{')) throw new Failure('usage', 'a placeholder stands in the query, a header or the body only')
  return found
}

/** Sends it. Wipes nothing. Throws `denied` for an address that is not public, `failed` when there is no answer. */
export async function send(request: Request, around: RequestAround): Promise<Answer> {
  const method = METHODS.find((one) => one === request.method.toUpperCase())
  if (!method) throw new Failure('usage', `the argument method must be one of: ${METHODS.join(', ')}`)
  const url = parsed(request.url)
  const values = new Map(request.secrets.map(({ name, value }) => [name, value]))
  const headers = headersOf(request.headers, values)
  url.search = fill(
    url.search.replaceAll(/%7B%7B(.*?)%7D%7D/gi, (_, name: string) => `{{${name}}}`),
    values,
    'url',
  )
  const body = request.body === undefined ? undefined : fill(request.body, values, 'plain')
  if (body !== undefined && (method === 'GET' || method === 'HEAD')) {
    throw new Failure('usage', `a ${method} request has no body`)
  }
  const { hostname } = url
  const address = await addressOf(url, around)
  const own = AbortSignal.any([around.signal, AbortSignal.timeout(request.timeoutSeconds * 1000)])
  await around.release()
  const goal = new URL(url)
  goal.hostname = address.includes(':') ? `[${address}]` : address
  for (const name of ['HTTPS_PROXY', 'https_proxy', 'ALL_PROXY', 'all_proxy']) delete process.env[name]
  let response: Response
  try {
    response = await fetch(goal, {
      method,
      headers: { 'user-agent': 'tvault', ...headers, host: url.host, 'accept-encoding': 'identity' },
      ...(body !== undefined && { body }),
      redirect: 'manual',
      signal: own,
      // A connection of an earlier request may have been made for another name.
      keepalive: false,
      decompress: false,
      tls: {
        serverName: isAddress(hostname) ? undefined : hostname,
        rejectUnauthorized: true,
        ...(around.ca !== undefined && { ca: around.ca }),
      },
    } as unknown as RequestInit)
  } catch (error) {
    throw unanswered(error, around.signal)
  }
  return read(response, request.output, around)
}

async function read(
  response: Response,
  output: Request['output'],
  { redactor, signal }: RequestAround,
): Promise<Answer> {
  const [head, tail] = output === 'full' ? [HEAD_BYTES, TAIL_BYTES] : [0, 0]
  const kept = new Capped(head, tail)
  // Before the tables go with the end of the body.
  const headers = output === 'full' ? cleaned(response.headers, redactor) : {}
  const encoding = response.headers.get('content-encoding') ?? 'identity'
  const encoded = encoding.toLowerCase() !== 'identity'
  let total = 0
  try {
    if (!encoded && response.body) {
      for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
        total += chunk.length
        if (total > MOST_BYTES) throw new Failure('failed', 'the answer is too long')
        kept.take(redactor.push(chunk))
      }
    } else await response.body?.cancel()
    kept.take(redactor.end())
  } catch (error) {
    throw unanswered(error, signal)
  }
  return {
    status: response.status,
    headers,
    body: kept.end(),
    withheld: encoded ? 'it came encoded, though that was not asked for' : undefined,
  }
}

/** The headers without the values; a name that holds one is left out. */
function cleaned(headers: Headers, redactor: Redacting): Record<string, string> {
  const names = [...headers.keys()]
  const stream = redactor.another()
  const lines = names.map((name) => `${headers.get(name) ?? ''}\n`).join('')
  const first = new Uint8Array(stream.push(utf8(lines)))
  const values = (text(first) ?? '').concat(text(stream.end()) ?? '').split('\n')
  if (values.length !== names.length + 1) return {}
  return Object.fromEntries(names.map((name, i) => [name, values[i] ?? '']))
}

function headersOf(lines: readonly string[], values: ReadonlyMap<string, Secret>): Record<string, string> {
  const headers: Record<string, string> = {}
  for (const line of lines) {
    const at = line.indexOf(':')
    const name = line.slice(0, Math.max(at, 0)).trim()
    if (!TOKEN.test(name)) throw new Failure('usage', 'the argument headers must be texts of the form Name: value')
    if (OURS.test(name)) throw new Failure('usage', `the header ${name} is not the client's to set`)
    const value = fill(line.slice(at + 1).trim(), values, 'plain')
    if (!/^[\t\x20-\x7e]*$/.test(value)) {
      throw new Failure('failed', `the header ${name} would hold what no header can: line ends, or signs beyond ASCII`)
    }
    headers[name] = value
  }
  return headers
}

/** `template` with the values in the places of the placeholders. */
function fill(template: string, values: ReadonlyMap<string, Secret>, kind: 'plain' | 'url'): string {
  return template.replaceAll(
    PLACEHOLDER,
    (_, basic, user: string | undefined, form: string | undefined, name: string) => {
      const secret = values.get(name)
      const value = secret && text(secret.reveal())
      if (value === undefined) throw new Failure('failed', `${name} is not text, or was not given`)
      if (basic !== undefined) return Buffer.from(`${user}:${value}`).toString('base64')
      if (form === 'json') return JSON.stringify(value).slice(1, -1)
      return form === 'url' || kind === 'url' ? encodeURIComponent(value) : value
    },
  )
}

/** The one address that is connected to. Throws `denied` when any address of the name is not public. */
async function addressOf(url: URL, { resolve = lookUp, inside }: RequestAround): Promise<string> {
  const name = url.hostname.replace(/^\[|\]$/g, '')
  const addresses = isAddress(name) ? [name] : await resolve(name)
  const [first] = addresses
  if (first === undefined) throw new Failure('failed', `there is no host ${printable(name)}`)
  const named = inside.includes(url.port === '' ? url.hostname : `${url.hostname}:${url.port}`)
  if (named || addresses.every(isPublicAddress)) return first
  throw new Failure('denied', `${printable(name)} is not a host of the public internet`, {
    code: 'host_not_public',
    hint: 'the owner names it with --inside',
  })
}

async function lookUp(name: string): Promise<string[]> {
  try {
    return (await Bun.dns.lookup(name)).map(({ address }) => address)
  } catch {
    return []
  }
}

/** Why there is no answer. The words of the runtime are not repeated: they may hold the address with its query. */
function unanswered(error: unknown, signal: AbortSignal): Failure {
  if (error instanceof Failure) return error
  if (signal.aborted) return new Failure('cancelled', 'cancelled')
  const { name, code } = error as { name?: string; code?: string }
  if (name === 'TimeoutError') return new Failure('failed', 'the host did not answer in time')
  const why = typeof code === 'string' && /^[A-Z_]{3,60}$/.test(code) ? ` (${code})` : ''
  return new Failure('failed', `the request was not answered${why}`)
}
