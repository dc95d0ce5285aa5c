// A v2 conversation: its hello decides who asks, requests are answered in order and once, values come back as bytes, and
// whoever misbehaves is cut off without a word. Behind it is the real vault.
import { afterAll, describe, expect, test } from 'bun:test'
import { concat, utf8 } from '../../../src/lib/bytes.ts'
import { Secret } from '../../../src/lib/secret.ts'
import { encode } from '../../../src/modes/agent/frames.ts'
import { MAGIC } from '../../../src/modes/agent/wire.ts'
import { Talk, agentRoom, closeRooms, opened } from './agent-room.ts'
import type { AuditEntry } from '../../../src/vault/view.ts'

afterAll(closeRooms)

const HELLO = { op: 'hello', version: 2, command: 'get', effect: 'reveal', interactive: false }

async function auditOf(room: Awaited<ReturnType<typeof agentRoom>>): Promise<string[]> {
  const rows = await room.elsewhere((view) => view.audit({ limit: 50 }))
  return rows.map(
    ({ action, resourceName, phase, result, principal }: AuditEntry) =>
      `${action} ${resourceName} ${phase} ${result} ${principal}`,
  )
}

describe('hello', () => {
  test('is answered with what the agent is', async () => {
    const room = await agentRoom()
    const talk = await room.talk()
    expect(await talk.hello({})).toEqual({ unlocked: true, project: 'default', version: 'test', pid: process.pid })
    expect(talk.wire.known).toBeTrue()
  })

  test('of a locked agent is accepted: names are served, values are not', async () => {
    const room = await agentRoom({ locked: true })
    const talk = await room.talk()
    expect(await talk.hello({})).toMatchObject({ unlocked: false })
    expect(await talk.call('currentProject')).toBe('default')
    expect(await talk.call('list', 'web')).toMatchObject([{ key: 'DB_URL' }, { key: 'W' }])
    expect(await talk.call('read', 'default', 'K')).toMatchObject({ failed: 'locked', hint: 'tvault unlock' })
    expect(await talk.call('write', 'default', 'K', Secret.fromText('x'))).toMatchObject({ failed: 'locked' })
  })

  const refused: [string, Record<string, unknown>][] = [
    ['without a command', { ...HELLO, command: undefined }],
    ['with a command of no words', { ...HELLO, command: '' }],
    ['with a command that would break a line of the log', { ...HELLO, command: 'get\nforged' }],
    ['with a command that is not one', { ...HELLO, command: 'Get_It' }],
    ['with a long command', { ...HELLO, command: 'a'.repeat(65) }],
    ['with an unknown effect', { ...HELLO, effect: 'anything' }],
    ['with the name of a method of objects as effect', { ...HELLO, effect: 'constructor' }],
    ['that is no hello', { op: 'call', method: 'currentProject', id: 1 }],
    ['that is an unknown operation', { op: 'dance', id: 1 }],
    ['that cancels', { op: 'cancel', id: 1, target: 0 }],
    ['that unlocks', { op: 'unlock', id: 1 }],
  ]
  test.each(refused)('%s ends the connection', async (_, head) => {
    const room = await agentRoom()
    const talk = await room.talk()
    talk.say(head)
    expect(talk.wire.ended).toBeTrue()
    expect(talk.wire.sent).toHaveLength(0)
  })

  test('of another version is told so', async () => {
    const talk = await (await agentRoom()).talk()
    talk.say({ ...HELLO, version: 3 })
    expect(await talk.answer(undefined)).toMatchObject({ failed: 'failed', message: 'the agent speaks protocol 2' })
  })

  test('a second one, or a challenge afterwards, ends the connection', async () => {
    const room = await agentRoom()
    for (const again of [HELLO, { op: 'challenge' }]) {
      const talk = await room.talk({})
      talk.say(again)
      expect(talk.wire.ended).toBeTrue()
    }
  })

  test('another greeting ends the connection, whole or in pieces', async () => {
    const room = await agentRoom()
    for (const words of ['\0tvault3\n', '\0tvault\n', '\0GET / HTTP']) {
      const talk = new Talk(room.broker)
      const { session, wire } = talk
      session.close()
      const fresh = new (
        Object.getPrototypeOf(session) as { constructor: new (...args: unknown[]) => typeof session }
      ).constructor(room.broker, { pid: 1, uid: 0, gid: 0 }, wire)
      for (const byte of utf8(words)) fresh.receive(Uint8Array.of(byte))
      expect([words, wire.ended]).toEqual([words, true])
    }
    expect(MAGIC.length).toBe(9)
  })
})

describe('calls', () => {
  test('may follow the hello in the same breath, and be about the current project', async () => {
    const room = await agentRoom()
    await room.elsewhere((view) => view.useProject('web'))
    const talk = await room.talk()
    const call = { op: 'call', method: 'read', current: true, parts: [] }
    const pieces: Uint8Array[] = []
    for (const head of [HELLO, { ...call, id: 1, args: ['', 'W'] }, { ...call, id: 2, args: ['', 'K'] }]) {
      encode({ head, parts: [] }, (bytes) => pieces.push(new Uint8Array(bytes)))
    }
    talk.session.receive(concat(...pieces))
    expect(await talk.answer(undefined)).toMatchObject({ project: 'web' })
    expect(opened(await talk.answer(1))).toBe('value of W')
    expect(await talk.answer(2)).toMatchObject({ failed: 'not_found', message: 'no secret K in project web' })
  })

  test('behind a hello that was refused end the connection', async () => {
    const talk = await (await agentRoom({ requireToken: true, tokenFile: 't' })).talk()
    talk.say({ ...HELLO, token: { id: 'x', proof: 'y' } })
    talk.say({ op: 'call', method: 'read', id: 1, args: ['default', 'K'] })
    expect(talk.wire.ended).toBeTrue()
    expect(talk.heard()).toHaveLength(1)
  })

  test('values travel as bytes, also those that are no text, and are written down as intent and outcome', async () => {
    const room = await agentRoom()
    const talk = await room.talk({ command: 'set', effect: 'write' })
    const odd = Uint8Array.of(0xff, 0, 0xfe, 0x22, 0x0a)
    expect(await talk.call('write', 'default', 'ODD', new Secret(odd.slice()))).toEqual({
      key: 'ODD',
      version: 1,
      change: 'created',
    })
    const reader = await room.talk({})
    const value = (await reader.call('read', 'default', 'ODD')) as Secret
    expect(value.reveal()).toEqual(odd)
    reader.say({ op: 'settle', result: 'ok' })
    reader.session.close()
    await Bun.sleep(80)
    expect((await auditOf(room)).slice(0, 3)).toEqual([
      'secret.read ODD outcome ok owner (script)',
      'secret.read ODD intent  owner (script)',
      'secret.write ODD done ok owner (script)',
    ])
  })

  test('an empty value, a large one and many at once', async () => {
    const room = await agentRoom()
    const talk = await room.talk({ command: 'import', effect: 'write' })
    const big = new Uint8Array(3_000_000).map((_, index) => index % 251)
    const entries = [
      { key: 'BIG', value: new Secret(big.slice()) },
      { key: 'EMPTY', value: new Secret(new Uint8Array(0)) },
      ...Array.from({ length: 2000 }, (_, index) => ({ key: `N_${index}`, value: Secret.fromText(`${index}`) })),
    ]
    const { written } = (await talk.call('writeMany', 'web', entries, { overwrite: false })) as { written: unknown[] }
    expect(written).toHaveLength(2002)
    const reader = await room.talk({})
    const { entries: read } = (await reader.call('readMany', 'web', {})) as {
      entries: { key: string; value: Secret }[]
    }
    expect(read).toHaveLength(2004)
    expect(Buffer.compare(read.find(({ key }) => key === 'BIG')!.value.reveal(), big)).toBe(0)
    expect(read.find(({ key }) => key === 'EMPTY')!.value.size).toBe(0)
    expect(opened(read.find(({ key }) => key === 'N_1999')!.value)).toBe('1999')
  })

  test('failures arrive as they are: kind, message, hint', async () => {
    const talk = await (await agentRoom()).talk({})
    expect(await talk.call('read', 'default', 'NOPE')).toEqual({
      failed: 'not_found',
      kind: 'not_found',
      message: 'no secret NOPE in project default',
      hint: 'tvault list -p default',
    })
    expect(await talk.call('read', 'nope', 'K')).toMatchObject({ failed: 'not_found' })
  })

  test('are answered in the order they came, also behind one that lasts', async () => {
    const talk = await (await agentRoom()).talk({ command: 'delete', effect: 'destroy' })
    const ids = [
      talk.request({ op: 'call', method: 'delete' }, ['default', ['K']]),
      talk.request({ op: 'call', method: 'currentProject' }, []),
      talk.request({ op: 'call', method: 'list' }, ['default']),
    ]
    expect(await talk.answer(ids[2]!)).toMatchObject([{ key: 'DB_URL' }, { key: 'DB_USER' }])
    expect(talk.heard().map(({ head }) => head['id'])).toEqual(ids.slice(0, 2))
  })

  test('one that lasts does not keep others from their turn afterwards', async () => {
    const room = await agentRoom()
    const [eraser, reader] = [await room.talk({ command: 'delete', effect: 'destroy' }), await room.talk({})]
    const deleting = eraser.call('delete', 'default', ['DB_USER'])
    expect(opened(await reader.call('read', 'default', 'K'))).toBe('value of K')
    expect(await deleting).toBeUndefined()
    expect(await reader.call('read', 'default', 'DB_USER')).toMatchObject({ failed: 'not_found' })
  })

  const faults: [string, Record<string, unknown>][] = [
    ['an unknown method', { op: 'call', method: 'reveal' }],
    ['settle as a method', { op: 'call', method: 'settle', args: ['ok'] }],
    ['a method of all objects', { op: 'call', method: 'constructor' }],
    ['the prototype', { op: 'call', method: '__proto__' }],
    ['a private member', { op: 'call', method: 'scope' }],
    ['no method', { op: 'call' }],
    ['arguments that are no list', { op: 'call', method: 'list', args: { 0: 'web' } }],
    ['an unknown mark', { op: 'call', method: 'list', args: [{ $file: '/etc/passwd' }] }],
    ['an unknown operation', { op: 'exec' }],
    ['no operation', {}],
  ]
  test.each(faults)('%s ends the connection without an answer', async (_, head) => {
    const talk = await (await agentRoom()).talk({})
    talk.say({ id: 1, ...head })
    expect(talk.wire.ended).toBeTrue()
    expect(talk.heard()).toEqual([])
    talk.say({ id: 2, op: 'call', method: 'currentProject' })
    await Bun.sleep(2)
    expect(talk.heard()).toEqual([])
  })

  test('arguments of a wrong kind are an error and hurt nobody', async () => {
    const room = await agentRoom()
    const talk = await room.talk({ command: 'import', effect: 'admin' })
    const tries: [string, unknown[]][] = [
      ['read', []],
      ['read', [{}, []]],
      ['read', ['default', { length: 3 }]],
      ['write', ['default', 'K', 'text instead of a value']],
      ['write', ['default', 'K', null]],
      ['writeMany', ['default', [{ key: 'A' }], { overwrite: true }]],
      ['writeMany', ['default', 3, null]],
      ['readMany', ['default', null]],
      ['list', [7]],
      ['search', [null]],
      ['audit', []],
      ['rotate', ['text']],
      ['delete', ['default', 'K']],
      ['fileKey', [3]],
      ['backup', [3, null]],
    ]
    for (const [method, args] of tries) {
      const answer = (await talk.call(method, ...args)) as { failed?: string }
      expect([method, typeof answer?.failed]).toEqual([method, 'string'])
    }
    const reader = await room.talk({})
    expect(opened(await reader.call('read', 'default', 'K'))).toBe('value of K')
    await room.elsewhere((view) => expect(view.verifyAll().values).toBe(5))
  })
})

describe('cancelling', () => {
  test('what waits is taken back, its values wiped, and is answered as cancelled', async () => {
    const room = await agentRoom()
    const talk = await room.talk({ command: 'set', effect: 'admin' })
    const first = talk.request({ op: 'call', method: 'delete' }, ['default', ['K']])
    const second = talk.request({ op: 'call', method: 'write' }, ['default', 'NEW', Secret.fromText('x')])
    const cancel = talk.request({ op: 'cancel', target: second })
    expect(await talk.answer(second)).toMatchObject({ failed: 'cancelled' })
    expect(await talk.answer(cancel)).toEqual({ cancelled: true })
    expect(await talk.answer(first)).toBeUndefined()
    expect(await talk.call('list', 'default')).toMatchObject([{ key: 'DB_URL' }, { key: 'DB_USER' }])
  })

  test('what is queued for the vault is taken back too, and the next one goes on', async () => {
    const room = await agentRoom()
    const [other, talk] = [await room.talk({ command: 'delete', effect: 'admin' }), await room.talk({})]
    const deleting = other.call('delete', 'default', ['DB_USER'])
    await talk.wire.until(() => room.broker.unlocked)
    const read = talk.request({ op: 'call', method: 'read' }, ['default', 'K'])
    const next = talk.request({ op: 'call', method: 'currentProject' }, [])
    talk.request({ op: 'cancel', target: read })
    expect(await talk.answer(read)).toMatchObject({ failed: 'cancelled' })
    expect(await talk.answer(next)).toBe('default')
    await deleting
    expect((await auditOf(room)).filter((line) => line.startsWith('secret.read'))).toEqual([])
  })

  test('of something unknown or done changes nothing', async () => {
    const talk = await (await agentRoom()).talk({})
    const done = talk.request({ op: 'call', method: 'currentProject' }, [])
    await talk.answer(done)
    for (const target of [done, 99, undefined, null, 'x']) {
      expect(await talk.answer(talk.request({ op: 'cancel', target }))).toEqual({ cancelled: false })
    }
    expect(await talk.call('currentProject')).toBe('default')
  })

  test('a connection that ends takes back what waits and settles what is open as cancelled', async () => {
    const room = await agentRoom()
    const talk = await room.talk({ command: 'set', effect: 'admin' })
    await talk.call('read', 'default', 'K')
    talk.request({ op: 'call', method: 'delete' }, ['default', ['DB_URL']])
    talk.request({ op: 'call', method: 'write' }, ['default', 'NEW', Secret.fromText('x')])
    talk.session.close()
    await Bun.sleep(80)
    await room.elsewhere((view) =>
      expect(view.list('default').map(({ key }) => key)).toEqual(['DB_URL', 'DB_USER', 'K']),
    )
    expect((await auditOf(room)).slice(0, 2)).toEqual([
      'secret.read K outcome cancelled owner (script)',
      'secret.read K intent  owner (script)',
    ])
  })
})

describe('a slow reader', () => {
  test('is not answered until it has caught up, and is not read from when much waits', async () => {
    const talk = await (await agentRoom()).talk({})
    talk.wire.full = true
    for (let index = 0; index < 40; index++) talk.request({ op: 'call', method: 'currentProject' }, [])
    await Bun.sleep(5)
    expect(talk.heard()).toEqual([])
    expect(talk.wire.paused).toBeTrue()
    talk.wire.full = false
    talk.session.drained()
    expect(talk.heard()).toHaveLength(40)
    expect(talk.wire.paused).toBeFalse()
  })

  test('who has closed its direction is still answered, then the connection ends', async () => {
    const talk = await (await agentRoom()).talk({})
    const id = talk.request({ op: 'call', method: 'read' }, ['default', 'K'])
    talk.session.halfClosed()
    expect(talk.wire.ended).toBeFalse()
    expect(opened(await talk.answer(id))).toBe('value of K')
    expect(talk.wire.ended).toBeTrue()
  })
})
