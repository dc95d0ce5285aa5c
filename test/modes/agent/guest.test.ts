// AI agents at the agent: a connection that says it is one is never the owner's, is held to the policy of the vault, and
// its refusals, uses and budgets are written down and outlive the process.
import { afterAll, describe, expect, test } from 'bun:test'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Act, Effect } from '../../../src/lib/gate.ts'
import { Secret } from '../../../src/lib/secret.ts'
import { policyText } from '../../interop/mcp-place.ts'
import { PASSPHRASE, VALUES, agentRoom, closeRooms, opened } from './agent-room.ts'
import type { AgentRoom, Talk } from './agent-room.ts'

afterAll(closeRooms)

/** A room whose vault has this policy. */
async function withPolicy(text: string, options: Parameters<typeof agentRoom>[0] = {}): Promise<AgentRoom> {
  const room = await agentRoom(options)
  await room.elsewhere((view) => void view.setPolicy(text, { revision: view.policy().revision }))
  return room
}

const guest = (room: AgentRoom, effect: Effect = 'reveal', act: Act = {}, client = 'claude'): Promise<Talk> =>
  room.talk({ command: effect === 'inject' ? 'mcp exec' : 'get', effect, client, act })
const code = (answer: unknown): unknown => (answer as { code?: string }).code

/** One for all tests that change nothing. */
let shared: Promise<AgentRoom> | undefined
const anyRoom = (): Promise<AgentRoom> => (shared ??= withPolicy('[allow all]\neffect = get, set, delete\n'))

const READ = '[allow read]\nproject = web\nkey = DB_*\neffect = get\n'

describe('who it is', () => {
  test('is fixed by the hello', async () => {
    const room = await withPolicy(READ)
    const talk = await room.talk()
    expect(await talk.hello({ client: 'claude' })).toMatchObject({ principal: 'mcp' })
    talk.say({ op: 'hello', version: 2, command: 'get', effect: 'reveal', interactive: true })
    expect(talk.wire.ended).toBe(true)
  })

  test('a principal that is not understood ends the conversation', async () => {
    const room = await withPolicy(READ)
    const bad = [null, 'owner', { kind: 'owner' }, { kind: 'mcp' }, { kind: 'mcp', client: 1, version: '' }, []]
    bad.push({ kind: 'mcp', client: 'a', version: '', owner: true } as never)
    bad.push({ kind: 'mcp', client: 'a', version: '', act: { argv: 'x' } } as never)
    bad.push({ kind: 'mcp', client: 'a', version: '', act: { shell: true } } as never)
    bad.push({ kind: 'mcp', client: 'a', version: '', notes: { tool: 1 } } as never)
    for (const principal of bad) {
      const talk = await room.talk()
      talk.say({ op: 'hello', version: 2, command: 'get', effect: 'reveal', interactive: true, principal })
      expect([principal, talk.wire.ended]).toEqual([principal, true])
    }
  })

  test.each(['unlock', 'lock', 'stop', 'token-new', 'token-list', 'approvals', 'approve', 'deny', 'forgive'])(
    'it cannot %s',
    async (op) => {
      const room = await anyRoom()
      const talk = await guest(room)
      const answer = await talk.control(op, 'x', Secret.fromText(PASSPHRASE))
      expect(answer).toMatchObject({ failed: 'denied' })
      expect([room.broker.unlocked, room.stopped]).toEqual([true, []])
    },
  )

  test.each([
    'policy',
    'setPolicy',
    'rotate',
    'share',
    'backup',
    'fileKey',
    'verifyAll',
    'copy',
    'move',
    'raiseTier',
    'lowerTier',
    'clearTiers',
  ])('it cannot %s', async (method) => {
    const room = await anyRoom()
    expect(await (await guest(room, 'admin')).call(method, 'x', 'y')).toMatchObject({ failed: 'denied' })
  })

  test('who is no AI agent has nothing to ask as one', async () => {
    const room = await withPolicy(READ)
    const talk = await room.talk({})
    await talk.control('session-status').catch(() => undefined)
    expect(talk.wire.ended).toBe(true)
  })

  test('not even the owner changes the policy through the agent: that takes the passphrase', async () => {
    const room = await withPolicy(READ)
    const owner = await room.talk({ command: 'policy set', effect: 'admin', interactive: true })
    expect(await owner.call('setPolicy', '', { revision: 1 })).toMatchObject({ failed: 'denied' })
    expect(await owner.call('policy')).toMatchObject({ revision: 1, text: READ })
  })

  test('a token of limited scope and the rules both hold', async () => {
    const room = await withPolicy('[allow all]\neffect = get\n')
    const { token } = room.broker.newToken({ label: '', scope: { project: 'web' }, seconds: 60, uses: undefined })
    const shown = opened(token)
    const talk = await room.talk({ client: 'claude', token: shown })
    expect(opened(await talk.call('read', 'web', 'W'))).toBe(VALUES['web']!['W']!)
    expect(await talk.call('read', 'default', 'K')).toMatchObject({ failed: 'not_found' })
  })
})

describe('the policy holds in the agent', () => {
  test('without any, names are seen and nothing else; the file beside the vault counts', async () => {
    const room = await agentRoom()
    const talk = await guest(room)
    expect(await talk.call('list', 'web')).toHaveLength(2)
    expect(await talk.call('read', 'web', 'W')).toMatchObject({ failed: 'denied' })
    writeFileSync(join(room.directory, 'mcp-policy.yaml'), policyText({ mode: 'full', reads: 1 }), { mode: 0o600 })
    // Also for a conversation that began before.
    expect(opened(await talk.call('read', 'web', 'W'))).toBe(VALUES['web']!['W']!)
    expect(code(await talk.call('read', 'web', 'W'))).toBe('budget_exhausted')
    expect(code(await (await guest(room)).call('read', 'web', 'W'))).toBe('budget_exhausted')
  })

  test('only what a rule allows, and what is hidden is missing', async () => {
    const room = await withPolicy(READ)
    const talk = await guest(room)
    expect(opened(await talk.call('read', 'web', 'DB_URL'))).toBe(VALUES['web']!['DB_URL']!)
    const words = (answer: unknown, name: string): string => JSON.stringify(answer).replaceAll(name, 'X')
    const hidden = words(await talk.call('read', 'web', 'W'), 'W')
    expect(hidden).toBe(words(await talk.call('read', 'web', 'NO_SUCH'), 'NO_SUCH'))
    expect(hidden).toContain('not_found')
    expect(await talk.call('list', 'web')).toMatchObject([{ key: 'DB_URL' }])
    expect(await talk.call('projects')).toMatchObject([{ name: 'web', secrets: 1 }])
    expect(await talk.call('write', 'web', 'DB_URL', Secret.fromText('x'))).toMatchObject({ failed: 'denied' })
  })

  test('a change of it holds for the next call of an open conversation', async () => {
    const room = await withPolicy(READ)
    const talk = await guest(room)
    expect(opened(await talk.call('read', 'web', 'DB_URL'))).toBe(VALUES['web']!['DB_URL']!)
    await room.elsewhere((view) => void view.setPolicy('[allow names]\neffect = list\n', { revision: 1 }))
    expect(await talk.call('read', 'web', 'DB_URL')).toMatchObject({ failed: 'denied' })
  })

  test('one that is broken, or was changed by somebody else, allows nothing', async () => {
    const room = await withPolicy('[allow a]\nnonsense\n')
    const talk = await room.talk()
    expect(await talk.hello({ client: 'claude' })).toMatchObject({ failed: 'failed' })
  })

  test('what a rule says about programs holds: the words of the hello, and no others', async () => {
    const room = await withPolicy('[allow run]\neffect = run\ncommand = npm test\n')
    const run = async (act: Act): Promise<unknown> =>
      (await guest(room, 'inject', act)).call('readMany', 'web', { only: ['W'] })
    expect(await run({ argv: ['npm', 'test'] })).toMatchObject({ missing: [] })
    for (const act of [{}, { argv: ['npm', 'test', 'x'] }, { argv: ['sh'] }, { host: 'npm' }]) {
      expect(await run(act)).toEqual({ entries: [], missing: ['W'] })
    }
    // To be told a value is not to have it run.
    expect(await (await guest(room, 'reveal', { argv: ['npm', 'test'] })).call('read', 'web', 'W')).toMatchObject({
      failed: 'denied',
    })
  })

  test('rows say who, by which rule, with what; refusals too, and no value', async () => {
    const room = await withPolicy(READ)
    const talk = await guest(room, 'reveal', { purpose: 'to look' })
    opened(await talk.call('read', 'web', 'DB_URL'))
    await talk.call('read', 'web', 'W')
    await talk.call('write', 'web', 'DB_URL', Secret.fromText('planted 5512'))
    const rows = await room.elsewhere((view) => view.audit({ limit: 20 }))
    const mine = rows.filter(({ principal }) => principal === 'mcp claude 1')
    expect(mine.map(({ phase, result, metadata }) => [phase, result, metadata['rule']])).toEqual([
      ['refused', 'denied', 'the policy does not let you store DB_URL'],
      ['refused', 'denied', expect.stringContaining('no rule')],
      ['intent', '', 'rule read (line 1 of the policy)'],
    ])
    expect(mine[2]?.metadata).toMatchObject({ via: 'mcp', peer_pid: 4711 })
    expect(mine[0]).toMatchObject({ resourceType: 'secret', resourceName: 'DB_URL', metadata: { project: 'web' } })
    // Another client is not told what this one may know and it may not.
    await room.elsewhere(
      (view) => void view.setPolicy('[allow k]\nproject = default\neffect = list\n', { revision: 1 }),
    )
    const seen = (await (await guest(room, 'list', {}, 'cursor')).call('audit', { limit: 50 })) as unknown[]
    expect(seen.length).toBeGreaterThan(0)
    expect(Bun.inspect(seen)).not.toMatch(/claude|policy/)
    expect(Bun.inspect(rows)).not.toContain('5512')
  })
})

describe('budgets', () => {
  const POLICY = '[allow read]\neffect = get, compare\nreads = 2 per hour\n'

  test('hold for every connection of the client, and after the agent was killed', async () => {
    const room = await withPolicy(POLICY)
    opened(await (await guest(room)).call('read', 'web', 'W'))
    // Another agent on the same file; the first one is not asked to put anything away.
    const next = await agentRoom({ directory: room.directory })
    opened(await (await guest(next)).call('read', 'web', 'W'))
    for (const one of [room, next]) {
      expect(await (await guest(one)).call('read', 'web', 'W')).toMatchObject({ code: 'budget_exhausted' })
    }
    expect(opened(await (await guest(next, 'reveal', {}, 'cursor')).call('read', 'web', 'W'))).toBe(
      VALUES['web']!['W']!,
    )
  })

  test('a miss costs nothing, comparing costs as reading does', async () => {
    const room = await withPolicy(POLICY)
    const talk = await guest(room, 'compare')
    for (let i = 0; i < 4; i++) await talk.call('compareMany', 'web', [{ key: 'NONE', value: Secret.fromText('x') }])
    const guess = () => talk.call('compareMany', 'web', [{ key: 'W', value: Secret.fromText('x') }])
    expect([await guess(), await guess()]).toEqual([
      [{ key: 'W', state: 'different' }],
      [{ key: 'W', state: 'different' }],
    ])
    expect(await guess()).toMatchObject({ code: 'budget_exhausted' })
  })
})

describe('the word of the owner', () => {
  const POLICY = '[session]\nwait = 5\n[allow all]\neffect = get, run\ncommand = npm **\n[approve pay]\nkey = W\n'
  const npm = (...words: string[]): Act => ({ argv: ['npm', ...words] })
  const approve = async (room: AgentRoom, id: unknown, words = PASSPHRASE): Promise<unknown> =>
    (await room.talk({ command: 'approvals approve', effect: 'admin' })).control(
      'approve',
      id,
      Secret.fromText(words),
      {},
    )
  const requestOf = (answer: unknown): unknown => (answer as { about?: { request?: string } }).about?.request

  test('is waited for, given with the passphrase, and counts once', async () => {
    const room = await withPolicy(POLICY)
    const use = async () => (await guest(room, 'inject', npm('publish'))).call('readMany', 'web', { only: ['W'] })
    const waiting = await use()
    expect(waiting).toMatchObject({ failed: 'denied', code: 'approval_required', about: { seconds: 5 } })
    const id = requestOf(waiting)
    expect(await approve(room, id, 'wrong')).toMatchObject({ failed: 'wrong_passphrase' })
    expect(code(await use())).toBe('approval_required')
    expect(await approve(room, id)).toMatchObject({ client: 'claude', program: ['npm', 'publish'] })
    expect(await approve(room, id)).toMatchObject({ failed: 'not_found' })
    expect(await use()).toMatchObject({ missing: [] })
    expect(code(await use())).toBe('approval_required')
    const rows = await room.elsewhere((view) => view.audit({ limit: 30 }))
    expect(rows.find(({ action }) => action === 'approval.decide')?.metadata).toMatchObject({ decision: 'approved' })
    expect(rows.find(({ phase }) => phase === 'intent')?.metadata).toMatchObject({ approval: id })
  })

  test('words that are changed after the approval are another use', async () => {
    const room = await withPolicy(POLICY)
    const use = async (act: Act, only = ['W']) => (await guest(room, 'inject', act)).call('readMany', 'web', { only })
    await approve(room, requestOf(await use(npm('publish'))))
    expect(code(await use(npm('publish', '--registry', 'evil')))).toBe('approval_required')
    expect(code(await use(npm('publish'), ['W', 'DB_URL']))).toBe('approval_required')
    expect(await use(npm('publish'))).toMatchObject({ missing: [] })
  })

  test('what needs none goes on meanwhile', async () => {
    const room = await withPolicy(POLICY)
    expect(code(await (await guest(room)).call('read', 'web', 'W'))).toBe('approval_required')
    expect(opened(await (await guest(room)).call('read', 'web', 'DB_URL'))).toBe(VALUES['web']!['DB_URL']!)
  })

  test('a session is asked for, never taken; a lock ends it', async () => {
    const room = await withPolicy(POLICY)
    const talk = await guest(room)
    expect(await talk.control('session-status')).toMatchObject({ locked: true })
    const { request } = (await talk.control('session-request', 'to deploy')) as { request: string }
    expect(await talk.control('permit', request)).toMatchObject({ answer: 'waiting' })
    expect(code(await talk.call('read', 'web', 'W'))).toBe('approval_required')
    expect(await approve(room, request)).toMatchObject({ kind: 'session', purpose: 'to deploy' })
    expect(await talk.control('session-status')).toMatchObject({ locked: false, uses_left: 3 })
    expect(opened(await talk.call('read', 'web', 'W'))).toBe(VALUES['web']!['W']!)
    await room.broker.lock('asked')
    await room.broker.unlock(Secret.fromText(PASSPHRASE))
    expect(code(await talk.call('read', 'web', 'W'))).toBe('approval_required')
  })

  test('the owner is told of what waits', async () => {
    const room = await withPolicy(POLICY)
    await (await guest(room)).call('read', 'web', 'W')
    const status = await (await room.talk({ command: 'agent status', effect: 'none' })).control('status')
    expect(status).toMatchObject({ approvals_waiting: 1, clients_locked_out: 0 })
    expect(await (await guest(room)).control('status')).not.toHaveProperty('approvals_waiting')
    expect(room.notes.join()).toContain('claude waits for the owner: get')
  })
})

test('who is refused forty times within a minute is locked out until the owner says otherwise', async () => {
  const room = await withPolicy(READ)
  const talk = await guest(room)
  for (let i = 0; i < 39; i++) await talk.call('read', 'web', `GUESS_${i}`)
  expect(opened(await talk.call('read', 'web', 'DB_URL'))).toBe(VALUES['web']!['DB_URL']!)
  await talk.call('read', 'web', 'GUESS')
  expect(code(await talk.call('read', 'web', 'DB_URL'))).toBe('locked_out')
  expect(code(await (await guest(room)).call('list', 'web'))).toBe('locked_out')
  const owner = await room.talk({ command: 'approvals', effect: 'none' })
  expect(await owner.control('approvals')).toMatchObject({ locked_out: [{ client: 'claude', refusals: 40 }] })
  expect(await owner.control('forgive')).toBe(1)
  expect(opened(await talk.call('read', 'web', 'DB_URL'))).toBe(VALUES['web']!['DB_URL']!)
})
