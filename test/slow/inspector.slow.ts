// The inspector of those who make the protocol, as a person would use it on the command line: it lists the tools and calls
// some, and checks by itself that every result is of the form that its tool promised. Installed once from npm, without
// scripts, beside what else is only there to compare with. Needs Node; without it, or without npm, that is said.
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { confinement } from '../../src/guard/confinement.ts'
import { hitsIn } from '../interop/mcp-canary.ts'
import { CANARIES, Cell, plantedPlace } from '../interop/mcp-place.ts'
import { ourBinary } from '../interop/peer.ts'

setDefaultTimeout(120_000)

/** The last one for the oldest Node that is still about. */
const PACKAGE = '@modelcontextprotocol/inspector@0.15.0'
const folder = join(import.meta.dir, '..', '..', '.bench', 'inspector')
const program = join(folder, 'node_modules', '.bin', 'mcp-inspector')

function installed(): boolean {
  if (existsSync(program)) return true
  if (Bun.which('node') === null || Bun.which('npm') === null) return false
  mkdirSync(folder, { recursive: true })
  const quiet = ['--ignore-scripts', '--no-audit', '--no-fund', '--no-package-lock', '--loglevel=error']
  const words = ['npm', 'install', '--prefix', folder, ...quiet, PACKAGE]
  return Bun.spawnSync(words, { stdout: 'ignore', stderr: 'ignore', timeout: 300_000 }).exitCode === 0
}

const place = plantedPlace()
let cell: Cell

interface Answer {
  code: number
  /** What it printed, as JSON, and as it was. */
  said: Record<string, unknown>
  text: string
}

/** One question by the inspector, which starts a server for it. */
async function inspect(method: string, ...more: string[]): Promise<Answer> {
  const child = Bun.spawn(['node', program, '--cli', ...ourBinary(), 'mcp', '--method', method, ...more], {
    cwd: cell.work,
    env: cell.place.environment,
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
  })
  const [text, errors, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited])
  return { code, said: text.startsWith('{') ? JSON.parse(text) : {}, text: `${text}${errors}` }
}

const call = (tool: string, given: Readonly<Record<string, string>>): Promise<Answer> =>
  inspect(
    'tools/call',
    ...['--tool-name', tool],
    ...Object.entries(given).flatMap(([name, value]) => ['--tool-arg', `${name}=${value}`]),
  )

// Here and not in a hook: an install takes longer than a hook may.
const isThere = installed()
if (!isThere)
  console.log('\n!!! the inspector of the protocol was NOT used: no Node, no npm, or no way to the registry\n')

beforeAll(async () => {
  cell = new Cell(place, { rules: { mode: 'full', reads: 2, exec: true }, key: 'passphrase' })
  await cell.client.initialize()
})
afterAll(async () => {
  await cell.end()
  cell.remove()
  place.remove()
})

describe.if(isThere)('the inspector', () => {
  test('lists what every client is told: tools, resources, prompts', async () => {
    const tools = (await inspect('tools/list')).said['tools'] as { name: string }[]
    expect(tools).toEqual(await cell.client.tools())
    const { said } = await inspect('resources/list')
    expect(said['resources']).toContainEqual(expect.objectContaining({ uri: 'vault://status' }))
    expect((await inspect('prompts/list')).said['prompts']).toHaveLength(2)
  })

  test.each([
    ['vault_status', {}, { project_count: 2 }],
    ['vault_list_secrets', { project: 'app' }, { project: 'app', secrets: [{ key: 'LINES' }, { key: 'OPEN' }] }],
    ['vault_count_secrets', { project: 'app' }, { count: 2 }],
    ['vault_secret_history', { project: 'app', key: 'OPEN' }, {}],
    ['vault_set_secret', { project: 'app', key: 'FRESH', value: 'x7-fresh' }, { key: 'FRESH' }],
    ['vault_get_secret', { project: 'app', key: 'OPEN' }, { key: 'OPEN', value: CANARIES.open }],
    ['vault_env_group_list', {}, {}],
    ['vault_audit_log', { limit: '5' }, {}],
  ] as const)('calls %s, and its result is as promised', async (tool, given, wanted) => {
    const { code, said } = await call(tool, given)
    expect([code, said['isError'] ?? false]).toEqual([0, false])
    expect(said['structuredContent']).toMatchObject(wanted)
  })

  test('runs a program, which gets the value, and shows none', async () => {
    if (!confinement().confined) return
    const script = JSON.stringify(['sh', '-c', 'echo "$OPEN"; exit 3'])
    const { code, said, text } = await call('vault_exec', { project: 'app', argv: script, secrets: '["OPEN"]' })
    expect([code, said['structuredContent']]).toMatchObject([0, { exit_code: 3, stdout: '[REDACTED:OPEN]\n' }])
    expect(hitsIn(CANARIES, 'inspector', text)).toEqual([])
  })

  test('is told what is refused, and why', async () => {
    const { said, text } = await call('vault_get_secret', { project: 'app', key: 'MY_DENIED_KEY' })
    expect(said['isError']).toBe(true)
    expect(text).toContain('not_found')
    expect((await call('vault_seal_for_recipients', { project: 'app' })).text).toContain('not_for_agents')
  })
})
