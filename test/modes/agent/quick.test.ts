// The client of one conversation: it takes a value in whatever pieces it comes, and nothing else for one. The general
// client's frames say what is sent and what was heard.
import { afterAll, beforeAll, expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { concat, utf8 } from '../../../src/lib/bytes.ts'
import { Decoder, KNOWN, encode } from '../../../src/modes/agent/frames.ts'
import { MAGIC } from '../../../src/modes/agent/wire.ts'
import type { Message } from '../../../src/modes/agent/frames.ts'
import type { Given } from '../../../src/modes/agent/quick.ts'
import { askQuickly, settle } from '../../../src/modes/agent/quick.ts'

const folder = mkdtempSync(join(tmpdir(), 'tvault-quick-'))

/** Bytes of messages, each a head and its parts. */
function said(...messages: readonly [Record<string, unknown>, ...Uint8Array[]][]): Uint8Array {
  const pieces: Uint8Array[] = []
  for (const [head, ...parts] of messages) encode({ head, parts }, (bytes) => pieces.push(bytes.slice()))
  return concat(...pieces)
}

const TOLD = { ok: true, result: { unlocked: true } }
const VALUE = { id: 1, ok: true, result: { $secret: 0 } }
const big = new Uint8Array(3_000_000).map((_, at) => (at * 7 + (at >> 9)) & 0xff)
const binary = Uint8Array.of(0, 0xff, 0xc3, 0x28, 10)

/** Answers that are a value, and the value. */
const VALUES: Readonly<Record<string, [Uint8Array[], Uint8Array]>> = {
  plain: [[said([TOLD], [VALUE, utf8('hello')])], utf8('hello')],
  empty: [[said([TOLD], [VALUE, new Uint8Array(0)])], new Uint8Array(0)],
  binary: [[said([TOLD], [VALUE, binary])], binary],
  'byte by byte': [[...said([TOLD], [VALUE, binary])].map((byte) => Uint8Array.of(byte)), binary],
  'in several frames': [[said([TOLD], [VALUE, big])], big],
  'after a while': [[said([TOLD], [{ id: 1, waiting: true }], [{ id: 1, waiting: true }], [VALUE, binary])], binary],
}

const whole = said([TOLD], [VALUE, utf8('hello')])
const END = new Uint8Array(0)
/** Answers that are none. The empty piece at the end hangs up. */
const OTHERS: Readonly<Record<string, Uint8Array[]>> = {
  nothing: [END],
  'one that was cut': [whole.subarray(0, -1), END],
  'one that was cut in a header': [whole.subarray(0, 3), END],
  'plain protocol': [utf8('{"v":1,"ok":false,"error":"permission denied"}\n')],
  'a refused hello': [said([{ ok: false, error: { kind: 'denied', message: 'no' } }])],
  'a hello that is no object': [Uint8Array.of(0, 0, 0, 2, 1, 0x31)],
  'a hello that is no JSON': [Uint8Array.of(0, 0, 0, 2, 1, 0x7b)],
  'a head that has no end': [concat(Uint8Array.of(0xff, 0xff, 0xff, 0xff, 1), utf8('x'))],
  'a frame without a payload': [Uint8Array.of(0, 0, 0, 1, 1)],
  'a frame of another kind': [concat(said([TOLD]), Uint8Array.of(0, 0, 0, 2, 3, 0))],
  'a failure': [said([TOLD], [{ id: 1, ok: false, error: { kind: 'not_found', message: 'no' } }])],
  'an answer to something else': [said([TOLD], [{ ...VALUE, id: 2 }, utf8('hello')])],
  'text in its place': [said([TOLD], [{ id: 1, ok: true, result: 'hello' }])],
  'another part': [said([TOLD], [{ ...VALUE, result: { $secret: 1 } }, utf8('a'), utf8('b')])],
  'bytes that are no secret': [said([TOLD], [{ ...VALUE, result: { $bytes: 0 } }, utf8('hello')])],
  'more than it announced': [
    concat(said([TOLD], [VALUE, utf8('hello')]).subarray(0, -10), Uint8Array.of(0, 0, 0, 9, 2), utf8('hellohel')),
  ],
  'a head inside the value': [concat(whole.subarray(0, -10), said([TOLD]))],
}

const sockets = [...Object.keys(VALUES), ...Object.keys(OTHERS)]
const at = (name: string): string => join(folder, `${sockets.indexOf(name)}.sock`)

let agent: Bun.Subprocess<'ignore', 'pipe', 'inherit'>
let lines: AsyncIterableIterator<string>

beforeAll(async () => {
  const plays = [
    ...Object.entries(VALUES).map(([name, [pieces]]) => [name, pieces] as const),
    ...Object.entries(OTHERS),
  ]
  const script = plays.map(([name, pieces]) => ({ socket: at(name), pieces: pieces.map((piece) => piece.toHex()) }))
  const file = join(folder, 'script.json')
  await Bun.write(file, JSON.stringify(script))
  agent = Bun.spawn([process.execPath, join(import.meta.dir, 'scripted-agent.ts'), file], {
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'inherit',
  })
  lines = linesOf(agent.stdout)
  expect((await lines.next()).value).toBe('listening')
})
afterAll(async () => {
  agent.kill()
  await agent.exited
  rmSync(folder, { recursive: true, force: true })
})

async function* linesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  let rest = ''
  for await (const chunk of stream as unknown as AsyncIterable<Uint8Array>) {
    const parts = (rest + Buffer.from(chunk).toString()).split('\n')
    rest = parts.pop() ?? ''
    yield* parts
  }
}

/** What the client says on one connection. */
function heard(hex: string): Message[] {
  const bytes = Uint8Array.fromHex(hex)
  expect(bytes.subarray(0, MAGIC.length)).toEqual(MAGIC)
  const messages: Message[] = []
  new Decoder(KNOWN).push(bytes.subarray(MAGIC.length), (message) => messages.push(message))
  return messages
}

test.each(Object.entries(VALUES))('a value: %s', async (name, [, value]) => {
  const given = askQuickly(at(name), '1.2.3', 'KEY', 'web ü')
  expect(typeof given).toBe('object')
  if (typeof given !== 'object') return
  expect(Buffer.from(given.value)).toEqual(Buffer.from(value))
  settle(given, 'ok')
  const [hello, call, settled] = heard((await lines.next()).value as string).map(({ head }) => head)
  expect(hello).toMatchObject({ op: 'hello', version: 2, command: 'get', effect: 'reveal', interactive: false })
  expect(hello).toMatchObject({ client: { name: 'tvault', version: '1.2.3' } })
  expect(call).toEqual({ op: 'call', id: 1, method: 'read', args: ['web ü', 'KEY'], current: false })
  expect(settled).toEqual({ op: 'settle', result: 'ok' })
})

test('without a project it is the current one', async () => {
  settle(askQuickly(at('plain'), '1.2.3', 'KEY') as Given, 'failed')
  const [, call, settled] = heard((await lines.next()).value as string).map(({ head }) => head)
  expect([call?.['args'], call?.['current'], settled?.['result']]).toEqual([['', 'KEY'], true, 'failed'])
})

test.each(Object.entries(OTHERS))('no value: %s', async (name) => {
  expect(askQuickly(at(name), '1.2.3', 'KEY')).toBeUndefined()
  expect(heard((await lines.next()).value as string)).toHaveLength(2)
})

test('nobody, and a path that no socket can have', () => {
  expect(askQuickly(join(folder, 'none.sock'), '1.2.3', 'KEY')).toBeUndefined()
  expect(askQuickly(`/${'x'.repeat(200)}`, '1.2.3', 'KEY')).toBeUndefined()
})
