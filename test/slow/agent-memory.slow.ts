// What is left in the memory of the agent when the keys are to be gone: after lock, idle, limit, stop, SIGTERM and a fault
// of its own. Looked for in /proc/PID/mem and in a core dump: the key of the passphrase, the keys of projects, the key of
// the audit log, the passphrase, and every value that was served or taken. Needs root; the process is not dumpable.
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'bun:test'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { Secret } from '../../src/lib/secret.ts'
import { AgentClient } from '../../src/modes/agent/client.ts'
import { openLmdb } from '../../src/store/lmdb.ts'
import { decodeHeader } from '../../src/vault/header-record.ts'
import { deriveKek } from '../../src/vault/header.ts'
import { Keyring } from '../../src/vault/keyring.ts'
import { allProjects } from '../../src/vault/projects.ts'
import { META, TABLES } from '../../src/vault/schema.ts'
import { readAuditKey } from '../../src/vault/session.ts'
import { exchange, until } from '../interop/agent-place.ts'
import { policyText } from '../interop/mcp-place.ts'
import { scanFile, scanMemory } from './memory-scan.ts'
import type { Hit, Needle } from './memory-scan.ts'
import { BINARY, CHEAP, Room } from './room.ts'

const SOURCE = resolve(import.meta.dir, '..', '..', 'src')
const IS_ROOT = process.geteuid?.() === 0
const STRACE = Bun.which('strace')
/** Where the kernel puts core dumps; only into the working directory is of use here. */
const PATTERN = readFileSync('/proc/sys/kernel/core_pattern', 'utf8').trim()
const DUMPS = STRACE !== null && PATTERN === 'core' && Bun.which('prlimit') !== null
if (!IS_ROOT) console.log('\n!!! not root: the memory of the agent was NOT looked at\n')
if (!STRACE) console.log('\n!!! strace is not installed: the memory of an agent that ends was NOT looked at\n')
if (!DUMPS) console.log(`\n!!! no strace or prlimit, or core_pattern is ${PATTERN}: core dumps were NOT looked at\n`)
const rootTest = (name: string, possible: boolean, body: () => Promise<void>): void => {
  if (IS_ROOT && possible) test(name, body)
}
test('there is something to run', () => expect(existsSync(BINARY)).toBeTrue())

/** How long an agent that ends is held at its last system call. */
const HELD_SECONDS = 15

let passphrase = ''
let room: Room
let needles: Needle[] = []
let agent: Bun.Subprocess<'ignore', 'ignore', 'pipe'> | undefined

/** Random text that is nowhere else in memory: a needle, and put into the vault. */
function value(name: string): Uint8Array {
  const bytes = Buffer.from(`${name}-${crypto.randomUUID()}-${crypto.randomUUID()}`)
  needles.push({ name, bytes })
  return bytes
}

/** The keys of the vault as it is now, computed from the file and the passphrase. */
async function keys(generation: string): Promise<Needle[]> {
  const store = await openLmdb(join(room.vault, 'vault.db'), { tables: TABLES, mode: 'read' })
  try {
    const header = decodeHeader(store.get('meta', META.header))
    const kek = deriveKek(Secret.fromText(passphrase), header)
    const found: Needle[] = [{ name: `${generation} key of the passphrase`, bytes: kek.slice() }]
    const ring = new Keyring(header, kek, { box: readAuditKey(store) })
    found.push({ name: `${generation} key of the audit log`, bytes: ring.auditKey.slice() })
    for (const { id, ...project } of allProjects(store)) {
      found.push({ name: `${generation} key of project ${project.name}`, bytes: ring.projectKey(id, project).slice() })
    }
    ring.wipe()
    return found
  } finally {
    await store.close()
  }
}

/** Our program without the passphrase, or with it on the terminal's place. */
async function tvault(
  words: string[],
  options: { stdin?: Uint8Array; env?: Record<string, string> } = {},
): Promise<void> {
  const env = { TVAULT_PASSPHRASE: '', ...options.env }
  const { code, err } = await room.exec([BINARY, ...words], { ...options, env })
  if (code !== 0) throw new Error(`${words.join(' ')} ended with ${code}: ${err}`)
}

async function start(
  flags: string[] = [],
  command = [BINARY, 'agent', 'start', '--locked'],
  more: Record<string, string> = {},
): Promise<void> {
  const { TVAULT_PASSPHRASE: _, ...env } = room.environment
  const child = Bun.spawn([...command, ...flags], {
    cwd: room.folder,
    env: { ...env, ...more },
    stdin: 'ignore',
    stdout: 'ignore',
    stderr: 'pipe',
  })
  agent = child
  let said = ''
  const { promise, resolve: listening } = Promise.withResolvers<void>()
  void (async () => {
    for await (const chunk of child.stderr as unknown as AsyncIterable<Uint8Array>) {
      said += Buffer.from(chunk).toString()
      if (said.includes('listening')) listening()
    }
    listening()
  })()
  await promise
  if (!said.includes('listening')) throw new Error(said)
}

const socket = (): string => join(room.vault, 'agent.sock')
const ask = (request: object): Promise<unknown> => exchange(socket(), `${JSON.stringify({ v: 1, ...request })}\n`)

/** Unlocks over the socket, and has everything served and taken that the agent serves and takes. */
async function useEverything(): Promise<void> {
  await tvault(['unlock'], { env: { TVAULT_PASSPHRASE: passphrase } })
  needles.push(...(await keys('first')))
  for (let turn = 0; turn < 2; turn++) {
    for (const key of ['READ', 'BIG', 'BINARY']) await tvault(['get', key])
    await tvault(['env', '--only', 'MANY_1,MANY_2'])
    await tvault(['run', '--only', 'MANY_1', '--', 'true'])
    await ask({ op: 'get', key: 'PLAIN' })
    await ask({ op: 'get', key: 'BIG' })
    await ask({ op: 'getselected', only: ['PLAIN_2', 'MANY_1'] })
  }
  redactOutput()
  await tvault(['set', 'WRITTEN', '--stdin'], { stdin: value('written') })
  await tvault(['set', 'WRITTEN_BIG', '--stdin'], {
    stdin: Buffer.concat([value('written big'), Buffer.alloc(300_000, 'x')]),
  })
  await tvault(['projects', 'create', 'made'])
  await tvault(['set', 'IN_MADE', '--stdin', '-p', 'made'], { stdin: value('in a project made by the agent') })
  await tvault(['get', 'IN_MADE', '-p', 'made'])
  await tvault(['rollback', 'TWICE', '--to', '1'])
  await tvault(['delete', 'GONE', '-y'])
  needles.push(...(await keys('second')).filter(({ name }) => name.includes('made')))
}

/** Has the output of an AI agent's program looked at for all values, and returns what the tables hold of READ. */
function redactOutput(): Needle[] {
  writeFileSync(join(room.vault, 'mcp-policy.yaml'), policyText({ mode: 'full', reads: 0, exec: true }), {
    mode: 0o600,
  })
  const client = AgentClient.connect(socket(), {
    ...{ command: 'mcp exec', effect: 'inject', interactive: false, client: { name: 'tvault', version: 'test' } },
    principal: { kind: 'mcp', client: 'memory', version: '', act: { argv: ['env'] }, notes: {} },
  })
  try {
    const { bytes } = needles.find(({ name }) => name === 'READ')!
    expect(client.request({ op: 'redact-begin' }, [['default']])).toMatchObject({ values: expect.any(Number) })
    const told = client.request({ op: 'redact' }, [0, bytes, true]) as { bytes: Uint8Array }
    expect(Buffer.from(told.bytes).toString()).toBe('[REDACTED:READ]')
    const folded = Buffer.from(Buffer.from(bytes).toString().toLowerCase().replaceAll('-', '+'))
    return [{ name: 'READ in a table', bytes: folded }]
  } finally {
    client.close()
  }
}

function shown(hits: readonly Hit[]): string[] {
  return [...new Set(hits.map(({ name, place }) => `${name} in ${place}`))]
}

/** Nothing may be found in the process. */
function nothingLeft(when: string): void {
  const { hits, bytes } = scanMemory(agent!.pid, needles)
  expect([when, shown(hits)]).toEqual([when, []])
  expect(bytes).toBeGreaterThan(20e6)
}

beforeAll(() => {
  if (IS_ROOT) console.log(`memory of the agent: ${BINARY}`)
})

beforeEach(async () => {
  if (!IS_ROOT) return
  room = new Room()
  needles = []
  passphrase = `memory test ${crypto.randomUUID()} ${crypto.randomUUID()}`
  needles.push({ name: 'passphrase', bytes: Buffer.from(passphrase) })
  const env = { TVAULT_PASSPHRASE: passphrase }
  await tvault(['init', ...CHEAP], { env })
  const texts = ['READ', 'PLAIN', 'PLAIN_2', 'MANY_1', 'MANY_2', 'GONE']
  const lines = texts.map((key) => `${key}=${Buffer.from(value(key)).toString()}\n`)
  await tvault(['import', '-'], { stdin: Buffer.from(lines.join('')), env })
  await tvault(['set', 'BIG', '--stdin'], { stdin: Buffer.concat([value('BIG'), Buffer.alloc(700_000, 'b')]), env })
  const binary = Buffer.concat([Buffer.of(0xff, 0xfe), value('BINARY')])
  await tvault(['set', 'BINARY', '--stdin'], { stdin: binary, env })
  for (const version of ['one', 'two'])
    await tvault(['set', 'TWICE', '--stdin'], { stdin: value(`TWICE ${version}`), env })
})

afterEach(async () => {
  agent?.kill('SIGKILL')
  await agent?.exited
  agent = undefined
  room?.remove()
})
afterAll(() => room?.remove())

rootTest('the scan sees the keys while it is unlocked, once each and in locked memory', true, async () => {
  await start()
  await useEverything()
  const { hits } = scanMemory(agent!.pid, needles)
  const names = new Set(hits.map(({ name }) => name))
  expect([...names].sort()).toEqual([
    'first key of project default',
    'first key of the audit log',
    'first key of the passphrase',
    'second key of project made',
  ])
  // Each of them once, in the one block that is locked and left out of dumps.
  expect(hits).toHaveLength(4)
  expect(new Set(hits.map(({ place }) => place)).size).toBe(1)
  const status = await Bun.file(`/proc/${agent!.pid}/status`).text()
  expect(status).toMatch(/VmLck:\s+[1-9]/)
})

/**
 * A core dump by the kernel, of an agent that could not make itself undumpable: that call is taken away from it, and the
 * limit is lifted from outside. What is left is that the keys are in memory that is left out of dumps.
 */
async function dumped(before: () => Promise<void>): Promise<Hit[]> {
  const flags = ['-f', '-qq', '-o', '/dev/null', '-e', 'trace=prctl', '-e', 'inject=prctl:retval=0']
  await start([], [STRACE!, ...flags, BINARY, 'agent', 'start', '--locked'])
  const tracer = agent!
  const pid = Number(readFileSync(join(room.vault, 'agent.pid'), 'utf8'))
  tracer.kill('SIGKILL')
  await tracer.exited
  await useEverything()
  await before()
  expect((await room.exec(['prlimit', `--pid=${pid}`, '--core=unlimited:unlimited'])).code).toBe(0)
  const dump = join(room.folder, 'core')
  process.kill(pid, 'SIGABRT')
  await until(() => existsSync(dump) && !existsSync(`/proc/${pid}`), 60_000)
  const { hits, bytes } = scanFile(dump, needles)
  rmSync(dump)
  expect(bytes).toBeGreaterThan(10e6)
  return hits
}

rootTest('a core dump of an unlocked agent has no key in it', DUMPS, async () => {
  expect(shown(await dumped(async () => undefined))).toEqual([])
})

rootTest('a core dump of a locked agent has nothing in it', DUMPS, async () => {
  expect(shown(await dumped(() => tvault(['lock'])))).toEqual([])
})

rootTest('lock, and unlocked and locked again', true, async () => {
  await start()
  await useEverything()
  const tables = redactOutput()
  expect(shown(scanMemory(agent!.pid, tables).hits)).not.toEqual([])
  needles.push(...tables)
  await tvault(['lock'])
  nothingLeft('locked')
  await tvault(['unlock'], { env: { TVAULT_PASSPHRASE: passphrase } })
  await tvault(['get', 'READ'])
  await tvault(['lock'])
  nothingLeft('locked again')
})

rootTest('a rotation by the agent, then lock: neither the old nor the new key', true, async () => {
  await start()
  await useEverything()
  const fresh = `rotated ${crypto.randomUUID()} ${crypto.randomUUID()}`
  needles.push({ name: 'new passphrase', bytes: Buffer.from(fresh) })
  await tvault(['key', 'rotate', ...CHEAP], { env: { TVAULT_PASSPHRASE: passphrase, TVAULT_NEW_PASSPHRASE: fresh } })
  passphrase = fresh
  needles.push(...(await keys('rotated')))
  await tvault(['unlock'], { env: { TVAULT_PASSPHRASE: passphrase } })
  await tvault(['get', 'READ'])
  await tvault(['lock'])
  nothingLeft('rotated and locked')
})

rootTest('limit', true, async () => {
  await start(['--limit', '20s'])
  await useEverything()
  await until(async () => {
    const { out } = await room.exec([BINARY, 'agent', 'status', '--json'], { env: { TVAULT_PASSPHRASE: '' } })
    return (JSON.parse(out.toString()) as { unlocked?: boolean }).unlocked === false
  }, 60_000)
  nothingLeft('limit')
})

/** Holds the agent at its last system call, so that its memory can be looked at when everything was put away. */
async function held(end: () => Promise<unknown>, when: string): Promise<void> {
  const { pid } = agent!
  const delay = `exit_group:delay_enter=${HELD_SECONDS * 1_000_000}`
  const tracer = Bun.spawn([STRACE!, '-f', '-p', String(pid), '-e', 'trace=exit_group', '-e', `inject=${delay}`], {
    stdout: 'ignore',
    stderr: 'pipe',
  })
  const words = tracer.stderr.getReader()
  await words.read()
  try {
    await end()
    // The last thing before the end is that the place is given back.
    await until(() => !existsSync(socket()) && !existsSync(join(room.vault, 'agent.lock')), 60_000)
    await Bun.sleep(500)
    expect(existsSync(`/proc/${pid}/mem`)).toBeTrue()
    nothingLeft(when)
  } finally {
    tracer.kill('SIGKILL')
  }
}

rootTest('SIGTERM', STRACE !== null, async () => {
  await start()
  await useEverything()
  await held(async () => agent!.kill('SIGTERM'), 'SIGTERM')
})

rootTest('stop', STRACE !== null, async () => {
  await start()
  await useEverything()
  await held(() => tvault(['agent', 'stop']), 'stop')
})

rootTest('idle', STRACE !== null, async () => {
  await start(['--idle', '10s'])
  await useEverything()
  await held(async () => undefined, 'idle')
})

rootTest('a fault of its own', STRACE !== null, async () => {
  const script = `
    const { serveAgent } = await import(${JSON.stringify(join(SOURCE, 'context', 'agent-serve.ts'))})
    const { AgentLog } = await import(${JSON.stringify(join(SOURCE, 'context', 'agent-log.ts'))})
    await serveAgent({
      directory: ${JSON.stringify(room.vault)}, version: 'test', lockMilliseconds: 10_000, idle: 0, limit: 0,
      requireToken: false, tokenFile: undefined, log: new AgentLog(${JSON.stringify(room.vault)}, 'info'), passphrase: undefined,
      ready: () => { require('node:fs').writeSync(2, 'listening') },
    })`
  // The signal that nobody else uses is where the fault is planted.
  const planted = `process.on('SIGUSR2', () => { throw new Error('planted') }); ${script}`
  await start([], [process.execPath, '-e', planted])
  await useEverything()
  await held(async () => agent!.kill('SIGUSR2'), 'fault')
})

rootTest('a passphrase that came in the environment', true, async () => {
  await start([], [BINARY, 'agent', 'start'], { TVAULT_PASSPHRASE: passphrase, KEPT: 'not ASCII ü' })
  const environment = readFileSync(`/proc/${agent!.pid}/environ`)
  expect(environment.includes(Buffer.from('KEPT=not ASCII ü\0'))).toBeTrue()
  expect(environment.includes(Buffer.from(passphrase))).toBeFalse()
  await tvault(['get', 'READ'])
  await tvault(['lock'])
  nothingLeft('environment')
})
