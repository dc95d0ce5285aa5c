// The server for AI agents against the Go peer's: from the start to the answer to `initialize`, and one call of
// `vault_list_secrets` over 500 keys. Both have the same passphrase source and the same policy.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ROOT, withRatios } from './harness.ts'
import type { Row } from './harness.ts'
import { peer } from './peer.ts'

const KEYS = 500
const POLICY = `access_mode: read-only
allow_exec: false
redact_output: true
projects_allow: ["*"]
projects_deny: []
secrets_allow: ["*"]
secrets_deny: []
max_reads_per_session: 5
`
const GREETING = {
  protocolVersion: '2025-06-18',
  capabilities: {},
  clientInfo: { name: 'bench', version: '1' },
}

interface Place {
  name: string
  command: readonly string[]
  env: Record<string, string>
}

/** A server that was greeted. */
class Server {
  readonly #child: Bun.Subprocess<'pipe', 'pipe', 'ignore'>
  readonly #reader: AsyncIterator<Uint8Array>
  #held = ''
  #id = 0

  constructor({ command, env }: Place) {
    this.#child = Bun.spawn([...command, 'mcp'], {
      env,
      cwd: env['HOME']!,
      stdin: 'pipe',
      stdout: 'pipe',
      stderr: 'ignore',
    })
    this.#reader = this.#child.stdout[Symbol.asyncIterator]()
  }

  /** Sends one request and waits for the line that answers it. */
  async ask(method: string, params: object): Promise<string> {
    void this.#child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', id: ++this.#id, method, params })}\n`)
    void this.#child.stdin.flush()
    const decoder = new TextDecoder()
    for (;;) {
      const end = this.#held.indexOf('\n')
      if (end >= 0) {
        const line = this.#held.slice(0, end)
        this.#held = this.#held.slice(end + 1)
        if (line.includes(`"id":${this.#id}`)) return line
        continue
      }
      const { done, value } = await this.#reader.next()
      if (done) throw new Error(`${method}: the server is gone`)
      this.#held += decoder.decode(value, { stream: true })
    }
  }

  greeted(): void {
    void this.#child.stdin.write('{"jsonrpc":"2.0","method":"notifications/initialized"}\n')
  }

  async end(): Promise<void> {
    await this.#child.stdin.end()
    await this.#child.exited
  }
}

/** Rows for start and list; `runs` starts, and twenty times as many calls. */
export async function mcp(runs: number): Promise<Row[]> {
  const scratch = mkdtempSync(join(tmpdir(), 'tvault-bench-'))
  try {
    const go = peer()
    const places = [
      ...(go === undefined ? [] : [placeOf('Go peer 0.23', [go], join(scratch, 'peer'))]),
      placeOf('tvault', [join(ROOT, 'dist', 'tvault')], join(scratch, 'ours')),
    ]
    const starts = new Map(places.map(({ name }) => [name, [] as number[]]))
    for (let run = 0; run < runs; run++) {
      for (const place of places) {
        const began = Bun.nanoseconds()
        const server = new Server(place)
        await server.ask('initialize', GREETING)
        starts.get(place.name)?.push((Bun.nanoseconds() - began) / 1e6)
        await server.end()
      }
    }
    return [
      ...rowsOf('mcp start to initialize', starts),
      ...rowsOf('mcp list 500 keys', await calls(places, 20 * runs)),
    ]
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
}

async function calls(places: readonly Place[], count: number): Promise<Map<string, number[]>> {
  const times = new Map(places.map(({ name }) => [name, [] as number[]]))
  const servers = places.map((place) => ({ place, server: new Server(place) }))
  for (const { server } of servers) {
    await server.ask('initialize', GREETING)
    server.greeted()
  }
  const ask = (server: Server) => server.ask('tools/call', { name: 'vault_list_secrets', arguments: {} })
  for (const { place, server } of servers) {
    const answer = await ask(server)
    if (!answer.includes(`KEY_${KEYS - 1}`)) throw new Error(`${place.name}: ${answer.slice(0, 200)}`)
    for (let warm = 0; warm < 20; warm++) await ask(server)
  }
  for (let call = 0; call < count; call++) {
    for (const { place, server } of servers) {
      const began = Bun.nanoseconds()
      await ask(server)
      times.get(place.name)?.push((Bun.nanoseconds() - began) / 1e6)
    }
  }
  for (const { server } of servers) await server.end()
  return times
}

function placeOf(name: string, command: readonly string[], home: string): Place {
  const env = {
    PATH: '/usr/bin:/bin',
    HOME: home,
    TVAULT_DIR: join(home, 'vault'),
    TVAULT_PASSPHRASE: 'bench only, not a secret 7141',
  }
  const run = (words: readonly string[], stdin = ''): void => {
    const done = Bun.spawnSync([...command, ...words], { env, cwd: home, stdin: Buffer.from(stdin) })
    if (done.exitCode !== 0) throw new Error(`${name}: ${words[0]} failed: ${done.stderr.toString()}`)
  }
  Bun.spawnSync(['mkdir', '-p', home])
  run(['init'])
  writeFileSync(join(home, '.env'), Array.from({ length: KEYS }, (_, i) => `KEY_${i}=value-of-key-${i}\n`).join(''))
  run(['import', '.env'])
  writeFileSync(join(env.TVAULT_DIR, 'mcp-policy.yaml'), POLICY, { mode: 0o600 })
  return { name, command, env }
}

function rowsOf(bench: string, times: ReadonlyMap<string, number[]>): Row[] {
  return withRatios(
    [...times].map(([name, all]) => {
      const sorted = all.toSorted((a, b) => a - b)
      const median = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
      return { bench, name, unit: 'ms' as const, best: sorted[0] ?? Number.NaN, median, ratio: 1, runs: sorted.length }
    }),
  )
}
