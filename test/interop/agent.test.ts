// The agent protocol v1 in both directions: the real program of the peer against our agent, and ours against theirs. No
// passphrase is around, so whatever works went through the agent.
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ask, leftovers, run, startAgent, tokenFile, until, withoutPassphrase } from './agent-place.ts'
import type { RunningAgent } from './agent-place.ts'
import { Place, ourBinary, ourPlace, peerBinary, peerPlace } from './peer.ts'

// Each call of the peer that needs its key takes a quarter of a second, and more on a busy machine.
setDefaultTimeout(60_000)

const PEER = peerBinary()
const VALUES = { API_KEY: 'k-123', DB_URL: 'postgres://u:p@h:5/d?x=1&y=%2F', NOTE: 'line one\nline "two" é日本' }

function fill(place: Place): void {
  const lines = Object.entries(VALUES).map(([key, value]) => `${key}=${JSON.stringify(value)}\n`)
  writeFileSync(join(place.folder, '.env'), lines.join(''))
  place.must(['import', '.env'])
  place.must(['projects', 'create', 'web'])
  place.must(['set', 'ONLY_WEB', '--stdin', '-p', 'web'], { stdin: 'w' })
}

/** The program `command` in the directory of another one's vault. */
function visitor(command: readonly string[], host: Place): Place {
  const guest = new Place(command)
  guest.environment['TVAULT_DIR'] = host.environment['TVAULT_DIR'] ?? ''
  delete guest.environment['TVAULT_PASSPHRASE']
  return guest
}

describe.if(PEER !== undefined)('their program, our agent', () => {
  let host: Place
  let guest: Place
  let agent: RunningAgent
  beforeAll(async () => {
    host = ourPlace()
    fill(host)
    guest = visitor([PEER!], host)
    agent = await startAgent(host)
  })
  afterAll(async () => {
    await agent?.end()
    host?.remove()
    guest?.remove()
  })

  test('get', async () => {
    for (const [key, value] of Object.entries(VALUES)) expect((await run(guest, ['get', key])).out).toBe(value)
    expect((await run(guest, ['get', 'ONLY_WEB', '-p', 'web'])).out).toBe('w')
  })

  test('get of what is not there, or in no project', async () => {
    expect(await run(guest, ['get', 'NOPE'])).toMatchObject({ out: '', code: expect.any(Number) })
    expect((await run(guest, ['get', 'NOPE'])).code).not.toBe(0)
    expect((await run(guest, ['get', 'API_KEY', '-p', 'nope'])).code).not.toBe(0)
  })

  test('env, all and selected', async () => {
    const env = await run(guest, ['env', '--format', 'json'])
    expect(JSON.parse(env.out)).toEqual(VALUES)
    const selected = await run(guest, ['env', '--only', 'API_KEY', '--format', 'dotenv'])
    expect(selected.out).toContain('k-123')
    expect(selected.out).not.toContain('postgres')
    const prefixed = await run(guest, ['env', '--prefix', 'DB_', '--format', 'json'])
    expect(JSON.parse(prefixed.out)).toEqual({ DB_URL: VALUES.DB_URL })
  })

  test('run', async () => {
    const { out, code } = await run(guest, ['run', '--', 'sh', '-c', 'printf %s "$NOTE"; exit 7'])
    expect([out, code]).toEqual([VALUES.NOTE, 7])
  })

  test('shell-init', async () => {
    const { out, code } = await run(guest, ['shell-init', 'bash', '-p', 'web'])
    expect([out.trim().replaceAll("'", ''), code]).toEqual(['export ONLY_WEB=w', 0])
  })

  test('agent status, and status', async () => {
    const { out } = await run(guest, ['agent', 'status', '--json'])
    expect(JSON.parse(out)).toMatchObject({ running: true, pid: agent.pid, socket: agent.socket, project: 'default' })
    expect(JSON.parse(out).idle_remaining_seconds).toBeGreaterThan(800)
  })

  test('their agent does not start where ours is', async () => {
    const { code, err } = await run(guest, ['agent', 'start'], { env: { TVAULT_PASSPHRASE: 'whatever' } })
    expect(code).not.toBe(0)
    expect(err).toMatch(/running|invalid database/i)
    expect(await ask(agent.socket, { op: 'status' })).toMatchObject({ ok: true })
  })

  test('everything it read is in our audit log, by the agent and with its pid', async () => {
    await run(guest, ['get', 'API_KEY'])
    await until(async () => {
      const { entries } = JSON.parse((await run(host, ['audit', '--json', '--limit', '2'])).out) as {
        entries: { metadata: Record<string, unknown> }[]
      }
      return entries.some(({ metadata }) => metadata['via'] === 'agent' && Number(metadata['peer_pid']) > 0)
    })
  })

  test('a locked agent serves nobody, and says so', async () => {
    expect((await run(host, ['lock'])).code).toBe(0)
    expect((await run(guest, ['get', 'API_KEY'])).out).toBe('')
    expect(await ask(agent.socket, { op: 'get', key: 'API_KEY' })).toEqual({
      v: 1,
      ok: false,
      error: 'the agent is locked',
    })
    expect(host.run(['unlock']).code).toBe(0)
    expect((await run(guest, ['get', 'API_KEY'])).out).toBe('k-123')
  })

  test('agent stop', async () => {
    expect((await run(guest, ['agent', 'stop'])).code).toBe(0)
    expect(await agent.process.exited).toBe(0)
    expect(leftovers(host)).toEqual([])
  })
})

describe.if(PEER !== undefined)('their program, our agent with tokens', () => {
  let host: Place
  let guest: Place
  let agent: RunningAgent
  beforeAll(async () => {
    host = ourPlace()
    fill(host)
    guest = visitor([PEER!], host)
    const file = tokenFile(host, ['# tokens', 'for-all', 'for-web:web'])
    agent = await startAgent(host, { flags: ['--require-token', '--token-file', file] })
  })
  afterAll(async () => {
    await agent?.end()
    host?.remove()
    guest?.remove()
  })

  test('serves by the token that is shown', async () => {
    const get = (key: string, project: string, token: string) =>
      run(guest, ['get', key, '-p', project], { env: { TVAULT_AGENT_TOKEN: token } })
    expect((await get('API_KEY', 'default', 'for-all')).out).toBe('k-123')
    expect((await get('ONLY_WEB', 'web', 'for-web')).out).toBe('w')
    expect((await get('API_KEY', 'default', 'for-web')).out).toBe('')
    expect((await get('API_KEY', 'default', 'forged')).out).toBe('')
    expect((await run(guest, ['get', 'API_KEY'])).out).toBe('')
  })

  test('reads its file again on SIGHUP, and keeps the old tokens when it is no good', async () => {
    const get = (token: string) => ask(agent.socket, { op: 'get', key: 'ONLY_WEB', project: 'web', token })
    expect(await get('later')).toMatchObject({ ok: false })
    tokenFile(host, ['later:web'])
    process.kill(agent.pid, 'SIGHUP')
    await until(async () => (await get('later'))['ok'] === true)
    expect(await get('for-web')).toMatchObject({ error: 'token required or invalid' })
    tokenFile(host, ['# nothing'])
    process.kill(agent.pid, 'SIGHUP')
    const log = Bun.file(join(host.environment['TVAULT_DIR']!, 'agent.log'))
    await until(async () => (await log.text()).includes('stay as they are'))
    expect(await get('later')).toMatchObject({ ok: true })
  })
})

describe.if(PEER !== undefined)('our program, their agent', () => {
  let host: Place
  let guest: Place
  let agent: RunningAgent
  beforeAll(async () => {
    host = peerPlace(PEER!)
    fill(host)
    guest = visitor(ourBinary(), host)
    agent = await startAgent(host)
  })
  afterAll(async () => {
    await agent?.end()
    host?.remove()
    guest?.remove()
  })

  test('get', async () => {
    for (const [key, value] of Object.entries(VALUES)) {
      expect(await run(guest, ['get', key])).toMatchObject({ out: value, err: '', code: 0 })
    }
    expect((await run(guest, ['get', 'ONLY_WEB', '-p', 'web'])).out).toBe('w')
  })

  test('get of what is not there: exit code 4, and the reason', async () => {
    expect(await run(guest, ['get', 'NOPE'])).toMatchObject({ code: 4, out: '' })
    expect(await run(guest, ['get', 'API_KEY', '-p', 'nope'])).toMatchObject({ code: 4, out: '' })
  })

  test('env, all and selected', async () => {
    expect(JSON.parse((await run(guest, ['env', '--format', 'json'])).out)).toEqual(VALUES)
    const some = await run(guest, ['env', '--only', 'API_KEY', '--prefix', 'DB_', '--format', 'json'])
    expect(JSON.parse(some.out)).toEqual({ API_KEY: VALUES.API_KEY, DB_URL: VALUES.DB_URL })
    expect(await run(guest, ['env', '--only', 'API_KEY,NOPE'])).toMatchObject({ code: 4, out: '' })
  })

  test('run', async () => {
    const { out, code } = await run(guest, ['run', '--', 'sh', '-c', 'printf %s "$NOTE"; exit 7'])
    expect([out, code]).toEqual([VALUES.NOTE, 7])
  })

  test('shell-init', async () => {
    const { out, code } = await run(guest, ['shell-init', 'bash', '-p', 'web'])
    expect([out.trim().replaceAll("'", ''), code]).toEqual(['export ONLY_WEB=w', 0])
  })

  test('agent status', async () => {
    const { out } = await run(guest, ['agent', 'status', '--json'])
    expect(JSON.parse(out)).toMatchObject({ running: true, pid: agent.pid, socket: agent.socket, project: 'default' })
  })

  test('what it cannot do is said, with what to do', async () => {
    for (const words of [
      ['get', 'API_KEY', '--version', '1'],
      ['set', 'X', '--stdin'],
      ['delete', 'API_KEY', '-y'],
    ]) {
      const { code, err } = await run(guest, words)
      expect([words[0], code === 0, err]).toEqual([words[0], false, expect.stringContaining('TinyVault 0.23')])
    }
    expect((await run(guest, ['lock'])).err).toContain('tvault agent stop')
    expect((await run(guest, ['unlock'], { env: { TVAULT_PASSPHRASE: 'x' } })).code).toBe(10)
  })

  test('without the agent their vault is recognised and left alone', async () => {
    const before = Bun.hash(await Bun.file(join(host.environment['TVAULT_DIR']!, 'vault.db')).bytes())
    const { err, code } = await run(guest, ['get', 'API_KEY', '--no-agent'])
    expect([code === 0, err]).toEqual([false, expect.stringContaining('tvault migrate')])
    expect(Bun.hash(await Bun.file(join(host.environment['TVAULT_DIR']!, 'vault.db')).bytes())).toBe(before)
  })

  test('our agent does not start where theirs is', async () => {
    const { code, err } = await run(guest, ['agent', 'start'], { env: { TVAULT_PASSPHRASE: 'x' } })
    expect(code).not.toBe(0)
    expect(err).toMatch(/running|migrate/)
    expect(existsSync(agent.socket)).toBeTrue()
  })

  test('agent stop', async () => {
    expect((await run(guest, ['agent', 'stop'])).code).toBe(0)
    expect(await agent.process.exited).toBe(0)
    expect((await run(guest, ['agent', 'status'])).err).toContain('not running')
  })
})

describe.if(PEER !== undefined)('our program, their agent with tokens', () => {
  test('shows the token of TVAULT_AGENT_TOKEN, also for agent status', async () => {
    const host = peerPlace(PEER!)
    let agent: RunningAgent | undefined
    try {
      fill(host)
      const guest = visitor(ourBinary(), host)
      const file = tokenFile(host, ['for-all', 'for-web:web'])
      agent = await startAgent(host, { flags: ['--require-token', '--token-file', file] })
      const env = (token: string) => ({ env: { TVAULT_AGENT_TOKEN: token } })
      expect(await run(guest, ['get', 'API_KEY'], env('for-all'))).toMatchObject({ out: 'k-123', err: '' })
      expect(await run(guest, ['get', 'API_KEY'], env('for-web'))).toMatchObject({ code: 8, out: '' })
      expect(await run(guest, ['get', 'API_KEY'])).toMatchObject({ code: 8, out: '' })
      expect((await run(guest, ['agent', 'status'], env('for-all'))).out).toContain('agent running')
      expect((await run(guest, ['agent', 'stop'], env('for-all'))).code).toBe(0)
      guest.remove()
    } finally {
      await agent?.end()
      host.remove()
    }
  })
})

test('the environment without a passphrase has none', () => {
  expect(Object.keys(withoutPassphrase(new Place(['true'])))).not.toContain('TVAULT_PASSPHRASE')
})
