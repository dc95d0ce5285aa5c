// The agent takes the values of a project out of what an AI agent's program printed. None of them crosses, a lock ends it,
// and who has no program has nothing to be looked at.
import { afterAll, expect, test } from 'bun:test'
import { text, utf8 } from '../../../src/lib/bytes.ts'
import type { Effect } from '../../../src/lib/gate.ts'
import { Secret } from '../../../src/lib/secret.ts'
import { agentRoom, closeRooms } from './agent-room.ts'
import type { AgentRoom, Talk } from './agent-room.ts'

afterAll(closeRooms)

const OPEN = 'q7Lw2-open-9Xv4Tn8Kd'
const HIDDEN = 'p3Rz8-hidden-5Jm1Yc6B'
const POLICY = `[allow programs]
effect = run
command = env
project = web
[deny hidden]
key = HIDDEN
`

async function room(policy = POLICY): Promise<AgentRoom> {
  const made = await agentRoom()
  await made.elsewhere((view) => {
    view.setPolicy(policy, { revision: 0 })
    view.write('web', 'OPEN', Secret.fromText(OPEN))
    view.write('web', 'HIDDEN', Secret.fromText(HIDDEN))
    view.write('web', 'PIN', Secret.fromText('4711'))
  })
  return made
}

const program = (made: AgentRoom, argv = ['env'], effect: Effect = 'inject', client = 'claude'): Promise<Talk> =>
  made.talk({ command: 'mcp exec', effect, client, act: { argv } })

/** What comes back of `words`. */
async function passed(talk: Talk, words: string, stream = 0, last = true): Promise<string> {
  const { bytes } = (await talk.control('redact', stream, utf8(words), last)) as { bytes: Uint8Array }
  return text(bytes) ?? ''
}

test('output comes back without any value, whatever the policy says about it', async () => {
  const talk = await program(await room())
  expect(await talk.control('redact-begin', ['web'])).toEqual({ values: 5 })
  expect(await passed(talk, `${OPEN} ${HIDDEN} 4711`)).toBe('[REDACTED:OPEN] [REDACTED] 4711')
  // Another stream, in two pieces, with what is held between them.
  expect(await passed(talk, `a ${OPEN.slice(0, 9)}`, 1, false)).toBe('a ')
  expect(await passed(talk, `${OPEN.slice(9)} b`, 1)).toBe('[REDACTED:OPEN] b')
  expect(talk.wire.ended).toBe(false)
})

test('the tables are made once for a state of the project, and of what a client may know', async () => {
  const made = await room()
  const begin = async (client: string): Promise<Talk> => {
    const talk = await program(made, ['env'], 'inject', client)
    await talk.control('redact-begin', ['web'])
    return talk
  }
  const first = await begin('claude')
  const second = await begin('claude')
  // The end of one does not end what another one looks with.
  first.session.close()
  expect(await passed(second, OPEN)).toBe('[REDACTED:OPEN]')
  await made.elsewhere((view) => void view.write('web', 'OPEN', Secret.fromText(`${OPEN}-changed`)))
  const third = await begin('claude')
  expect(await passed(third, `${OPEN}-changed`)).toBe('[REDACTED:OPEN]')
  // Six clients are more than there is room for: the first tables go, and nobody notices.
  const others = await Promise.all(['a', 'b', 'c', 'd', 'e', 'f'].map(begin))
  for (const talk of others) expect(await passed(talk, HIDDEN)).toBe('[REDACTED]')
  expect(await passed(third, `${OPEN}-changed`, 1)).toBe('[REDACTED:OPEN]')
})

test('a lock ends it, in the middle and for good', async () => {
  const made = await room()
  const talk = await program(made)
  await talk.control('redact-begin', ['web'])
  expect(await passed(talk, OPEN, 0, false)).toBe('[REDACTED:OPEN]')
  await made.broker.lock('asked')
  expect(await talk.control('redact', 0, utf8(OPEN), false)).toMatchObject({ failed: 'locked' })
  expect(await talk.control('redact', 1, utf8(OPEN), true)).toMatchObject({ failed: 'locked' })
  expect(await (await program(made)).control('redact-begin', ['web'])).toMatchObject({ failed: 'locked' })
})

test('without a program there is no output', async () => {
  const made = await room()
  for (const [argv, effect] of [
    [['env'], 'reveal'],
    [['env', '-0'], 'inject'],
    [[], 'inject'],
  ] as const) {
    const talk = await program(made, [...argv], effect)
    expect([argv, await talk.control('redact-begin', ['web'])]).toMatchObject([argv, { failed: 'denied' }])
  }
  const owner = await made.talk({ command: 'mcp exec', effect: 'inject' })
  await owner.control('redact-begin', ['web']).catch(() => undefined)
  expect(owner.wire.ended).toBe(true)
})

test('a project that is hidden is as good as missing', async () => {
  const made = await room()
  for (const project of ['default', 'nowhere']) {
    expect(await (await program(made)).control('redact-begin', [project])).toEqual({ values: 0 })
  }
})

test.each([
  ['before it was begun', [], ['redact', 0, utf8('x'), false]],
  ['of no stream', ['web'], ['redact', 'x', utf8('x'), false]],
  ['that is text', ['web'], ['redact', 0, 'x', false]],
  ['for no list', [], ['redact-begin', 'web']],
  ['for what is no name', [], ['redact-begin', [1]]],
])('output %s ends the conversation', async (_, begun, [op, ...args]) => {
  const talk = await program(await room())
  if (begun.length > 0) await talk.control('redact-begin', begun)
  await talk.control(String(op), ...args).catch(() => undefined)
  expect(talk.wire.ended).toBe(true)
})

test('it is begun once, and has few streams', async () => {
  const talk = await program(await room())
  await talk.control('redact-begin', ['web'])
  expect(await talk.control('redact-begin', ['web'])).toMatchObject({ failed: 'denied' })
  for (let stream = 0; stream < 40; stream++) expect(await passed(talk, 'x', stream)).toBe('x')
  await talk.control('redact', 40, utf8('x'), true).catch(() => undefined)
  expect(talk.wire.ended).toBe(true)
})
