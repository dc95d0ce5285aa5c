// Agents for the interop and attack tests: started as processes of their own, with or without a passphrase around, and
// always ended. Nothing here waits for a fixed time.
import { afterAll, beforeAll } from 'bun:test'
import { existsSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { ourPlace } from './peer.ts'
import type { Place } from './peer.ts'

const PATIENCE = 20_000

export interface RunningAgent {
  pid: number
  socket: string
  process: Bun.Subprocess<'ignore', 'ignore', 'pipe'>
  /** Ends it if it still runs, and waits for that. */
  end(signal?: NodeJS.Signals): Promise<number>
}

/** Waits until `is` says yes, at most `milliseconds`. */
export async function until(is: () => boolean | Promise<boolean>, milliseconds = PATIENCE): Promise<void> {
  const deadline = performance.now() + milliseconds
  while (!(await is())) {
    if (performance.now() > deadline) throw new Error('it did not happen')
    await Bun.sleep(5)
  }
}

/** `place` without its passphrase: what still works goes through the agent. */
export function withoutPassphrase(place: Place): Record<string, string> {
  const { TVAULT_PASSPHRASE: _, ...rest } = place.environment
  return rest
}

/** Starts the agent of the program of `place` and waits until it listens. */
export async function startAgent(
  place: Pick<Place, 'command' | 'folder' | 'environment'>,
  { flags = [], env = {} }: { flags?: string[]; env?: Record<string, string> } = {},
): Promise<RunningAgent> {
  const child = Bun.spawn([...place.command, 'agent', 'start', ...flags], {
    cwd: place.folder,
    env: { ...place.environment, XDG_STATE_HOME: join(place.folder, 'state'), ...env },
    stdin: 'ignore',
    stdout: 'ignore',
    stderr: 'pipe',
  })
  let said = ''
  const { promise: listening, resolve } = Promise.withResolvers<boolean>()
  // Read to its end: a program whose words nobody reads any more ends early.
  void (async () => {
    for await (const chunk of child.stderr as unknown as AsyncIterable<Uint8Array>) {
      said += Buffer.from(chunk).toString()
      if (said.includes('listening at')) resolve(true)
    }
    resolve(false)
  })()
  if (!(await listening)) throw new Error(`the agent did not start: ${said}`)
  return {
    pid: child.pid,
    socket: join(place.environment['TVAULT_DIR'] ?? '', 'agent.sock'),
    process: child,
    async end(signal = 'SIGTERM') {
      if (child.exitCode === null && child.signalCode === null) child.kill(signal)
      return child.exited
    },
  }
}

export interface AgentHere {
  place: Place
  directory: string
  /** Makes sure that the agent runs. */
  running(): Promise<RunningAgent>
  /** Makes sure that it does not. */
  none(): Promise<void>
}

/** A place with a vault in which each of `keys` has the value `value of KEY`; it and its agent end with the tests of the file. */
export function agentHere(keys: readonly string[]): AgentHere {
  const place = ourPlace()
  let agent: RunningAgent | undefined
  const none = async (): Promise<void> => {
    await agent?.end()
    agent = undefined
  }
  beforeAll(() => {
    for (const key of keys) place.must(['set', key, '--stdin'], { stdin: `value of ${key}` })
  })
  afterAll(async () => {
    await none()
    place.remove()
  })
  return {
    place,
    directory: place.environment['TVAULT_DIR']!,
    async running() {
      if (agent && agent.process.exitCode === null && agent.process.signalCode === null) return agent
      agent = await startAgent(place)
      return agent
    },
    none,
  }
}

export interface Exchange {
  reply: string
  milliseconds: number
  error: string | undefined
}

/** Sends `bytes` to the socket and gives all that comes until the other side closes, at most after `limit` ms. */
export function exchange(
  socket: string,
  bytes: string | Uint8Array,
  { half = false, limit = 12_000 }: { half?: boolean; limit?: number } = {},
): Promise<Exchange> {
  const begin = performance.now()
  return new Promise((resolve) => {
    const chunks: Buffer[] = []
    let error: string | undefined
    const connection = connect({ path: socket, allowHalfOpen: true })
    const timer = setTimeout(() => connection.destroy(new Error('limit')), limit)
    connection.on('error', (thrown: NodeJS.ErrnoException) => (error = thrown.code ?? thrown.message))
    connection.on('data', (chunk: Buffer) => chunks.push(chunk))
    connection.on('end', () => connection.end())
    connection.on('close', () => {
      clearTimeout(timer)
      resolve({ reply: Buffer.concat(chunks).toString(), milliseconds: performance.now() - begin, error })
    })
    connection.write(bytes)
    if (half) connection.end()
  })
}

/** One v1 request and its reply. */
export async function ask(socket: string, request: Record<string, unknown>): Promise<Record<string, unknown>> {
  const { reply, error } = await exchange(socket, `${JSON.stringify({ v: 1, ...request })}\n`)
  if (reply === '') throw new Error(`no reply: ${error ?? 'closed'}`)
  return JSON.parse(reply) as Record<string, unknown>
}

/** Runs the program of `place` without its passphrase, without standing still; killed after 20 seconds. */
export async function run(
  place: Place,
  words: readonly string[],
  { env = {}, prefix = [] }: { env?: Record<string, string>; prefix?: string[] } = {},
): Promise<{ code: number; out: string; err: string; milliseconds: number }> {
  const begin = performance.now()
  const child = Bun.spawn([...prefix, ...place.command, ...words], {
    cwd: place.folder,
    env: { ...withoutPassphrase(place), ...env },
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
  })
  const timer = setTimeout(() => child.kill('SIGKILL'), PATIENCE)
  const [out, err, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited])
  clearTimeout(timer)
  return { code, out, err, milliseconds: performance.now() - begin }
}

/** A token file that the agent accepts; gives its path. */
export function tokenFile(place: Place, lines: readonly string[], name = 'tokens'): string {
  const path = join(place.folder, name)
  writeFileSync(path, `${lines.join('\n')}\n`, { mode: 0o600 })
  return path
}

export function leftovers(place: Place): string[] {
  const directory = place.environment['TVAULT_DIR'] ?? ''
  return ['agent.sock', 'agent.pid', 'agent.lock', 'agent.new'].filter((name) => existsSync(join(directory, name)))
}
