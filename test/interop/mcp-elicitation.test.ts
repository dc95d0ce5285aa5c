// The owner's word by way of the client: a server that waits tells the official client an address, and the page behind it
// takes the passphrase. What must not open by a detour: a client that fetches the page itself, its answers, other pages of
// the browser, an old address. And what must not get out: a value, the passphrase.
import { afterAll, expect, setDefaultTimeout, test } from 'bun:test'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { ElicitRequestSchema, ElicitationCompleteNotificationSchema } from '@modelcontextprotocol/sdk/types.js'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beside } from '../beside.ts'
import { BrowserPage, isRefused } from '../browser-page.ts'
import { CANARIES, Cell, plantedPlace } from './mcp-place.ts'
import { ourBinary } from './peer.ts'

setDefaultTimeout(60_000)

const POLICY = `
[session]
wait = 30
[allow all]
project = app
effect = get, run
command = sh **
[approve lines]
key = LINES
`
const WRITES = 'printf %s "$LINES" > got; printf %s "$LINES"'

const place = plantedPlace()
afterAll(() => place.remove())

interface Shown {
  id: string
  url: string
  message: string
}

class Room {
  readonly cell: Cell
  readonly client: Client
  readonly #shown: Shown[] = []
  readonly over: string[] = []
  /** Everything that the client and the pages were told. */
  readonly heard: string[] = []
  answer: 'accept' | 'decline' | 'cancel' = 'accept'

  constructor(policy: string) {
    this.cell = new Cell(place, { rules: undefined, own: policy, key: 'agent' })
    this.client = new Client({ name: 'claude', version: '2' }, { capabilities: { elicitation: { url: {} } } })
    this.client.setRequestHandler(ElicitRequestSchema, ({ params }) => {
      if (params.mode !== 'url') throw new Error('no address')
      this.heard.push(JSON.stringify(params))
      this.#shown.push({ id: params.elicitationId, url: params.url, message: params.message })
      return { action: this.answer }
    })
    this.client.setNotificationHandler(ElicitationCompleteNotificationSchema, ({ params }) => {
      this.over.push(params.elicitationId)
    })
  }

  async begin(): Promise<void> {
    const { TVAULT_PASSPHRASE: _, ...env } = this.cell.place.environment
    const [command, ...args] = [...ourBinary(), 'mcp']
    await this.client.connect(new StdioClientTransport({ command, args, env, cwd: this.cell.work, stderr: 'ignore' }))
  }

  async call(name: string, given: Record<string, unknown>): Promise<string> {
    const text = JSON.stringify(await this.client.callTool({ name, arguments: given }))
    this.heard.push(text)
    return text
  }

  run(purpose?: string): Promise<string> {
    const argv = ['sh', '-c', WRITES]
    const given = { argv, secrets: ['LINES'], project: 'app' }
    return this.call('vault_exec', { ...given, ...(purpose !== undefined && { purpose }) })
  }

  /** What the client was asked to show, the next time. */
  async shown(): Promise<Shown> {
    return until(() => this.#shown.shift())
  }

  get pages(): number {
    return this.#shown.length
  }

  async page(): Promise<{ shown: Shown; page: BrowserPage }> {
    const shown = await this.shown()
    return { shown, page: await this.look(shown.url) }
  }

  async look(url: string): Promise<BrowserPage> {
    const page = await BrowserPage.open(url)
    this.heard.push(page.html)
    return page
  }

  owner(...words: string[]): string {
    const { out, err } = this.cell.place.run(words)
    return `${out.toString()}${err}`
  }

  waiting(): { id: string }[] {
    return (JSON.parse(this.owner('approvals', '--json')) as { pending: { id: string }[] }).pending
  }
}

async function until<T>(look: () => T | undefined | false): Promise<T> {
  for (let i = 0; i < 500; i++) {
    const found = look()
    if (found) return found
    await Bun.sleep(20)
  }
  throw new Error('it does not come')
}

/** Whatever happens inside, no value and no passphrase is told to the client or shown on a page. */
async function within(act: (room: Room) => Promise<void>, policy = POLICY): Promise<void> {
  const room = new Room(policy)
  try {
    await room.begin()
    await act(room)
    const heard = room.heard.join('\n')
    expect(heard).not.toContain('MIIcanary')
    expect(heard).not.toContain(CANARIES.passphrase)
    await room.client.close()
    await room.cell.end()
    expect(room.cell.audit()).not.toContain(CANARIES.passphrase)
  } finally {
    await room.cell.end()
    room.cell.remove()
  }
}

const RIGHT = { word: 'approve', passphrase: CANARIES.passphrase }
const WRONG = { word: 'approve', passphrase: 'wrong' }

test('a use waits, the owner allows it on the page, and the value arrives in the program alone', () =>
  within(async (room) => {
    const reply = room.run('to sign <b>it</b>\n[x](http://evil.test)')
    const { shown, page } = await room.page()
    const [{ id } = { id: '' }] = room.waiting()
    expect(shown.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/[\w-]{43}$/)
    expect(shown.message).toContain(`tvault request ${id}: a client that calls itself "claude" asks for vault_exec`)
    expect(shown.message).toContain('nobody checked it: "to sign _b_it_/b_')
    expect(shown.message).not.toMatch(/[<>[\]\n]|:\/\//)
    for (const words of [
      'claude 2 (process',
      'vault_exec',
      'inject (mcp exec)',
      '<dd>app</dd>',
      '<dd>LINES</dd>',
      id,
    ]) {
      expect(page.html).toContain(words)
    }
    expect(page.html).toContain('to sign &#60;b&#62;it&#60;/b&#62;')
    expect(page.html).not.toContain('<b>')
    expect(existsSync(join(room.cell.work, 'got'))).toBe(false)
    const answer = await page.submit(RIGHT)
    expect(await answer.rest()).toContain('You allowed it.')
    const ran = await reply
    expect(ran).toContain('[REDACTED:LINES]')
    expect(readFileSync(join(room.cell.work, 'got'), 'utf8')).toBe(CANARIES.lines)
    expect(await isRefused(shown.url)).toBe(true)
    expect(room.over).toEqual([shown.id])
    const log = room.cell.audit()
    expect(log).toContain('approval.decide')
    expect(log).toContain('mcp page')
    expect(log).toContain(`"approval": "${id}"`)
  }))

test('five wrong passphrases are a no', () =>
  within(async (room) => {
    const reply = room.run()
    const { shown, page: first } = await room.page()
    let page = first
    for (let i = 0; i < 4; i++) {
      page = await page.submit(WRONG)
      expect([page.status, page.html]).toEqual([403, expect.stringContaining(`wrong passphrase; ${4 - i} `)])
      expect(room.waiting()).toHaveLength(1)
    }
    expect(await (await page.submit(WRONG)).rest()).toContain('wrong 5 times')
    expect(await reply).toContain('approval_denied')
    expect(await isRefused(shown.url)).toBe(true)
    expect(existsSync(join(room.cell.work, 'got'))).toBe(false)
    // The no holds, and asks nobody again.
    expect(await room.run()).toContain('approval_denied')
    expect(room.pages).toBe(0)
  }))

test('a no on the page needs no passphrase', () =>
  within(async (room) => {
    const reply = room.run()
    const { page } = await room.page()
    expect(await (await page.submit({ word: 'deny' })).rest()).toContain('You refused it.')
    expect(await reply).toContain('approval_denied')
    expect(room.cell.audit()).toContain('"decision": "refused"')
  }))

test('an address that a program fetches by itself, or another page posts to, allows nothing', () =>
  within(async (room) => {
    const reply = room.run()
    const { shown, page } = await room.page()
    const { origin, pathname } = new URL(shown.url)
    expect((await fetch(`${origin}${pathname.slice(0, -3)}AAA`)).status).toBe(404)
    expect((await fetch(shown.url, { headers: { host: 'evil.test' } })).status).toBe(403)
    const cross = { origin: 'https://evil.test', 'sec-fetch-site': 'cross-site' }
    expect((await page.submit(RIGHT, cross)).status).toBe(403)
    expect((await page.submit({ word: 'deny' }, cross)).status).toBe(403)
    // All that the AI agent knows.
    for (const passphrase of ['', pathname.slice(1), shown.id, room.waiting()[0]!.id]) {
      const { status } = await (await room.look(shown.url)).submit({ word: 'approve', passphrase })
      expect([passphrase, status]).toEqual([passphrase, passphrase === '' ? 400 : 403])
    }
    expect(room.waiting()).toHaveLength(1)
    expect(await (await (await room.look(shown.url)).submit(RIGHT)).rest()).toContain('You allowed it.')
    expect(await reply).toContain('REDACTED')
  }))

test.each(['decline', 'cancel'] as const)('a client whose user says %s is refused, and cannot say more', (answer) =>
  within(async (room) => {
    room.answer = answer
    expect(await room.run()).toContain('approval_denied')
    const { url } = await room.shown()
    expect(await isRefused(url)).toBe(true)
    expect(room.waiting()).toHaveLength(0)
    expect(room.cell.audit().includes('declined at the client')).toBe(answer === 'decline')
    room.answer = 'accept'
    const again = room.run()
    // A no holds for a minute; what was only put away can be asked again.
    if (answer === 'decline') {
      expect(await again).toContain('approval_denied')
      return
    }
    const { page } = await room.page()
    await page.submit(RIGHT)
    expect(await again).toContain('REDACTED')
  }),
)

test('who allows it in a terminal meanwhile has allowed it; page and client are told', () =>
  within(async (room) => {
    const reply = room.run()
    const { shown, page } = await room.page()
    const { code } = room.cell.place.run(['approvals', 'approve', room.waiting()[0]!.id])
    expect(code).toBe(0)
    expect(await page.rest()).toContain('It was allowed elsewhere.')
    expect(await reply).toContain('REDACTED')
    expect(await isRefused(shown.url)).toBe(true)
    await until(() => room.over.includes(shown.id))
  }))

test('a call that is taken back, and a vault that is locked, take the page with them', () =>
  within(async (room) => {
    const stop = new AbortController()
    const given = { argv: ['sh', '-c', WRITES], secrets: ['LINES'], project: 'app' }
    const called = room.client.callTool({ name: 'vault_exec', arguments: given }, undefined, { signal: stop.signal })
    const { shown, page } = await room.page()
    stop.abort()
    expect(called).rejects.toThrow()
    expect(await page.rest()).toContain('It is over')
    expect(await isRefused(shown.url)).toBe(true)
    const reply = room.run()
    const next = await room.page()
    room.owner('lock')
    expect(await next.page.rest()).toMatch(/not decided in time|It is over/)
    expect(await isRefused(next.shown.url)).toBe(true)
    expect(await reply).toContain('isError')
  }))

test('a session is asked for on a page as well', () =>
  within(async (room) => {
    const asked = await room.call('vault_session_unlock', { purpose: 'release day' })
    const { shown, page } = await room.page()
    expect(asked).toContain(room.waiting()[0]!.id)
    expect(shown.message).toContain('asks for a session of uses. It says, and nobody checked it: "release day"')
    expect(page.html).toContain('3 uses within 5 min')
    // The same question again shows no second page.
    await room.call('vault_session_unlock', { purpose: 'release day' })
    expect(room.pages).toBe(0)
    expect(await room.call('vault_session_status', {})).toContain('\\"locked\\":true')
    await page.submit(RIGHT)
    expect(await isRefused(shown.url)).toBe(true)
    expect(await room.call('vault_session_status', {})).toContain('\\"uses_left\\":3')
    expect(await room.run()).toContain('REDACTED')
    expect([room.pages, room.over]).toEqual([0, [shown.id]])
  }))

test('a client that leaves takes its question and its page with it', () =>
  within(async (room) => {
    await room.call('vault_session_unlock', { purpose: 'release day' })
    const { url } = await room.shown()
    expect(room.waiting()).toHaveLength(1)
    await room.client.close()
    expect(await isRefused(url)).toBe(true)
    expect(room.waiting()).toHaveLength(0)
  }))

test('over HTTP the client is asked in the same way', () =>
  within(async (room) => {
    const token = 'c0ffee'.repeat(8)
    writeFileSync(join(room.cell.folder, 'token'), token, { mode: 0o600 })
    const { TVAULT_PASSPHRASE: _, ...env } = room.cell.place.environment
    const words = ['mcp', '--http', '0', '--token-file', join(room.cell.folder, 'token')]
    const server = Bun.spawn([...ourBinary(), ...words], { cwd: room.cell.work, env, stderr: 'pipe', stdin: 'ignore' })
    try {
      const { value } = await server.stderr.getReader().read()
      const url = new URL(/http:\S+/.exec(Buffer.from(value ?? []).toString())?.[0] ?? '')
      const requestInit = { headers: { authorization: `Bearer ${token}` } }
      await room.client.close()
      await room.client.connect(new StreamableHTTPClientTransport(url, { requestInit }) as never)
      const reply = room.run()
      const { page } = await room.page()
      await page.submit(RIGHT)
      expect(await reply).toContain('REDACTED')
    } finally {
      server.kill('SIGTERM')
      await server.exited
    }
  }))

test.each([
  ['a client that opens no pages', [], [{}, { elicitation: {} }, { elicitation: { form: {} } }]],
  ['a client of a server that shows none', ['--page', 'none'], [{ elicitation: { url: {} } }]],
])('%s is asked nothing; the owner has the terminal', async (_, words, all) => {
  const cell = new Cell(place, { rules: undefined, own: POLICY, key: 'agent', words })
  const waiting = (): { id: string }[] =>
    (JSON.parse(cell.place.run(['approvals', '--json']).out.toString()) as { pending: { id: string }[] }).pending
  try {
    for (const capabilities of all) {
      const client = cell.start()
      await client.initialize({ name: 'claude', version: '2' }, capabilities)
      const reply = client.call('vault_get_secret', { key: 'LINES', project: 'app' })
      const { id } = await until(() => waiting()[0])
      expect(cell.place.run(['approvals', 'deny', id]).code).toBe(0)
      expect(await reply).toMatchObject({ isError: true, text: expect.stringContaining('approval_denied') })
      expect(client.out.toString()).not.toMatch(/elicitation|http:/)
      await client.end()
    }
  } finally {
    await cell.end()
    cell.remove()
  }
})

beside(
  'silence is a no; the page says so and is gone',
  () =>
    within(
      async (room) => {
        const reply = room.run()
        const { shown, page } = await room.page()
        expect(await page.rest()).toContain('not decided in time')
        expect(await reply).toContain('approval_expired')
        expect(await isRefused(shown.url)).toBe(true)
        expect(room.over).toEqual([shown.id])
      },
      POLICY.replace('wait = 30', 'wait = 5'),
    ),
  60_000,
)
