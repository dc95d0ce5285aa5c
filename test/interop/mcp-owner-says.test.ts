// Attacks G of mcp-weak-points: what an owner could not say to TinyVault 0.23, said in a policy of the vault and held on the
// compiled program. Each line shows a call that is wanted and done, and its neighbours that are refused. One server for all;
// what is elsewhere: budgets that outlive a server and a required purpose in mcp-attacks-rest, the owner's word in
// mcp-approvals, environments in mcp-environments.
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { confinement } from '../../src/guard/confinement.ts'
import type { McpClient, Reply } from './mcp-client.ts'
import { Cell, plantedPlace } from './mcp-place.ts'

setDefaultTimeout(60_000)

const KEYS = [
  'USE_ONLY',
  'APP_ONLY',
  'OTHER_ONLY',
  'WORDS',
  'HOST',
  'FOLDER',
  'FILE',
  'WAITS',
  'FREELY',
  'MINE',
  'STILL',
]
KEYS.push('OVER', 'LATER', 'OFTEN', 'RUN_ONLY', 'WRITE_ONLY', 'MAKE_ONLY', 'DAILY', 'SHADOW', 'LIGHT', 'QUIET')
const valueOf = (key: string): string => `owner-says-${key}-7Qm4xW9zKd2p`

/** `work` is the directory of the server. */
const policy = (work: string): string => `
[allow use only]
project = app
key = USE_ONLY, RUN_ONLY
effect = run
command = printenv **
[allow here]
project = app
key = APP_ONLY
effect = get
[allow there]
project = default
key = OTHER_ONLY
effect = get
[allow words]
project = app
key = WORDS
effect = run
command = echo ok *
[allow host]
project = app
key = HOST
effect = run
host = 127.0.0.1:9
[allow folder]
project = app
key = FOLDER
effect = run
command = pwd
directory = ${work}/inside
[allow file]
project = app
key = FILE
effect = write-file
file = ${work}/.env.out
[allow asked]
project = app
key = WAITS, FREELY
effect = get
[approve waits]
key = WAITS
[allow mine]
client = matrix
project = app
key = MINE
effect = get
[allow still]
project = app
key = STILL
effect = get
from = 2020-01-01
until = 2999-01-01
[allow over]
key = OVER
effect = get
until = 2020-01-01
[allow later]
key = LATER
effect = get
from = 2999-01-01
[allow often]
project = app
key = OFTEN
effect = run
command = true
runs = 2 per hour
[allow writing]
project = app
key = WRITE_ONLY
effect = set
[allow making]
project = app
key = MAKE_ONLY
effect = generate
[allow daily]
project = app
key = DAILY
effect = get
reads = 1 per day
[allow light]
project = app
key = LIGHT, SHADOW
effect = get
[deny shadow]
key = SHADOW
[allow quietly]
project = app
key = QUIET
effect = run
command = sh -c **
output = exit
`

const place = plantedPlace()
const cell = new Cell(place, {
  rules: undefined,
  own: '[allow names]\neffect = list\n',
  key: 'passphrase',
  words: words(),
})
let other: McpClient

function words(): string[] {
  return ['--inside', '127.0.0.1:9', '--inside', '127.0.0.1:10', '--refusals', '1000000']
}

beforeAll(async () => {
  mkdirSync(join(cell.work, 'inside', 'deep'), { recursive: true })
  const file = join(place.folder, '.env')
  writeFileSync(file, KEYS.map((key) => `${key}=${valueOf(key)}\n`).join(''))
  for (const project of ['app', 'default']) cell.place.must(['import', file, '-p', project])
  await cell.client.initialize()
  other = cell.start()
  await other.initialize({ name: 'another', version: '1' })
})
afterAll(async () => {
  await other.end()
  await cell.end()
  cell.remove()
  place.remove()
})

type Given = Record<string, unknown>

const call = (tool: string, given: Given, client = cell.client) => client.call(tool, { project: 'app', ...given })
const get = (key: string, more: Given = {}, client = cell.client) => call('vault_get_secret', { key, ...more }, client)
const set = (key: string) => call('vault_set_secret', { key, value: 'x7-new-value-99' })
const make = (key: string) => call('vault_generate_secret', { key, force: true, length: 24 })
const exec = (key: string, argv: readonly string[], more: Given = {}) =>
  call('vault_exec', { argv, secrets: [key], ...more })
const ask = (key: string, url: string) =>
  call('vault_http_request', { url, headers: [`A: {{${key}}}`], purpose: 'try' })
const inject = (key: string, name: string) =>
  call('vault_inject_env', { key, file_path: join(cell.work, name), purpose: 'try' })

function refused(reply: Reply, reason?: string): void {
  expect([reply.isError, reply.data['kind']]).toEqual([true, expect.stringMatching(/^(?:denied|not_found)$/)])
  if (reason !== undefined) expect(reply.data['reason']).toBe(reason)
  expect(reply.text).not.toContain('owner-says-')
}

const told = ({ data }: Reply, key: string): void => expect(data['value']).toBe(valueOf(key))
const ran = ({ isError, data }: Reply, exitCode = 0): void =>
  expect([isError, data['exit_code']]).toEqual([false, exitCode])

test('G: a policy that is stored holds at once, without a restart', async () => {
  refused(await get('APP_ONLY'))
  cell.place.must(['policy', 'set', '-'], { stdin: policy(cell.work) })
  told(await get('APP_ONLY'), 'APP_ONLY')
  expect(cell.client.notifications).toContainEqual({ jsonrpc: '2.0', method: 'notifications/tools/list_changed' })
})

describe.if(confinement().confined)('G, programs:', () => {
  test('a key is used and never read', async () => {
    ran(await exec('USE_ONLY', ['printenv', 'USE_ONLY']))
    refused(await get('USE_ONLY'))
    refused(await call('vault_diff_env', { file: '.env.probe', compare_values: true }))
    refused(await inject('USE_ONLY', '.env.out'))
    refused(await ask('USE_ONLY', 'https://127.0.0.1:9/'))
  })

  test('programs without leave to write', async () => {
    ran(await exec('RUN_ONLY', ['printenv', 'RUN_ONLY']))
    for (const reply of [await set('RUN_ONLY'), await make('RUN_ONLY')]) refused(reply)
    refused(await call('vault_delete_secret', { key: 'RUN_ONLY' }))
  })

  test('a program with these words', async () => {
    ran(await exec('WORDS', ['echo', 'ok', 'x']))
    for (const argv of [
      ['echo', 'ok'],
      ['echo', 'ok', 'x', 'y'],
      ['/bin/echo', 'ok', 'x'],
      ['sh', '-c', 'echo ok x'],
    ])
      refused(await exec('WORDS', argv))
  })

  test('a program in this directory and below', async () => {
    for (const directory of ['inside', 'inside/deep']) ran(await exec('FOLDER', ['pwd'], { directory }))
    for (const directory of ['.', 'inside/..', '..']) refused(await exec('FOLDER', ['pwd'], { directory }))
    refused(await exec('FOLDER', ['pwd']))
  })

  test('how often', async () => {
    for (let i = 0; i < 2; i++) ran(await exec('OFTEN', ['true']))
    refused(await exec('OFTEN', ['true']), 'budget_exhausted')
  })

  test('that only the end of a program is told', async () => {
    const quiet = await exec('QUIET', ['sh', '-c', 'echo "$QUIET"; exit 3'], { output: 'full' })
    ran(quiet, 3)
    expect(quiet.data).not.toHaveProperty('stdout')
    refused(await exec('QUIET', ['env']))
  })
})

test('G: keys for each project, another policy for each', async () => {
  told(await get('APP_ONLY'), 'APP_ONLY')
  told(await get('OTHER_ONLY', { project: 'default' }), 'OTHER_ONLY')
  refused(await get('APP_ONLY', { project: 'default' }))
  refused(await get('OTHER_ONLY'))
})

test('G: hosts that a value may go to', async () => {
  // Nobody listens there; it was let go.
  expect((await ask('HOST', 'https://127.0.0.1:9/')).data['kind']).toBe('failed')
  for (const host of ['127.0.0.1:10', '127.0.0.1', 'example.com:9']) refused(await ask('HOST', `https://${host}/`))
})

test('G: files that a value may be written into', async () => {
  expect((await inject('FILE', '.env.out')).isError).toBe(false)
  expect(readFileSync(join(cell.work, '.env.out'), 'utf8')).toContain(valueOf('FILE'))
  for (const name of ['.env.other', 'inside/.env.out', '../.env.out']) {
    refused(await inject('FILE', name))
    expect(existsSync(join(cell.work, name))).toBe(false)
  }
})

test('G: that the owner is asked, for one key and not for its neighbour', async () => {
  told(await get('FREELY'), 'FREELY')
  refused(await get('WAITS'), 'approval_required')
})

test('G: who asks', async () => {
  told(await get('MINE'), 'MINE')
  refused(await get('MINE', {}, other))
  told(await get('STILL', {}, other), 'STILL')
})

test('G: until when', async () => {
  told(await get('STILL'), 'STILL')
  for (const key of ['OVER', 'LATER']) refused(await get(key))
})

test('G: to write and never read, to make and never choose', async () => {
  expect((await set('WRITE_ONLY')).isError).toBe(false)
  for (const reply of [await get('WRITE_ONLY'), await exec('WRITE_ONLY', ['printenv', 'WRITE_ONLY'])]) refused(reply)
  expect((await make('MAKE_ONLY')).isError).toBe(false)
  for (const reply of [await set('MAKE_ONLY'), await get('MAKE_ONLY')]) refused(reply)
})

test('G: how many reads of one key in a day', async () => {
  told(await get('DAILY'), 'DAILY')
  refused(await get('DAILY'), 'budget_exhausted')
  told(await get('LIGHT'), 'LIGHT')
})

test('G: that a name, and its rows in the log, are not known', async () => {
  cell.place.must(['get', 'SHADOW', '-p', 'app'])
  const [list, log] = [await call('vault_list_secrets', {}), await call('vault_audit_log', { limit: 1000 })]
  for (const { text } of [list, log]) expect([text.includes('LIGHT'), text.includes('SHADOW')]).toEqual([true, false])
  refused(await get('SHADOW'))
})

test('G: why something is refused', () => {
  const explain = (...more: string[]) => {
    const { code, out } = cell.place.run(['policy', 'explain', ...more, '-p', 'app', '--client', 'matrix'])
    return [code, out.toString()]
  }
  expect(explain('get', 'MINE')).toEqual([0, expect.stringContaining('mine')])
  expect(explain('get', 'SHADOW')).toEqual([8, expect.stringContaining('shadow')])
  expect(explain('run', 'WORDS', '--command', 'echo no')).toEqual([8, expect.stringContaining('command is not')])
})

test('G: which tools there are', async () => {
  const few = cell.start(['--tools', 'vault_get_secret,vault_list_secrets'])
  await few.initialize()
  expect((await few.tools()).map(({ name }) => name)).toEqual(['vault_get_secret', 'vault_list_secrets'])
  told(await get('MINE', {}, few), 'MINE')
  const { isError, text } = await call('vault_set_secret', { key: 'WRITE_ONLY', value: 'x' }, few)
  expect([isError, text.includes('WRITE_ONLY')]).toEqual([true, false])
  await few.end()
})
