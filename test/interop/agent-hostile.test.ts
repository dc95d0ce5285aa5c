// An agent that hangs, floods or talks nonsense costs a second, and then the direct way is taken. One that is killed in
// the middle of a write leaves a whole vault, and the next one cleans up by itself. On the compiled program.
import { beforeAll, beforeEach, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { rmSync } from 'node:fs'
import type { Socket } from 'bun'
import { join } from 'node:path'
import { agentHere, ask, leftovers, run, until } from './agent-place.ts'

setDefaultTimeout(60_000)

const { place, directory, running, none } = agentHere(['API_KEY'])

describe('a hostile agent', () => {
  let passphrase: Record<string, string> = {}
  let directMilliseconds = 0
  beforeAll(async () => {
    const env = { TVAULT_PASSPHRASE: place.environment['TVAULT_PASSPHRASE']! }
    directMilliseconds = (await run(place, ['get', 'API_KEY', '--no-agent'], { env })).milliseconds
  })
  beforeEach(async () => {
    await none()
    passphrase = { TVAULT_PASSPHRASE: place.environment['TVAULT_PASSPHRASE']! }
  })

  type Act = (socket: Socket<undefined>, chunk: Uint8Array | undefined) => void
  const frameOf = (json: object): Buffer => {
    const bytes = Buffer.from(JSON.stringify({ parts: [], ...json }))
    const length = Buffer.alloc(4)
    length.writeUInt32BE(bytes.length + 1)
    return Buffer.concat([length, Buffer.of(1), bytes])
  }
  const endless = (socket: Socket<undefined>, bytes: Uint8Array): void => {
    const pump = (): void => {
      if (socket.readyState <= 0) return
      socket.write(bytes)
      setTimeout(pump, 0)
    }
    pump()
  }
  const acts: [string, Act][] = [
    ['that never answers', () => undefined],
    ['that closes at once', (socket) => void socket.end()],
    ['that floods with zero bytes', (socket) => endless(socket, new Uint8Array(65_536))],
    [
      'that floods with messages for somebody else',
      (socket) => endless(socket, frameOf({ id: 77, ok: true, result: 1 })),
    ],
    ['that floods with lines', (socket) => endless(socket, Buffer.from('{"v":1,"ok":true}\n'.repeat(2000)))],
    ['that floods with one endless line of v1', (socket) => endless(socket, Buffer.from('{'.repeat(65_536)))],
    ['that announces a huge head', (socket) => void socket.write(Buffer.from('\x7f\xff\xff\xff\x01', 'latin1'))],
    ['that answers nonsense', (socket) => void socket.write('HTTP/1.1 200 OK\r\n\r\n')],
    ['that says half a message', (socket) => void socket.write(frameOf({ ok: true, result: {} }).subarray(0, 9))],
    ['that fails without a reason', (socket) => void socket.write(frameOf({ ok: false, error: { kind: 'nonsense' } }))],
    [
      'that speaks v1 once and then no more',
      (socket) => void socket.write('{"v":1,"ok":false,"error":"invalid request"}\n'),
    ],
  ]
  test.each(acts)('%s costs at most a second, then the direct way with a note', async (_, act) => {
    let connections = 0
    const fake = Bun.listen<undefined>({
      unix: join(directory, 'agent.sock'),
      socket: {
        open: (socket) => {
          connections += 1
          if (connections === 1) act(socket, undefined)
        },
        data() {},
        error() {},
      },
    })
    try {
      const got = await run(place, ['get', 'API_KEY'], { env: passphrase })
      expect(got).toMatchObject({ out: 'value of API_KEY', code: 0 })
      expect(got.err).toMatch(/^the agent is not used: .+\n$/)
      // A second for the agent, and what a busy machine does to the rest.
      expect(got.milliseconds).toBeLessThan(2 * directMilliseconds + 1500)
      expect(connections).toBeLessThanOrEqual(2)
    } finally {
      fake.stop(true)
      rmSync(join(directory, 'agent.sock'), { force: true })
    }
  })

  test('one of ours that is stopped costs the same', async () => {
    const { process: child } = await running()
    child.kill('SIGSTOP')
    try {
      const got = await run(place, ['get', 'API_KEY'], { env: passphrase })
      expect(got).toMatchObject({ out: 'value of API_KEY', code: 0 })
      expect(got.err).toContain('the agent is not used: no answer in time')
      // Also by the short way, which is taken when there is nothing in the environment: one second, one note.
      const short = await run(place, ['get', 'API_KEY'])
      expect(short).toMatchObject({ out: '', code: 3 })
      expect(short.err.split('the agent is not used')).toHaveLength(2)
      expect(short.milliseconds).toBeLessThan(1800 + directMilliseconds)
    } finally {
      child.kill('SIGCONT')
    }
    await until(async () => (await run(place, ['get', 'API_KEY'])).out === 'value of API_KEY')
  })

  test('a full queue of one that is stopped costs nothing', async () => {
    const { process: child, socket } = await running()
    child.kill('SIGSTOP')
    const script = `import socket, time, sys
held = []
try:
    for _ in range(2000):
        s = socket.socket(socket.AF_UNIX); s.setblocking(False); s.connect(${JSON.stringify(socket)}); held.append(s)
except BlockingIOError:
    pass
print(len(held), flush=True); sys.stdin.read()`
    const python = Bun.which('python3')
    const filler = python
      ? Bun.spawn([python, '-c', script], { stdin: 'pipe', stdout: 'pipe', stderr: 'inherit' })
      : undefined
    if (!filler) console.log('agent attacks: no python3, so the full queue was NOT tried')
    try {
      if (filler) {
        await filler.stdout.getReader().read()
        const got = await run(place, ['get', 'API_KEY'], { env: passphrase })
        expect(got).toMatchObject({ out: 'value of API_KEY', code: 0 })
        expect(got.err).toContain('the agent is not used: it takes no more connections')
      }
    } finally {
      filler?.kill('SIGKILL')
      child.kill('SIGCONT')
    }
  })
})

describe('kill -9', () => {
  test('in the middle of writes: the vault is whole, and the next start cleans up by itself', async () => {
    for (let round = 0; round < 2; round++) {
      const { process: child } = await running()
      const writes = Array.from({ length: 4 }, (_, index) =>
        run(place, ['generate', `KILLED_${round}_${index}`, '--force']),
      )
      // Also in the middle of what replaces the file.
      if (round > 0) writes.push(run(place, ['delete', `KILLED_0_${round}`, '-y']))
      await Promise.race(writes)
      child.kill('SIGKILL')
      await child.exited
      const done = await Promise.all(writes)
      expect(done.map(({ code }) => code).every((code) => [0, 1, 3, 4, 7].includes(code))).toBeTrue()
      expect(leftovers(place)).toContain('agent.sock')
      // Without an agent the socket that it left is no obstacle either.
      expect(place.must(['get', 'API_KEY']).toString()).toBe('value of API_KEY')
      const next = await running()
      expect(next.pid).not.toBe(child.pid)
      expect(await ask(next.socket, { op: 'get', key: 'API_KEY' })).toMatchObject({ ok: true })
      place.must(['audit', 'verify'])
      // Every value that is there opens.
      expect(Object.keys(JSON.parse(place.must(['export', '--format', 'json']).toString()) as object)).toContain(
        'API_KEY',
      )
    }
  })

  test('tvault unlock starts one in the place of one that was killed', async () => {
    const { process: child } = await running()
    child.kill('SIGKILL')
    await child.exited
    await none()
    expect(place.run(['unlock']).code).toBe(0)
    expect((await run(place, ['get', 'API_KEY'])).out).toBe('value of API_KEY')
    expect((await run(place, ['agent', 'stop'])).code).toBe(0)
    await until(() => leftovers(place).length === 0)
  })
})
