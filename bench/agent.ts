// The daily path: `get` served by an agent, as a whole process, and fifty clients at once for ten seconds, against the
// agent of the Go program in the same run. Every reply is looked at: a wrong one, or none, ends the bench.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ROOT, figureRow, startPrograms, withRatios } from './harness.ts'
import type { Row } from './harness.ts'
import { peer } from './peer.ts'

const tvault = join(ROOT, 'dist', 'tvault')
const PASSPHRASE = 'bench only, not a secret 7141'
const VALUE = 'value of the bench'
const CLIENTS = 50
const REQUEST = '{"v":1,"op":"get","key":"API_KEY"}\n'
const REPLY = `{"v":1,"ok":true,"value":"${VALUE}"}\n`

interface Agent {
  name: string
  binary: string
  env: Record<string, string>
  socket: string
  pid: number
  end(): Promise<void>
}

/** A vault with one secret in it, and the agent of `binary` that serves it. */
async function start(name: string, binary: string, words: readonly string[]): Promise<Agent> {
  const scratch = mkdtempSync(join(tmpdir(), 'tvault-bench-'))
  const env = { PATH: '/usr/bin:/bin', HOME: scratch, TVAULT_DIR: join(scratch, 'vault') }
  const opened = { ...env, TVAULT_PASSPHRASE: PASSPHRASE }
  for (const args of [
    ['init', ...words],
    ['set', 'API_KEY', VALUE],
  ]) {
    const done = Bun.spawnSync([binary, ...args], { env: opened, stdin: 'ignore' })
    if (done.exitCode !== 0) throw new Error(`${name}: ${args[0]} failed: ${done.stderr.toString()}`)
  }
  const child = Bun.spawn([binary, 'agent', 'start'], {
    env: opened,
    stdin: 'ignore',
    stdout: 'ignore',
    stderr: 'pipe',
  })
  const { promise: listening, resolve } = Promise.withResolvers<boolean>()
  // Read to its end, because who writes to nobody ends.
  void (async () => {
    let said = ''
    for await (const chunk of child.stderr as unknown as AsyncIterable<Uint8Array>) {
      said += Buffer.from(chunk as Uint8Array).toString()
      if (said.includes('listening at')) resolve(true)
    }
    resolve(false)
  })()
  if (!(await listening)) throw new Error(`${name}: the agent did not start`)
  return {
    name,
    binary,
    env,
    socket: join(scratch, 'vault', 'agent.sock'),
    pid: child.pid,
    async end() {
      child.kill()
      await child.exited
      rmSync(scratch, { recursive: true, force: true })
    },
  }
}

/** Ours first, then the peer's where it can be had. */
async function withAgents<T>(use: (agents: readonly Agent[]) => T | Promise<T>): Promise<T> {
  const agents: Agent[] = []
  try {
    agents.push(await start('tvault', tvault, ['--kdf-memory', '19456', '--kdf-passes', '2', '--kdf-lanes', '1']))
    const go = peer()
    if (go !== undefined) agents.push(await start('Go peer 0.23', go, []))
    return await use(agents)
  } finally {
    for (const agent of agents) await agent.end()
  }
}

/** `get` with no passphrase around, so that it can only come from the agent. */
export async function agentGet(runs: number): Promise<Row[]> {
  return withAgents((agents) =>
    startPrograms(
      'get by agent',
      agents.map(({ name, binary, env }) => ({
        name: `${name} get`,
        command: [binary, 'get', 'API_KEY'],
        env,
        prints: VALUE,
      })),
      runs,
    ),
  )
}

/** Fifty clients, each asking again as soon as it was answered, in turns of half of `seconds` for each agent. */
export async function agentLoad(seconds: number): Promise<Row[]> {
  return withAgents(async (agents) => {
    const times = new Map(agents.map(({ name }) => [name, [] as number[]]))
    for (let turn = 0; turn < 2; turn++) {
      for (const { name, socket } of agents) times.get(name)!.push(...(await press(socket, (seconds / 2) * 1000)))
    }
    const rows = (bench: string, unit: Row['unit'], figure: (sorted: readonly number[]) => number): Row[] =>
      withRatios(
        agents.map(({ name }) => {
          const sorted = times.get(name)!.toSorted((a, b) => a - b)
          const value = figure(sorted)
          return { bench, name, unit, best: value, median: value, ratio: 1, runs: sorted.length }
        }),
      )
    const memory = agents.map(({ name, pid }) =>
      figureRow('agent, memory afterwards', name, 'MiB', residentMebibytes(pid)),
    )
    return [
      ...withRatios(memory),
      ...rows(`agent, ${CLIENTS} clients`, 'ops/s', (sorted) => sorted.length / seconds),
      ...rows(`agent, ${CLIENTS} clients, p50`, 'ms', (sorted) => sorted[Math.floor(sorted.length * 0.5)]!),
      ...rows(`agent, ${CLIENTS} clients, p99`, 'ms', (sorted) => sorted[Math.floor(sorted.length * 0.99)]!),
    ]
  })
}

/** Milliseconds of every request that was answered in `duration`. */
async function press(socket: string, duration: number): Promise<number[]> {
  const times: number[] = []
  const end = performance.now() + duration
  const client = async (): Promise<void> => {
    while (performance.now() < end) {
      const begin = performance.now()
      const said = await ask(socket)
      if (said !== REPLY) throw new Error(`the agent answered ${JSON.stringify(said)}`)
      times.push(performance.now() - begin)
    }
  }
  await Promise.all(Array.from({ length: CLIENTS }, client))
  return times
}

function ask(path: string): Promise<string> {
  return new Promise((resolve) => {
    let said = ''
    const over = (): void => resolve(said)
    Bun.connect<undefined>({
      unix: path,
      socket: {
        open: (socket) => void socket.write(REQUEST),
        data(socket, chunk) {
          said += chunk.toString()
          if (said.endsWith('\n')) socket.end()
        },
        close: over,
        error: over,
        connectError: over,
      },
    }).catch(over)
  })
}

function residentMebibytes(pid: number): number {
  const kib = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
  return Math.round(Number(kib) / 1024)
}
