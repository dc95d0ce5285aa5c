// Being the agent, as a process: what ends it, and what is left behind. Run from the sources, because a fault has to be
// planted in it.
import { afterAll, beforeAll, expect, test } from 'bun:test'
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { KDF_FLOOR } from '../../src/crypto/kdf-parameters.ts'
import { Secret } from '../../src/lib/secret.ts'
import { openLmdb } from '../../src/store/lmdb.ts'
import { TABLES } from '../../src/vault/schema.ts'
import { Vault } from '../../src/vault/vault.ts'

const SOURCE = resolve(import.meta.dir, '..', '..', 'src')
const WORDS = 'agent serve tests only'
let folder = ''
let directory = ''

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tvault-serve-'))
  directory = mkdtempSync(join(folder, 'vault-'))
  const store = await openLmdb(join(directory, 'vault.db'), { tables: TABLES, mode: 'create' })
  Vault.create(store, Secret.fromText(WORDS), KDF_FLOOR).lock()
  await store.close()
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** An agent that runs `meanwhile` when it listens. */
function agent(meanwhile: string): Bun.Subprocess<'ignore', 'pipe', 'pipe'> {
  const script = `
    const { serveAgent } = await import(${JSON.stringify(join(SOURCE, 'context', 'agent-serve.ts'))})
    const { AgentLog } = await import(${JSON.stringify(join(SOURCE, 'context', 'agent-log.ts'))})
    const { Secret } = await import(${JSON.stringify(join(SOURCE, 'lib', 'secret.ts'))})
    const reason = await serveAgent({
      directory: ${JSON.stringify(directory)},
      version: 'test',
      lockMilliseconds: 1000,
      idle: 0,
      limit: 0,
      requireToken: false,
      tokenFile: undefined,
      log: new AgentLog(${JSON.stringify(directory)}, 'info'),
      passphrase: async () => ({ secret: Secret.fromText(${JSON.stringify(WORDS)}), source: 'test' }),
      ready: () => { console.log('ready'); ${meanwhile} },
    })
    console.log('ended', reason)`
  return Bun.spawn([process.execPath, '-e', script], { cwd: folder, stdout: 'pipe', stderr: 'pipe', stdin: 'ignore' })
}

async function outcome(child: ReturnType<typeof agent>): Promise<{ code: number; out: string; left: string[] }> {
  const [out, code] = await Promise.all([child.stdout.text(), child.exited])
  return { out, code, left: readdirSync(directory).filter((name) => /^agent\.(?:sock|pid|lock|new)$/.test(name)) }
}

const logged = (): string => readFileSync(join(directory, 'agent.log'), 'utf8')

test.each(['SIGTERM', 'SIGINT'])('%s ends it with 0 and leaves nothing', async (signal) => {
  expect(await outcome(agent(`process.kill(process.pid, '${signal}')`))).toEqual({
    out: 'ready\nended signal\n',
    code: 0,
    left: [],
  })
  expect(logged()).toContain('locked (signal)')
})

const faults: [string, string][] = [
  ['an error that nobody caught', "setTimeout(() => { throw new Error('value of a secret') }, 1)"],
  ['a promise that nobody awaited', "setTimeout(() => { void Promise.reject(new Error('value of a secret')) }, 1)"],
]
test.each(faults)('%s: locked, told, 1, nothing left, and no word of it in the log', async (_, meanwhile) => {
  expect(await outcome(agent(meanwhile))).toEqual({ out: 'ready\n', code: 1, left: [] })
  expect(logged()).toContain('level=error')
  expect(logged()).not.toContain('value of a secret')
})

test('an exit from anywhere: nothing left', async () => {
  expect(await outcome(agent('setTimeout(() => process.exit(141), 1)'))).toEqual({
    out: 'ready\n',
    code: 141,
    left: [],
  })
})

test('SIGHUP without a token file is no end', async () => {
  const child = agent("process.kill(process.pid, 'SIGHUP'); setTimeout(() => process.kill(process.pid, 'SIGTERM'), 50)")
  expect((await outcome(child)).code).toBe(0)
})

test('the socket is there before it says so, and nobody else can use it', async () => {
  const child = agent(
    "console.log(require('node:fs').statSync('agent.sock').mode.toString(8)); process.kill(process.pid, 'SIGTERM')".replace(
      "'agent.sock'",
      JSON.stringify(join(directory, 'agent.sock')),
    ),
  )
  expect((await outcome(child)).out).toContain('140600')
  expect(existsSync(join(directory, 'agent.new'))).toBeFalse()
})
