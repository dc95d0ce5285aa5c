// Requests with secrets, against a server of ours that plays tricks: it says back what it was sent in every form, sends
// elsewhere, encodes, and is called by names that lead into the own network.
import { afterAll, describe, expect, test } from 'bun:test'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redactor } from '../../src/guard/redact.ts'
import { RedactorChain } from '../../src/guard/redact-chain.ts'
import { send } from '../../src/guard/request.ts'
import type { Request as Wish, RequestAround } from '../../src/guard/request.ts'
import type { Failure } from '../../src/lib/errors.ts'
import { Secret } from '../../src/lib/secret.ts'

const VALUE = 'tok-9Xw4/Zr7+Lp2&Qm5=Kv'
const folder = mkdtempSync(join(tmpdir(), 'tvault-request-'))
const made = Bun.spawnSync(
  'openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout k.pem -out c.pem -days 2 -subj /CN=api.test -addext subjectAltName=DNS:api.test'.split(
    ' ',
  ),
  { cwd: folder },
)
const [ca, key] = ['c.pem', 'k.pem'].map((name) => readFileSync(join(folder, name), 'utf8'))
let seen: { url: string; headers: Headers; body: string }[] = []
const server = Bun.serve({
  port: 0,
  tls: { cert: ca, key },
  async fetch(request) {
    const body = await request.text()
    seen.push({ url: request.url, headers: request.headers, body })
    const { pathname } = new URL(request.url)
    if (pathname === '/away')
      return new Response('', { status: 302, headers: { location: `https://evil.test/?${VALUE}` } })
    if (pathname === '/gzip') {
      return new Response(Bun.gzipSync(Buffer.from(VALUE)), { headers: { 'content-encoding': 'gzip' } })
    }
    if (pathname === '/long') return new Response('x'.repeat(200_000) + VALUE)
    const said = [
      VALUE,
      Buffer.from(VALUE).toString('base64'),
      encodeURIComponent(VALUE),
      Array.from(VALUE).reverse().join(''),
    ]
    return new Response(said.join('\n'), {
      headers: { 'x-echo': VALUE, 'x-auth': request.headers.get('authorization') ?? '' },
    })
  },
})
afterAll(async () => {
  await server.stop(true)
  rmSync(folder, { recursive: true, force: true })
})

const HOST = `api.test:${server.port}`

async function ask(wish: Partial<Wish>, around: Partial<RequestAround> = {}) {
  seen = []
  const secrets = [{ name: 'TOKEN', value: Secret.fromText(VALUE) }]
  const redactor = new Redactor(secrets)
  const whole = {
    method: 'GET',
    url: `https://${HOST}/`,
    headers: [],
    body: undefined,
    timeoutSeconds: 10,
    output: 'full' as const,
  }
  const answer = await send(
    { ...whole, secrets, ...wish },
    {
      signal: new AbortController().signal,
      redactor,
      inside: [HOST],
      release: async () => undefined,
      resolve: async () => ['127.0.0.1'],
      ca: ca!,
      ...around,
    },
  )
  return { ...answer, text: Buffer.concat([answer.body.head, answer.body.tail]).toString() }
}

const failure = (asked: Promise<unknown>): Promise<Failure> =>
  asked.then(
    () => expect.unreachable(),
    (error: Failure) => error,
  )

test('the certificate was made', () => expect(made.exitCode).toBe(0))

describe('a value goes out where its placeholder stands', () => {
  test('in headers, query and body', async () => {
    await ask({
      method: 'POST',
      url: `https://${HOST}/x?key={{TOKEN}}&n=1`,
      headers: ['Authorization: Bearer {{TOKEN}}', 'X-Basic: Basic {{basic:me:TOKEN}}'],
      body: '{"a":"{{json:TOKEN}}","b":"{{url:TOKEN}}"}',
    })
    const [{ url, headers, body }] = seen as [(typeof seen)[0]]
    expect(new URL(url).searchParams.get('key')).toBe(VALUE)
    expect(headers.get('authorization')).toBe(`Bearer ${VALUE}`)
    expect(headers.get('x-basic')).toBe(`Basic ${Buffer.from(`me:${VALUE}`).toString('base64')}`)
    expect(JSON.parse(body)).toEqual({ a: VALUE, b: encodeURIComponent(VALUE) })
    expect([headers.get('host'), headers.get('accept-encoding')]).toEqual([HOST, 'identity'])
  })

  test('nor does one come back that it was not given: what else the project holds', async () => {
    const other = { name: 'PROXY', value: Secret.fromText('x-proxy-7Qm4xW9zKd2p') }
    const scope = await Redactor.among([other, { name: '', value: Secret.fromText(VALUE) }], async () => undefined)
    const own = new Redactor([{ name: 'TOKEN', value: Secret.fromText(VALUE) }])
    const redactor = new RedactorChain(scope, own)
    const { text, headers } = await ask({ headers: ['Authorization: x-proxy-7Qm4xW9zKd2p {{TOKEN}}'] }, { redactor })
    expect(headers['x-auth']).toBe('[REDACTED:PROXY] [REDACTED]')
    expect([text.includes('[REDACTED]'), redactor.redactions > 3]).toEqual([true, true])
    expect([text, JSON.stringify(headers)].some((said) => said.includes('7Qm4') || said.includes(VALUE))).toBe(false)
  })

  test('and does not come back, in no form', async () => {
    const { text, headers, status } = await ask({ headers: ['Authorization: Bearer {{TOKEN}}'] })
    expect(status).toBe(200)
    expect(text.split('\n')).toEqual(Array.from({ length: 4 }, () => '[REDACTED:TOKEN]'))
    expect([headers['x-echo'], headers['x-auth']]).toEqual(['[REDACTED:TOKEN]', 'Bearer [REDACTED:TOKEN]'])
  })

  test('a long answer is cut in the middle and has it taken out at its end', async () => {
    const { body, text } = await ask({ url: `https://${HOST}/long`, headers: ['A: {{TOKEN}}'] })
    expect([body.dropped > 100_000, text.endsWith('[REDACTED:TOKEN]')]).toEqual([true, true])
  })

  test('an encoded answer is not told', async () => {
    const { withheld, text } = await ask({ url: `https://${HOST}/gzip`, headers: ['A: {{TOKEN}}'] })
    expect([text, withheld === undefined]).toEqual(['', false])
  })
})

describe('it goes nowhere else', () => {
  test('no redirect is followed, and its goal has the value taken out', async () => {
    const { status, headers } = await ask({ url: `https://${HOST}/away`, headers: ['A: {{TOKEN}}'] })
    expect([status, headers['location']]).toEqual([302, 'https://evil.test/?[REDACTED:TOKEN]'])
    expect(seen).toHaveLength(1)
  })

  test.each([
    [['127.0.0.1'], 'loopback'],
    [['10.0.0.8'], 'a private network'],
    [['169.254.169.254'], 'the credentials of a cloud'],
    [['93.184.216.34', '127.0.0.1'], 'one of several (DNS rebinding)'],
    [['::ffff:127.0.0.1'], 'loopback in disguise'],
  ])('%j: %s', async (addresses) => {
    const { kind, code } = await failure(
      ask({ headers: ['A: {{TOKEN}}'] }, { inside: [], resolve: async () => addresses }),
    )
    expect([kind, code, seen.length]).toEqual(['denied', 'host_not_public', 0])
  })

  test('a name is looked up once, and the connection goes to what was judged', async () => {
    let asked = 0
    const resolve = async (): Promise<string[]> => (asked++ === 0 ? ['127.0.0.1'] : ['127.0.0.2'])
    await ask({ headers: ['A: {{TOKEN}}'] }, { resolve })
    expect([asked, seen.length]).toEqual([1, 1])
  })

  test('a certificate for another name ends it before anything is sent', async () => {
    const { kind } = await failure(
      ask(
        { url: `https://other.test:${server.port}/`, headers: ['A: {{TOKEN}}'] },
        { inside: [`other.test:${server.port}`] },
      ),
    )
    expect([kind, seen.length]).toEqual(['failed', 0])
  })

  test('a certificate that nobody vouches for as well, whatever the environment says', async () => {
    process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0'
    process.env['HTTPS_PROXY'] = 'http://127.0.0.1:1'
    try {
      const around = { headers: ['A: {{TOKEN}}'] }
      const secrets = [{ name: 'TOKEN', value: Secret.fromText(VALUE) }]
      const asked = send(
        {
          method: 'GET',
          url: `https://${HOST}/`,
          body: undefined,
          timeoutSeconds: 5,
          output: 'full',
          secrets,
          ...around,
        },
        {
          signal: new AbortController().signal,
          redactor: new Redactor(secrets),
          inside: [HOST],
          release: async () => undefined,
          resolve: async () => ['127.0.0.1'],
        },
      )
      seen = []
      expect([(await failure(asked)).kind, seen.length]).toEqual(['failed', 0])
      expect((await ask(around)).status).toBe(200)
    } finally {
      delete process.env['NODE_TLS_REJECT_UNAUTHORIZED']
    }
  })
})

test.each([
  [{ url: 'http://api.test/' }, 'https://'],
  [{ url: 'https://user:{{TOKEN}}@api.test/' }, 'user name'],
  [{ url: `https://${HOST}/{{TOKEN}}` }, 'placeholder'],
  [{ method: 'TRACE' }, 'method'],
  [{ headers: ['Host: evil.test'] }, 'Host'],
  [{ headers: ['Content-Length: 1'] }, 'Content-Length'],
  [{ headers: ['no colon'] }, 'Name: value'],
  [{ headers: ['A: b\r\nEvil: {{TOKEN}}'] }, 'no header can'],
  [{ body: 'x' }, 'no body'],
  [{ headers: ['A: {{OTHER}}'] }, 'OTHER'],
])('%j is refused before anything is sent', async (wish, words) => {
  const { message } = await failure(ask(wish))
  expect(message).toContain(words)
  expect([message.includes(VALUE), seen.length]).toEqual([false, 0])
})
