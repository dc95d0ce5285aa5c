// Whoever is not the owner of the agent, or is no agent at all, gets nothing and holds nobody up. Against the compiled
// program, with real users, files and sockets. Agents that are none are in
// agent-hostile.test.ts; what takes longer is in test/slow/agent-attacks.slow.ts.
import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import { chmodSync, chownSync, lstatSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import type { Socket } from 'bun'
import { join } from 'node:path'
import { agentHere, ask, exchange, leftovers, run, startAgent, tokenFile, until } from './agent-place.ts'
import { ourPlace } from './peer.ts'

setDefaultTimeout(60_000)

const IS_ROOT = process.geteuid?.() === 0
const OTHER = 54_321

const { place, directory, running, none } = agentHere(['API_KEY', 'DB_URL'])

const memoryOf = (pid: number): number => {
  const kib = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
  return Number(kib) * 1024
}

/** Sends bytes as `uid`; what came back, or what it failed with. */
function asUser(uid: number, socket: string, words: string): string {
  const script = `
    const s = require('node:net').connect(${JSON.stringify(socket)})
    s.on('error', (e) => { console.log(e.code); process.exit() })
    s.on('data', (d) => process.stdout.write(d)).on('close', () => process.exit())
    s.write(${JSON.stringify(words)})`
  const words_ = ['setpriv', `--reuid=${uid}`, `--regid=${uid}`, '--clear-groups', process.execPath, '-e', script]
  const done = Bun.spawnSync(words_, {
    cwd: '/',
    env: { PATH: '/usr/bin:/bin', HOME: '/nonexistent' },
    timeout: 20_000,
  })
  return done.stdout.toString() || `nothing: ${done.stderr.toString()}`
}

const reachable = (): boolean =>
  IS_ROOT &&
  Bun.spawnSync(['setpriv', `--reuid=${OTHER}`, '--clear-groups', process.execPath, '--version'], { cwd: '/' })
    .exitCode === 0

if (!reachable()) console.log('agent attacks: not root, or no setpriv: the attacks of another user were NOT tried')
else
  describe('another user', () => {
    test('does not get at the socket', async () => {
      const { socket } = await running()
      expect(asUser(OTHER, socket, '{"v":1,"op":"status"}\n')).toContain('EACCES')
    })

    test('who gets at it all the same is refused by the kernel’s word, in both protocols', async () => {
      const { socket } = await running()
      chmodSync(place.folder, 0o711)
      chmodSync(directory, 0o711)
      chmodSync(socket, 0o666)
      try {
        const refusal = '{"v":1,"ok":false,"error":"permission denied"}\n'
        expect(asUser(OTHER, socket, '{"v":1,"op":"get","key":"API_KEY"}\n')).toBe(refusal)
        expect(asUser(OTHER, socket, '\0tvault2\n')).toBe(refusal)
      } finally {
        chmodSync(directory, 0o700)
        chmodSync(place.folder, 0o700)
        chmodSync(socket, 0o600)
      }
      expect(await ask(socket, { op: 'get', key: 'API_KEY' })).toMatchObject({ ok: true })
    })

    test('his socket in the place of ours: our client leaves it alone and goes the direct way', async () => {
      await none()
      const socket = join(directory, 'agent.sock')
      const heard: string[] = []
      const fake = Bun.listen({ unix: socket, socket: { data: (_, chunk) => void heard.push(chunk.toString()) } })
      // The kernel names who listens, so the listener itself must be another user.
      fake.stop(true)
      chmodSync(place.folder, 0o755)
      chmodSync(directory, 0o777)
      const script = `require('node:net').createServer((s) => s.on('data', (d) => console.log('heard', d.length))).listen(${JSON.stringify(socket)}, () => console.log('ready'))`
      const server = Bun.spawn(['setpriv', `--reuid=${OTHER}`, '--clear-groups', process.execPath, '-e', script], {
        cwd: '/',
        stdout: 'pipe',
        stderr: 'inherit',
      })
      try {
        await until(() => lstatSync(socket, { throwIfNoEntry: false }) !== undefined)
        chmodSync(directory, 0o700)
        chmodSync(place.folder, 0o700)
        const got = await run(place, ['get', 'API_KEY'], {
          env: { TVAULT_PASSPHRASE: place.environment['TVAULT_PASSPHRASE']! },
        })
        expect(got).toMatchObject({ out: 'value of API_KEY', code: 0 })
        expect(got.err).toContain('the agent is not used: it belongs to somebody else')
      } finally {
        server.kill('SIGKILL')
        await server.exited
        expect(await server.stdout.text()).not.toContain('heard')
        // And the socket he left is his: our agent does not remove it, and does not start.
        const started = await run(place, ['agent', 'start'], {
          env: { TVAULT_PASSPHRASE: place.environment['TVAULT_PASSPHRASE']! },
        })
        expect(started).toMatchObject({ code: 1, err: expect.stringContaining('agent.sock is not ours') })
        expect(lstatSync(socket).uid).toBe(OTHER)
        rmSync(socket)
      }
    })

    test('root is refused by the agent of a user, and leaves it alone', async () => {
      const user = ourPlace()
      const vault = user.environment['TVAULT_DIR']!
      try {
        user.must(['set', 'K', '--stdin'], { stdin: 'v' })
        Bun.spawnSync(['chown', '-R', `${OTHER}:${OTHER}`, user.folder])
        const his = await startAgent({
          command: ['setpriv', `--reuid=${OTHER}`, `--regid=${OTHER}`, '--clear-groups', ...user.command],
          folder: user.folder,
          environment: user.environment,
        })
        try {
          const socket = join(vault, 'agent.sock')
          expect((await exchange(socket, '{"v":1,"op":"get","key":"K"}\n')).reply).toContain('permission denied')
          const got = await run(user, ['get', 'K'])
          expect(got.out).toBe('')
          expect(got.err).toContain('belongs to somebody else')
          expect(asUser(OTHER, socket, '{"v":1,"op":"get","key":"K"}\n')).toContain('"value":"v"')
        } finally {
          await his.end()
        }
      } finally {
        chownSync(user.folder, 0, 0)
        user.remove()
      }
    })
  })

describe('something else in the place of the socket', () => {
  const kinds: [string, (path: string) => void][] = [
    ['a FIFO', (path) => expect(Bun.spawnSync(['mkfifo', path]).exitCode).toBe(0)],
    ['a regular file', (path) => writeFileSync(path, 'mine')],
    ['a directory', (path) => mkdirSync(path)],
    ['a link to nowhere', (path) => symlinkSync('/nowhere/at/all', path)],
    ['a link to a device', (path) => symlinkSync('/dev/zero', path)],
  ]
  test.each(kinds)('%s: nobody waits for it, and nobody removes it', async (_, make) => {
    await none()
    const socket = join(directory, 'agent.sock')
    const env = { TVAULT_PASSPHRASE: place.environment['TVAULT_PASSPHRASE']! }
    make(socket)
    try {
      const inode = lstatSync(socket).ino
      const [got, started] = [
        await run(place, ['get', 'API_KEY'], { env }),
        await run(place, ['agent', 'start'], { env }),
      ]
      expect(got).toMatchObject({ out: 'value of API_KEY', code: 0 })
      expect(started).toMatchObject({ code: 1, err: expect.stringContaining('is not ours') })
      expect(lstatSync(socket).ino).toBe(inode)
      expect(leftovers(place).filter((name) => name !== 'agent.sock')).toEqual(['agent.lock'])
    } finally {
      rmSync(socket, { recursive: true, force: true })
      rmSync(join(directory, 'agent.lock'), { force: true })
    }
  })

  test('put there while the agent runs: it ends cleanly and leaves it', async () => {
    const { socket, process: child } = await running()
    rmSync(socket)
    writeFileSync(socket, 'mine')
    child.kill('SIGTERM')
    expect(await child.exited).toBe(0)
    expect(leftovers(place)).toEqual(['agent.sock'])
    expect(readFileSync(socket, 'utf8')).toBe('mine')
    rmSync(socket)
  })
})

describe('who sends nonsense', () => {
  const cases: [string, string | Uint8Array, string][] = [
    ['nothing, and closes', '', '"empty request"'],
    ['zero bytes', new Uint8Array(100), ''],
    ['another protocol of ours', '\0tvault3\n', ''],
    ['HTTP', 'GET / HTTP/1.1\r\nHost: x\r\n\r\n', 'invalid request'],
    ['half a greeting', '\0tvau', ''],
    ['a greeting and a line of v1', '\0tvault2\n{"v":1,"op":"get","key":"API_KEY"}\n', ''],
    ['a frame of four gigabytes', Buffer.from('\0tvault2\n\xff\xff\xff\xff\x01', 'latin1'), ''],
    [
      'a line of v1 and more behind it',
      '{"v":1,"op":"get","key":"API_KEY"}\n{"v":1,"op":"stop"}\n',
      '"value":"value of API_KEY"}\n',
    ],
    ['a line without its end, and closes', '{"v":1,"op":"get","key":"API_KEY"}', '"value":"value of API_KEY"}\n'],
    ['a line with CRLF', '{"v":1,"op":"get","key":"API_KEY"}\r\n', '"value":"value of API_KEY"}\n'],
  ]
  test.each(cases)('%s', async (_, bytes, expected) => {
    const { socket } = await running()
    const { reply, milliseconds } = await exchange(socket, bytes, { half: true })
    expect(reply).toContain(expected)
    if (expected === '') expect(reply).toBe('')
    expect(milliseconds).toBeLessThan(5000)
    expect(await ask(socket, { op: 'status' })).toMatchObject({ ok: true })
  })

  test('a line of a gibibyte costs nothing: it is refused after 64 KiB, and memory stays', async () => {
    const { socket, pid } = await running()
    const before = memoryOf(pid)
    for (const first of ['{"v":1,"x":"', Buffer.from('\0tvault2\n\x3f\xff\xff\xff\x02', 'latin1')]) {
      expect(await flood(socket, first, 1 << 30)).toBeLessThan(64 << 20)
    }
    expect(memoryOf(pid) - before).toBeLessThan(64 << 20)
    expect(await ask(socket, { op: 'status' })).toMatchObject({ ok: true })
  })

  test('ten thousand connections, a hundred at a time: every one is answered, memory and descriptors stay', async () => {
    const { socket, pid } = await running()
    const descriptors = () =>
      Bun.spawnSync(['ls', `/proc/${pid}/fd`])
        .stdout.toString()
        .split('\n').length
    await Promise.all(Array.from({ length: 100 }, () => ask(socket, { op: 'status' })))
    const [memory, open] = [memoryOf(pid), descriptors()]
    const kinds = ['{"v":1,"op":"status"}\n', '\0tvault2\n', 'nonsense\n', '']
    let answered = 0
    for (let round = 0; round < 100; round++) {
      const all = await Promise.all(
        Array.from({ length: 100 }, (_, index) => exchange(socket, kinds[index % 4]!, { half: true })),
      )
      answered += all.filter(({ reply }) => reply.includes('"ok":')).length
    }
    expect(answered).toBe(7500)
    expect(memoryOf(pid) - memory).toBeLessThan(64 << 20)
    await until(() => descriptors() <= open + 2)
  })

  test('who only holds connections open gives way to others', async () => {
    const { socket } = await running()
    const held: Socket<undefined>[] = []
    try {
      for (let index = 0; index < 600; index++) {
        held.push(await Bun.connect({ unix: socket, socket: { data() {}, error() {} } }))
      }
      expect(await ask(socket, { op: 'get', key: 'API_KEY' })).toMatchObject({ ok: true })
      expect((await run(place, ['get', 'DB_URL'])).out).toBe('value of DB_URL')
    } finally {
      for (const connection of held) connection.terminate()
    }
  })

  test('who asks for much and reads nothing holds nobody up', async () => {
    place.must(['set', 'BIG', '--stdin'], { stdin: 'b'.repeat(900_000) })
    const { socket, pid } = await running()
    const before = memoryOf(pid)
    const held: Socket<undefined>[] = []
    try {
      for (let index = 0; index < 100; index++) {
        const connection = await Bun.connect({ unix: socket, socket: { data() {}, error() {} } })
        connection.pause()
        connection.write('{"v":1,"op":"get","key":"BIG"}\n')
        held.push(connection)
      }
      const begin = performance.now()
      expect(await ask(socket, { op: 'get', key: 'API_KEY' })).toMatchObject({ ok: true })
      expect(performance.now() - begin).toBeLessThan(5000)
      expect(memoryOf(pid) - before).toBeLessThan(400 << 20)
    } finally {
      for (const connection of held) connection.terminate()
    }
  })
})

describe('tokens', () => {
  test('forged ones of either form get nothing, and a denied key looks like a missing one, also by the clock', async () => {
    await running()
    const made = place.run(['agent', 'token', 'new', 'test', '-p', 'default', '--key', 'DB_*', '--for', '10m'])
    const token = made.out.toString().trim()
    const get = (key: string, shown: string) => run(place, ['get', key], { env: { TVAULT_AGENT_TOKEN: shown } })
    expect(await get('DB_URL', token)).toMatchObject({ out: 'value of DB_URL', code: 0 })
    expect(await get('DB_URL', `${token}x`)).toMatchObject({ out: '', code: 8 })
    expect(await get('DB_URL', 'nonsense')).toMatchObject({ out: '', code: 8 })
    const [denied, missing] = [await get('API_KEY', token), await get('DB_NOPE', token)]
    expect([denied.code, denied.err.replaceAll('API_KEY', 'X')]).toEqual([4, expect.stringContaining('no secret X')])
    expect(missing.code).toBe(4)

    const { socket } = await running()
    const times: Record<string, number[]> = { API_KEY: [], DB_NOPE: [] }
    for (let round = 0; round < 80; round++) {
      for (const key of round % 2 === 0 ? ['API_KEY', 'DB_NOPE'] : ['DB_NOPE', 'API_KEY']) {
        const begin = performance.now()
        expect(await ask(socket, { op: 'get', key, project: 'default', token })).toEqual({
          v: 1,
          ok: false,
          error: 'secret not found',
        })
        times[key]!.push(performance.now() - begin)
      }
    }
    // The faster quarter: the rest is what the machine did meanwhile.
    const quarter = (key: string): number => times[key]!.toSorted((a, b) => a - b)[20]!
    const ratio = quarter('API_KEY') / quarter('DB_NOPE')
    expect(ratio).toBeGreaterThan(0.6)
    expect(ratio).toBeLessThan(1.7)
  })

  test('a token file that others can read, or that is none, stops the agent from starting', async () => {
    await none()
    const env = { TVAULT_PASSPHRASE: place.environment['TVAULT_PASSPHRASE']! }
    const start = (path: string) => run(place, ['agent', 'start', '--require-token', '--token-file', path], { env })
    const path = tokenFile(place, ['t'])
    chmodSync(path, 0o644)
    expect(await start(path)).toMatchObject({ code: 1, err: expect.stringContaining('can be read') })
    expect((await start(tokenFile(place, ['# none'], 'empty'))).err).toContain('holds no token')
    expect((await start(join(place.folder, 'absent'))).code).not.toBe(0)
    expect((await start('/dev/zero')).code).not.toBe(0)
    expect(await run(place, ['agent', 'start', '--require-token'], { env })).toMatchObject({ code: 2 })
    expect(leftovers(place)).toEqual([])
  })
})

/** Sends `first` and then zeros until `most` bytes are out or the other side has enough; how many went out. */
function flood(path: string, first: string | Uint8Array, most: number): Promise<number> {
  const chunk = Buffer.alloc(1 << 20, 'x')
  return new Promise((resolve, reject) => {
    let sent = 0
    const more = (socket: Socket<undefined>): void => {
      while (sent < most) {
        const count = socket.write(chunk)
        if (count <= 0) return
        sent += count
        if (count < chunk.length) return
      }
      socket.end()
    }
    Bun.connect<undefined>({
      unix: path,
      socket: {
        open(socket) {
          socket.write(first)
          more(socket)
        },
        data() {},
        drain: more,
        close: () => resolve(sent),
        error: () => resolve(sent),
      },
    }).catch(reject)
  })
}
