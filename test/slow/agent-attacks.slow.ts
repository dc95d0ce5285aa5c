// Clients of the agent that take their time: each is cut off after ten seconds, and nobody else waits for them. And the
// agent killed in the middle of writes, many times. On the compiled program.
import { afterAll, beforeAll, expect, test } from 'bun:test'
import { join } from 'node:path'
import type { Socket } from 'bun'
import { encode } from '../../src/modes/agent/frames.ts'
import { MAGIC } from '../../src/modes/agent/wire.ts'
import { ask, exchange, run, startAgent, until } from '../interop/agent-place.ts'
import type { RunningAgent } from '../interop/agent-place.ts'
import { ourPlace } from '../interop/peer.ts'
import type { Place } from '../interop/peer.ts'
import { SEED, randomFrom } from './room.ts'

let place: Place
let agent: RunningAgent
beforeAll(async () => {
  console.log(`agent attacks: seed ${SEED}`)
  place = ourPlace()
  place.must(['set', 'API_KEY', '--stdin'], { stdin: 'value of API_KEY' })
  place.must(['set', 'BIG', '--stdin'], { stdin: Buffer.alloc(30_000_000, 'b') })
  agent = await startAgent(place)
})
afterAll(async () => {
  await agent?.end()
  place?.remove()
})

interface Held {
  socket: Socket<undefined>
  /** Milliseconds from connecting until the other side had enough. */
  ended: Promise<number>
}

async function hold(): Promise<Held> {
  const begin = performance.now()
  const { promise: ended, resolve } = Promise.withResolvers<number>()
  const over = (): void => resolve(performance.now() - begin)
  const socket = await Bun.connect<undefined>({ unix: agent.socket, socket: { data() {}, close: over, error: over } })
  return { socket, ended }
}

const greeting = (...heads: Record<string, unknown>[]): Uint8Array => {
  const pieces: Uint8Array[] = [MAGIC]
  for (const head of heads) encode({ head, parts: [] }, (bytes) => pieces.push(new Uint8Array(bytes)))
  return Buffer.concat(pieces)
}
const HELLO = { op: 'hello', version: 2, command: 'get', effect: 'reveal', interactive: false }

const loris: [string, Uint8Array, 'drip' | 'still'][] = [
  ['says nothing', new Uint8Array(0), 'still'],
  ['says half a line and then nothing', Buffer.from('{"v":1,"op":"ge'), 'still'],
  ['says a line byte by byte', Buffer.from('{"v":1,"x":"'), 'drip'],
  ['says half a greeting', MAGIC.subarray(0, 4), 'still'],
  ['says half a hello', greeting(HELLO).subarray(0, 40), 'still'],
  ['says half a message after its hello', Buffer.concat([greeting(HELLO), Buffer.of(0, 0, 1, 0, 1, 0x7b)]), 'still'],
]

test('who takes too long is cut off after ten seconds, and nobody else waits', async () => {
  const held = await Promise.all(
    loris.flatMap(([, bytes, manner]) =>
      Array.from({ length: 20 }, async () => {
        const one = await hold()
        one.socket.write(bytes)
        if (manner === 'drip') {
          const timer = setInterval(() => one.socket.write('y'), 300)
          void one.ended.then(() => clearInterval(timer))
        }
        return one
      }),
    ),
  )
  const begin = performance.now()
  let asked = 0
  while (performance.now() - begin < 5000) {
    const start = performance.now()
    expect(await ask(agent.socket, { op: 'get', key: 'API_KEY' })).toMatchObject({ value: 'value of API_KEY' })
    expect(performance.now() - start).toBeLessThan(2000)
    asked += 1
  }
  expect(asked).toBeGreaterThan(20)
  for (const [index, { ended }] of held.entries()) {
    const [words] = loris[Math.floor(index / 20)]!
    const milliseconds = await ended
    expect([words, milliseconds > 8000 && milliseconds < 20_000]).toEqual([words, true])
  }
})

test('who asks for much and reads nothing is cut off as well, in both protocols', async () => {
  const call = { op: 'call', id: 1, method: 'read', args: ['default', 'BIG'] }
  const held = await Promise.all(
    [Buffer.from('{"v":1,"op":"get","key":"BIG"}\n'), greeting(HELLO, call)].map(async (bytes) => {
      const one = await hold()
      one.socket.pause()
      one.socket.write(bytes)
      return one
    }),
  )
  await Bun.sleep(2000)
  expect(await ask(agent.socket, { op: 'get', key: 'API_KEY' })).toMatchObject({ ok: true })
  // Nobody reads, so the end is seen in the agent: its descriptors.
  const descriptors = (): number =>
    Bun.spawnSync(['ls', `/proc/${agent.pid}/fd`])
      .stdout.toString()
      .split('\n').length
  const before = descriptors()
  await until(() => descriptors() <= before - 2, 30_000)
  for (const { socket } of held) socket.terminate()
})

test('a slow reader that does read gets all of it', async () => {
  const { reply } = await new Promise<{ reply: number }>((resolve) => {
    let size = 0
    void Bun.connect<undefined>({
      unix: agent.socket,
      socket: {
        open: (socket) => void socket.write('{"v":1,"op":"get","key":"BIG"}\n'),
        data(socket, chunk) {
          size += chunk.length
          socket.pause()
          setTimeout(() => socket.resume(), 20)
        },
        close: () => resolve({ reply: size }),
        error: () => resolve({ reply: size }),
      },
    })
  })
  expect(reply).toBe(30_000_000 + '{"v":1,"ok":true,"value":""}\n'.length)
})

test('killed in the middle of writes, again and again: the vault is whole, the next one serves', async () => {
  const random = randomFrom(SEED)
  for (let round = 0; round < 15; round++) {
    const writes = Array.from({ length: 5 }, (_, index) => run(place, ['generate', `K_${round}_${index}`, '--force']))
    if (round > 0) writes.push(run(place, ['delete', `K_${round - 1}_0`, '-y']))
    await Bun.sleep(random(400))
    agent.process.kill('SIGKILL')
    await agent.process.exited
    const done = await Promise.all(writes)
    expect(done.every(({ code }) => [0, 1, 3, 4, 7].includes(code))).toBeTrue()
    agent = await startAgent(place)
    expect(await ask(agent.socket, { op: 'get', key: 'API_KEY' })).toMatchObject({ ok: true })
    place.must(['audit', 'verify'])
    // What was said to be done is there.
    const there = JSON.parse(place.must(['list', '--json']).toString()) as unknown
    const names = JSON.stringify(there)
    for (const [index, { code }] of done.entries()) {
      if (index < 5 && code === 0)
        expect([round, index, names.includes(`K_${round}_${index}`)]).toEqual([round, index, true])
    }
  }
  expect((await exchange(agent.socket, '{"v":1,"op":"stop"}\n')).reply).toContain('"ok":true')
  await agent.process.exited
  expect(await Bun.file(join(place.environment['TVAULT_DIR']!, 'agent.sock')).exists()).toBeFalse()
})
