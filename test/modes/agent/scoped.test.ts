// What a token is not for does not exist for its bearer: the same answer, the same trace, by every method of both
// protocols. And what governs the vault or the agent is nobody's but the owner's.
import { afterAll, describe, expect, test } from 'bun:test'
import { Secret } from '../../../src/lib/secret.ts'
import type { TokenScope } from '../../../src/lib/gate.ts'
import { VALUES, agentRoom, closeRooms, opened } from './agent-room.ts'
import type { AgentRoom, Talk } from './agent-room.ts'

afterAll(closeRooms)

const HOUR = 3600

/** A room with a token of this scope, and its text. */
async function withToken(
  scope: TokenScope,
  options: { uses?: number; seconds?: number } = {},
): Promise<{ room: AgentRoom; token: string }> {
  const room = await agentRoom()
  const { seconds = HOUR, uses } = options
  const made = room.broker.newToken({ label: 'test', scope, seconds, uses })
  return { room, token: opened(made.token) }
}

const bearer = (
  room: AgentRoom,
  token: string,
  effect: 'reveal' | 'write' | 'admin' | 'none' = 'reveal',
): Promise<Talk> => room.talk({ command: 'probe', effect, token })

/** An answer without the names that were asked for. */
function shape(answer: unknown, ...names: string[]): string {
  let text = JSON.stringify(answer)
  for (const name of names) text = text.replaceAll(name, 'X')
  return text
}

describe('a token of one project and some keys', () => {
  const scope: TokenScope = { project: 'web', keys: ['DB_*'] }

  test('reads what it is for', async () => {
    const { room, token } = await withToken(scope)
    const talk = await bearer(room, token)
    expect(opened(await talk.call('read', 'web', 'DB_URL'))).toBe(VALUES['web']!['DB_URL']!)
    expect(await talk.call('list', 'web')).toMatchObject([{ key: 'DB_URL' }])
    expect(await talk.call('projects')).toMatchObject([{ name: 'web', secrets: 1 }])
    const { entries, missing } = (await talk.call('readMany', 'web', {})) as { entries: unknown[]; missing: unknown[] }
    expect([entries.length, missing]).toEqual([1, []])
  })

  test('a denied key answers like a missing one, in every method', async () => {
    const { room, token } = await withToken(scope)
    const talk = await bearer(room, token, 'write')
    const value = (): Secret => Secret.fromText('x')
    const tries: [string, (key: string) => unknown[]][] = [
      ['read', (key) => ['web', key]],
      ['read', (key) => ['web', key, { version: 1 }]],
      ['history', (key) => ['web', key]],
      ['readMany', (key) => ['web', { only: [key] }]],
      ['compareMany', (key) => ['web', [{ key, value: value() }]]],
      ['rollback', (key) => ['web', key, 1]],
      ['list', (key) => ['web', { prefix: key }]],
      ['search', (key) => [{ nameLike: key, limit: 5 }]],
    ]
    // W is there and denied, M_ISSING is not there and denied, DB_NO is not there and would be allowed.
    for (const [method, args] of tries) {
      const denied = shape(await talk.call(method, ...args('W')), 'W')
      const missing = shape(await talk.call(method, ...args('V')), 'V')
      const allowed = shape(await talk.call(method, ...args('DB_NO')), 'DB_NO')
      expect([method, denied]).toEqual([method, missing])
      // Names that are near are suggested of what the bearer may know, so only kind and form are the same.
      expect([method, denied.replace(/"hint":"[^"]*"/, '')]).toEqual([method, allowed.replace(/"hint":"[^"]*"/, '')])
    }
  })

  test('a denied project answers like a missing one, in every method', async () => {
    const { room, token } = await withToken(scope)
    const talk = await bearer(room, token, 'write')
    const tries: [string, (project: string) => unknown[]][] = [
      ['read', (project) => [project, 'K']],
      ['readMany', (project) => [project, {}]],
      ['list', (project) => [project]],
      ['history', (project) => [project, 'K']],
      ['search', (project) => [{ project, limit: 5 }]],
      ['write', (project) => [project, 'DB_X', Secret.fromText('x')]],
      ['writeMany', (project) => [project, [{ key: 'DB_X', value: Secret.fromText('x') }], { overwrite: true }]],
      ['compareMany', (project) => [project, []]],
    ]
    for (const [method, args] of tries) {
      const denied = shape(await talk.call(method, ...args('default')), 'default')
      const missing = shape(await talk.call(method, ...args('nothere')), 'nothere')
      expect([method, denied]).toEqual([method, missing])
      expect(denied).toContain('not_found')
    }
  })

  test('both leave one row, written down before the answer', async () => {
    const { room, token } = await withToken(scope)
    const talk = await bearer(room, token)
    const rows = (): Promise<number> => room.elsewhere((view) => view.audit({ limit: 1000 }).length)
    const before = await rows()
    await talk.call('read', 'web', 'W')
    expect(await rows()).toBe(before + 1)
    await talk.call('read', 'web', 'DB_NO')
    expect(await rows()).toBe(before + 2)
    const [missing, denied] = await room.elsewhere((view) => view.audit({ limit: 2 }))
    expect(denied).toMatchObject({ phase: 'refused', result: 'denied', resourceName: 'W' })
    expect(missing).toMatchObject({ phase: 'refused', result: 'not_found', resourceName: 'DB_NO' })
    expect(denied?.principal).toMatch(/^token [0-9a-f]{8}$/)
    expect(denied?.metadata).toMatchObject({ via: 'agent', peer_pid: 4711 })
  })

  test('the status tells the current project only to those who may know it', async () => {
    const { room, token } = await withToken(scope)
    expect(await (await bearer(room, token)).control('status')).toMatchObject({ project: 'default', unlocked: true })
    await room.elsewhere((view) => view.createProject('hidden', ''))
    await room.elsewhere((view) => view.useProject('hidden'))
    expect(await (await bearer(room, token)).control('status')).toMatchObject({ project: 'default' })
    expect(await (await room.talk({})).control('status')).toMatchObject({ project: 'hidden' })
    expect(await (await bearer(room, token)).call('currentProject')).toBe('')
  })

  test('writes where it may, with the effect it has', async () => {
    const { room, token } = await withToken({ ...scope, effects: ['write'] })
    const talk = await bearer(room, token, 'write')
    expect(await talk.call('write', 'web', 'DB_NEW', Secret.fromText('x'))).toMatchObject({ change: 'created' })
    expect(await talk.call('write', 'web', 'W', Secret.fromText('x'))).toMatchObject({ failed: 'not_found' })
    expect(await talk.call('read', 'web', 'DB_URL')).toMatchObject({ failed: 'not_found' })
    await room.elsewhere((view) => expect(opened(view.read('web', 'W'))).toBe(VALUES['web']!['W']!))
  })
})

describe('no token, whatever its scope and the effect it declares', () => {
  const forbidden: [string, unknown[]][] = [
    ['delete', ['web', ['W']]],
    [
      'move',
      [
        { project: 'web', key: 'W' },
        { project: 'web', key: 'W2' },
      ],
    ],
    [
      'copy',
      [
        { project: 'web', key: 'W' },
        { project: 'web', key: 'W2' },
      ],
    ],
    ['createProject', ['new', '']],
    ['deleteProject', ['web']],
    ['useProject', ['web']],
    ['rotate', [Secret.fromText('new passphrase')]],
    ['share', ['web', 'tvault1']],
    ['unshare', ['web', 'tvault1']],
    ['backup', ['/tmp/tvault-never', { overwrite: true }]],
    ['fileKey', [new Uint8Array(32)]],
    ['verifyAudit', []],
    ['verifyAll', []],
    ['summary', []],
    ['audit', [{ limit: 5 }]],
    ['recipients', ['web']],
    ['groups', []],
    ['createGroup', [{ name: 'g', description: '', environments: [], force: true }]],
    ['resolve', ['g', 'e', {}]],
  ]
  test.each(['none', 'reveal', 'write', 'admin'] as const)('declared %s', async (effect) => {
    const { room, token } = await withToken({})
    const talk = await bearer(room, token, effect)
    for (const [method, args] of forbidden) {
      const answer = await talk.call(method, ...args.map((arg) => (arg instanceof Secret ? Secret.fromText('x') : arg)))
      expect([method, answer]).toMatchObject([method, { failed: 'denied' }])
    }
    await room.elsewhere((view) => {
      expect(view.currentProject()).toBe('default')
      expect(view.verifyAll().values).toBe(5)
    })
  })

  test('governs the agent', async () => {
    const { room, token } = await withToken({})
    for (const [op, ...args] of [
      ['lock'],
      ['stop'],
      ['unlock', Secret.fromText('x')],
      ['token-new', { label: 'x', scope: {}, seconds: 60 }],
      ['token-list'],
      ['token-revoke', '00000000'],
    ] as const) {
      const talk = await bearer(room, token, 'admin')
      expect([op, await talk.control(op, ...args)]).toMatchObject([op, { failed: 'denied' }])
    }
    expect(room.broker.unlocked).toBeTrue()
    expect(room.stopped).toEqual([])
  })
})

describe('the end of a token', () => {
  test('is noticed in the middle of a conversation', async () => {
    const { room, token } = await withToken({ project: 'web' })
    const talk = await bearer(room, token)
    expect(opened(await talk.call('read', 'web', 'W'))).toBe(VALUES['web']!['W']!)
    const [held] = room.tokens.list()
    expect(room.broker.revokeToken(held!.id)).toBeTrue()
    expect(await talk.call('read', 'web', 'W')).toMatchObject({ failed: 'denied', message: 'the token is over' })
    expect(await talk.control('status')).toMatchObject({ failed: 'denied' })
  })

  test('by its uses: one conversation', async () => {
    const { room, token } = await withToken({ project: 'web' }, { uses: 1 })
    const talk = await bearer(room, token)
    expect(opened(await talk.call('read', 'web', 'W'))).toBe(VALUES['web']!['W']!)
    expect(opened(await talk.call('read', 'web', 'W'))).toBe(VALUES['web']!['W']!)
    const again = await room.talk()
    expect(await again.hello({ token })).toMatchObject({ failed: 'denied' })
  })

  test('gives its bearer no more than before, in v1 as well', async () => {
    const { room, token } = await withToken({ project: 'web', keys: ['DB_*'] }, { uses: 1 })
    expect(await room.ask({ op: 'get', project: 'web', key: 'W', token })).toMatchObject({ error: 'secret not found' })
    // Used up: whoever showed less than everything must not be given everything.
    expect(await room.ask({ op: 'get', project: 'web', key: 'W', token })).toMatchObject({
      error: 'token required or invalid',
    })
  })
})

describe('an agent that requires a token', () => {
  const strict = (): Promise<AgentRoom> => agentRoom({ requireToken: true, tokenFile: 'all-of-it\nscoped:web' })

  test('gives nothing to who shows none, who may still lock and end it', async () => {
    const room = await strict()
    const talk = await room.talk({})
    for (const method of ['read', 'list', 'currentProject']) {
      expect(await talk.call(method, 'default', 'K')).toMatchObject({ failed: 'denied' })
    }
    expect(await talk.control('token-new', { label: '', scope: {}, seconds: 60 })).toMatchObject({ failed: 'denied' })
    expect(await talk.control('token-list')).toMatchObject({ failed: 'denied' })
    expect(await talk.control('status')).toMatchObject({ project: '', unlocked: true })
    await talk.control('lock')
    expect(room.broker.unlocked).toBeFalse()
    expect(await talk.control('stop')).toEqual({})
  })

  test('takes an unscoped token of its file for the owner', async () => {
    const room = await strict()
    const talk = await room.talk({ token: 'all-of-it', command: 'audit', effect: 'admin' })
    expect(opened(await talk.call('read', 'default', 'K'))).toBe(VALUES['default']!['K']!)
    expect(await talk.call('audit', { limit: 1 })).toMatchObject([{ metadata: { token_id: expect.any(String) } }])
  })

  test('reads its file again and forgets who is not in it', async () => {
    const room = await strict()
    const talk = await room.talk({ token: 'scoped' })
    room.tokens.load(Buffer.from('all-of-it'))
    expect(await talk.call('read', 'web', 'W')).toMatchObject({ failed: 'denied' })
  })
})

describe('v1', () => {
  test('checks in the order of the peer', async () => {
    const room = await agentRoom({ requireToken: true, tokenFile: 'all\nscoped:web' })
    const said = async (request: Record<string, unknown>): Promise<unknown> => (await room.ask(request))['error']
    expect(await said({ v: 2, op: 'nope' })).toBe('protocol version mismatch: client 2, server 1')
    expect(await said({ op: 'nope' })).toBe('token required or invalid')
    expect(await said({ op: 'get', token: 'forged' })).toBe('token required or invalid')
    expect(await said({ op: 'nope', token: 'scoped', project: 'default' })).toBe(
      'token not in scope for project "default"',
    )
    expect(await said({ op: 'nope', token: 'scoped' })).toBe('unknown op: nope')
    expect(await said({ op: 'constructor', token: 'all' })).toBe('unknown op: constructor')
    expect(await said({ op: '', token: 'all' })).toBe('unknown op: ')
    expect(await said({ op: 'get', token: 'scoped' })).toBe('get requires a key')
    expect(await said({ op: 'get', key: 'K', token: 'scoped' })).toBe('token not in scope for project "default"')
    expect(await said({ op: 'stop', token: 'scoped' })).toBe('only an unrestricted token may stop the agent')
    expect(await said({ op: 'get', key: 'K', project: 'nope', token: 'all' })).toBe('project not found')
    expect(await said({ op: 'get', key: 'NOPE', token: 'all' })).toBe('secret not found')
    expect(await said({ op: 'get', key: 'bad key', token: 'all' })).toBe('secret not found')
    expect(await said({ op: 'getall', project: 'nope', token: 'all' })).toBe('project not found')
    expect(room.stopped).toEqual([])
  })

  test('answers as the peer does', async () => {
    const room = await agentRoom()
    const base = { v: 1, ok: true }
    expect(await room.ask({ op: 'get', key: 'K' })).toEqual({ ...base, value: 'value of K' })
    expect(await room.ask({ op: 'getall' })).toEqual({ ...base, secrets: VALUES['default'], project: 'default' })
    expect(await room.ask({ op: 'getselected', only: ['NO', 'K', 'A'], prefix: 'DB_U' })).toEqual({
      ...base,
      secrets: VALUES['default'],
      missing: ['A', 'NO'],
      project: 'default',
    })
    expect(await room.ask({ op: 'getselected', prefix: 'ZZ' })).toEqual({ ...base, project: 'default' })
    await room.elsewhere((view) => view.write('default', 'EMPTY', Secret.fromText('')))
    expect(await room.ask({ op: 'get', key: 'EMPTY' })).toEqual(base)
    expect(await room.ask({ op: 'status' })).toEqual({
      ...base,
      status: {
        pid: process.pid,
        socket: `${room.directory}/agent.sock`,
        project: 'default',
        uptime_seconds: expect.any(Number),
        idle_remaining_seconds: 0,
      },
    })
    expect(await room.ask({ op: 'stop' })).toEqual(base)
    await Bun.sleep(2)
    expect(room.stopped).toEqual(['asked'])
    expect(await room.ask({ op: 'get', key: 'K' })).toMatchObject({ ok: false, error: 'the agent is locked' })
  })

  test('never damages a value that is no text', async () => {
    const room = await agentRoom()
    await room.elsewhere((view) => view.write('web', 'ODD', new Secret(Uint8Array.of(0xff, 0xfe))))
    const clear = 'the value of ODD is not text, which protocol 1 cannot carry; read it without the agent'
    expect(await room.ask({ op: 'get', project: 'web', key: 'ODD' })).toEqual({ v: 1, ok: false, error: clear })
    expect(await room.ask({ op: 'getall', project: 'web' })).toEqual({ v: 1, ok: false, error: clear })
    expect(await room.ask({ op: 'getselected', project: 'web', only: ['W'] })).toMatchObject({ ok: true })
  })

  test('ignores a token only where there never was one', async () => {
    const room = await agentRoom()
    expect(await room.ask({ op: 'get', key: 'K', token: 'of somebody else' })).toMatchObject({ ok: true })
    room.broker.newToken({ label: '', scope: {}, seconds: HOUR, uses: undefined })
    expect(await room.ask({ op: 'get', key: 'K', token: 'of somebody else' })).toMatchObject({ ok: false })
    expect(await room.ask({ op: 'get', key: 'K' })).toMatchObject({ ok: true })
  })
})
