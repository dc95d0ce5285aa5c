// Who governs the agent over the wire: unlock, lock, stop and what everybody hears of it; and that neither a recorded
// conversation nor a forged token is of any use.
import { afterAll, describe, expect, test } from 'bun:test'
import { concat, utf8 } from '../../../src/lib/bytes.ts'
import { Secret } from '../../../src/lib/secret.ts'
import { PASSPHRASE, agentRoom, closeRooms, opened, proofOf } from './agent-room.ts'

afterAll(closeRooms)

const HELLO = { op: 'hello', version: 2, command: 'get', effect: 'reveal', interactive: false }

describe('control', () => {
  test('unlock, lock and events reach everybody', async () => {
    const room = await agentRoom({ locked: true })
    const [listener, talk] = [await room.talk({}), await room.talk({ command: 'unlock', effect: 'admin' })]
    await listener.control('subscribe')
    expect(await talk.control('unlock', Secret.fromText('wrong'))).toMatchObject({ failed: 'wrong_passphrase' })
    expect(await talk.control('unlock', Secret.fromText(PASSPHRASE))).toBeUndefined()
    expect(opened(await listener.call('read', 'default', 'K'))).toBe('value of K')
    await talk.control('lock')
    expect(await listener.call('read', 'default', 'K')).toMatchObject({ failed: 'locked' })
    expect(listener.heard().map(({ head }) => [head['event'], head['reason']])).toEqual([
      ['unlocked', 'asked'],
      ['locked', 'asked'],
    ])
  })

  test('a wrong passphrase takes the key from nobody', async () => {
    const room = await agentRoom()
    const talk = await room.talk({ command: 'unlock', effect: 'admin' })
    expect(await talk.control('unlock', Secret.fromText('wrong'))).toMatchObject({ failed: 'wrong_passphrase' })
    expect(opened(await (await room.talk({})).call('read', 'default', 'K'))).toBe('value of K')
  })

  test('a handle of before does not outlive a lock, and a new key serves it again', async () => {
    const room = await agentRoom()
    const [reader, talk] = [await room.talk({}), await room.talk({ command: 'unlock', effect: 'admin' })]
    expect(opened(await reader.call('read', 'default', 'K'))).toBe('value of K')
    await talk.control('lock')
    expect(await reader.call('read', 'default', 'K')).toMatchObject({ failed: 'locked' })
    expect(await reader.call('currentProject')).toBe('default')
    await talk.control('unlock', Secret.fromText(PASSPHRASE))
    expect(opened(await reader.call('read', 'default', 'K'))).toBe('value of K')
  })

  test('unlock without a passphrase, or with text, is no request', async () => {
    const room = await agentRoom({ locked: true })
    for (const args of [[], ['text'], [utf8(PASSPHRASE)]]) {
      const talk = await room.talk({ command: 'unlock', effect: 'admin' })
      talk.request({ op: 'unlock' }, args)
      expect(talk.wire.ended).toBeTrue()
    }
    expect(room.broker.unlocked).toBeFalse()
  })

  test('stop answers first', async () => {
    const room = await agentRoom()
    const talk = await room.talk({ command: 'agent stop', effect: 'admin' })
    expect(await talk.control('stop')).toEqual({})
    await talk.wire.until(() => room.stopped.length > 0)
    expect(room.stopped).toEqual(['asked'])
    expect(room.broker.unlocked).toBeFalse()
  })
})

describe('a recorded conversation', () => {
  test('is of no use on another connection', async () => {
    const room = await agentRoom({ tokenFile: 'right:web', requireToken: true })
    const first = await room.talk()
    first.say({ op: 'challenge' })
    const { nonce } = (await first.answer(undefined)) as { nonce: Uint8Array }
    const recorded = { ...HELLO, token: proofOf('right', nonce) }
    first.say(recorded)
    expect(await first.answer(undefined)).toMatchObject({ unlocked: true })
    // The same bytes: without a challenge, with one of its own, and with the nonce asked for twice.
    for (const challenges of [0, 1, 2]) {
      const second = await room.talk()
      const nonces: string[] = []
      for (let turn = 0; turn < challenges; turn++) {
        second.say({ op: 'challenge' })
        nonces.push(((await second.answer(undefined)) as { nonce: Uint8Array }).nonce.toHex())
      }
      expect(nonces).not.toContain(nonce.toHex())
      second.say(recorded)
      expect(await second.answer(undefined)).toMatchObject({ failed: 'denied' })
      expect(second.wire.known).toBeFalse()
    }
  })

  test('after a refused hello the nonce is spent', async () => {
    const room = await agentRoom({ tokenFile: 'right:web', requireToken: true })
    const talk = await room.talk()
    talk.say({ op: 'challenge' })
    const { nonce } = (await talk.answer(undefined)) as { nonce: Uint8Array }
    talk.say({ ...HELLO, token: proofOf('wrong', nonce) })
    expect(await talk.answer(undefined)).toMatchObject({ failed: 'denied' })
    talk.say({ ...HELLO, token: proofOf('right', nonce) })
    expect(await talk.answer(undefined)).toMatchObject({ failed: 'denied' })
  })

  test('forged tokens of every form are refused', async () => {
    const room = await agentRoom({ tokenFile: 'right:web' })
    const forged: unknown[] = [
      'right',
      7,
      true,
      [],
      {},
      { id: 1, proof: 2 },
      { id: 'x', proof: '' },
      { id: proofOf('right', concat()).id, proof: '0'.repeat(64) },
      { id: proofOf('right', concat()).id, proof: proofOf('right', concat()).proof.toUpperCase() },
      { __proto__: null, id: 'right' },
    ]
    for (const token of forged) {
      for (const challenged of [false, true]) {
        const talk = await room.talk()
        if (challenged) {
          talk.say({ op: 'challenge' })
          await talk.answer(undefined)
        }
        talk.say({ ...HELLO, token })
        expect(await talk.answer(undefined)).toMatchObject({ failed: 'denied' })
      }
    }
  })
})
