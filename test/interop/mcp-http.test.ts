// The server over HTTP: who may ask it at all, sessions, progress, and the official client. A page in a browser of this
// machine can reach the port, so each way in which one would come is tried.
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { plantedPlace, policyText } from './mcp-place.ts'
import { ourBinary } from './peer.ts'

setDefaultTimeout(60_000)

const place = plantedPlace()
const TOKEN = 'c0ffee'.repeat(8)
const file = join(place.folder, 'token')
let server: Bun.Subprocess<'ignore', 'ignore', 'pipe'>
let url = ''

beforeAll(async () => {
  writeFileSync(file, `${TOKEN}\n`, { mode: 0o600 })
  const vault = place.environment['TVAULT_DIR']!
  writeFileSync(join(vault, 'mcp-policy.yaml'), policyText({ mode: 'full', reads: 3, exec: true }), { mode: 0o600 })
  server = Bun.spawn([...ourBinary(), 'mcp', '--http', '0', '--token-file', file], {
    env: place.environment,
    cwd: place.folder,
    stdin: 'ignore',
    stdout: 'ignore',
    stderr: 'pipe',
  })
  let said = ''
  for await (const chunk of server.stderr) {
    said += Buffer.from(chunk).toString()
    url = /http:\S+/.exec(said)?.[0] ?? ''
    if (url !== '') break
  }
})
afterAll(async () => {
  server.kill('SIGTERM')
  expect(await server.exited).toBe(0)
  place.remove()
})

const GREETING = {
  jsonrpc: '2.0',
  id: 1,
  method: 'initialize',
  params: { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'web', version: '1' } },
}

function post(message: unknown, headers: Record<string, string> = {}): Promise<Response> {
  const own = {
    authorization: `Bearer ${TOKEN}`,
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
  }
  return fetch(url, { method: 'POST', headers: { ...own, ...headers }, body: JSON.stringify(message) })
}

test.each([
  ['no token', { authorization: '' }, 401],
  ['another token', { authorization: `Bearer ${TOKEN.slice(0, -1)}x` }, 401],
  ['a part of the token', { authorization: `Bearer ${TOKEN.slice(0, 10)}` }, 401],
  ['a name that a page gave this machine (DNS rebinding)', { host: 'evil.test' }, 403],
  ['the name with another port', { host: '127.0.0.1:1' }, 403],
  ['a page', { origin: 'https://evil.test' }, 403],
  ['a page of nobody', { origin: 'null' }, 403],
  ['a form', { 'content-type': 'text/plain' }, 415],
])('%s is sent away', async (_, headers, status) => {
  expect((await post(GREETING, headers)).status).toBe(status)
})

test('a token is asked for before anything else is said', async () => {
  for (const method of ['GET', 'DELETE', 'OPTIONS', 'PUT']) {
    expect([method, (await fetch(url, { method })).status]).toEqual([method, 401])
  }
  const other = await fetch(url.replace(/mcp$/, 'other'), { headers: { authorization: `Bearer ${TOKEN}` } })
  expect(other.status).toBe(404)
})

test('a session is its own, and is gone when it was ended', async () => {
  const begun = await post(GREETING)
  const id = begun.headers.get('mcp-session-id') ?? ''
  expect([begun.status, id.length]).toEqual([200, 36])
  expect(await begun.json()).toMatchObject({ result: { serverInfo: { name: 'tinyvault' } } })
  const list = { jsonrpc: '2.0', id: 2, method: 'tools/list' }
  expect((await post(list)).status).toBe(400)
  expect((await post(list, { 'mcp-session-id': crypto.randomUUID() })).status).toBe(404)
  expect((await post({ jsonrpc: '2.0', method: 'notifications/initialized' }, { 'mcp-session-id': id })).status).toBe(
    202,
  )
  expect((await post(list, { 'mcp-session-id': id })).status).toBe(200)
  expect((await post('no message', { 'mcp-session-id': id })).status).toBe(400)
  const headers = { authorization: `Bearer ${TOKEN}`, 'mcp-session-id': id }
  expect((await fetch(url, { method: 'DELETE', headers })).status).toBe(204)
  expect((await post(list, { 'mcp-session-id': id })).status).toBe(404)
})

test('the official client works over it, two at once, with progress', async () => {
  const connect = async (name: string): Promise<Client> => {
    const client = new Client({ name, version: '1' })
    const requestInit = { headers: { authorization: `Bearer ${TOKEN}` } }
    await client.connect(new StreamableHTTPClientTransport(new URL(url), { requestInit }) as never)
    return client
  }
  const [one, two] = await Promise.all([connect('one'), connect('two')])
  await one.callTool({ name: 'vault_set_current_project', arguments: { name: 'app' } })
  const current = async (client: Client): Promise<unknown> =>
    (await client.callTool({ name: 'vault_get_current_project', arguments: {} })).structuredContent
  expect(await current(one)).toEqual({ current_project: 'app' })
  expect(await current(two)).toEqual({ current_project: 'default' })
  const heard: number[] = []
  const ran = await two.callTool(
    { name: 'vault_exec', arguments: { argv: ['sleep', '1.5'], output: 'exit' } },
    undefined,
    { onprogress: ({ progress }) => void heard.push(progress) },
  )
  expect([(ran.structuredContent as { exit_code: number }).exit_code, heard.length > 0]).toEqual([0, true])
  await Promise.all([one.close(), two.close()])
})

test('a token file that others can read, or that holds no token, is refused', () => {
  const start = () => place.run(['mcp', '--http', '0', '--token-file', file])
  chmodSync(file, 0o644)
  expect(start().err).toContain('can be read by others')
  chmodSync(file, 0o600)
  writeFileSync(file, 'short')
  expect(start().err).toContain('at least 32 characters')
  expect(place.run(['mcp', '--http', '0']).code).toBe(2)
})
