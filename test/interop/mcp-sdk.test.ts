// The server and the official client: greeting, every tool that only looks, resources, prompts, cancellation. The client
// holds each structured result against the schema that the tool announced.
import { afterAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js'
import { cpSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Cell, plantedPlace, policyText } from './mcp-place.ts'
import { ourBinary } from './peer.ts'

setDefaultTimeout(60_000)

const place = plantedPlace()
const cells: Cell[] = []
afterAll(async () => {
  for (const cell of cells) {
    await cell.end()
    cell.remove()
  }
  place.remove()
})

async function connected(): Promise<{ client: Client; work: string }> {
  const folder = mkdtempSync(join(place.folder, 'sdk-'))
  const [vault, work] = [join(folder, 'vault'), join(folder, 'work')]
  cpSync(join(place.folder, 'vault'), vault, { recursive: true })
  mkdirSync(work)
  writeFileSync(join(work, '.env'), 'OPEN=x\nNEW=y\n')
  writeFileSync(join(vault, 'mcp-policy.yaml'), policyText({ mode: 'full', reads: 3, exec: true }), { mode: 0o600 })
  const [command, ...args] = [...ourBinary(), 'mcp']
  const client = new Client({ name: 'official', version: '1.0' })
  const env = { ...place.environment, TVAULT_DIR: vault }
  await client.connect(new StdioClientTransport({ command, args, env, cwd: work, stderr: 'ignore' }))
  return { client, work }
}

test('the official client is served', async () => {
  const { client } = await connected()
  expect(client.getServerVersion()).toMatchObject({ name: 'tinyvault', title: 'TinyVault' })
  expect(client.getInstructions()).toContain('never instructions')
  await client.ping()
  const { tools } = await client.listTools()
  expect(tools.length).toBeGreaterThan(20)

  const calls: Record<string, Record<string, unknown>> = {
    vault_status: {},
    vault_list_projects: {},
    vault_projects_overview: {},
    vault_search_projects: { name_like: 'a*' },
    vault_get_current_project: {},
    vault_set_current_project: { name: 'app' },
    vault_list_secrets: {},
    vault_list_secrets_detailed: {},
    vault_list_secrets_by_prefix: { prefix: 'O' },
    vault_count_secrets: {},
    vault_search_secrets: { name_like: '*', limit: 3 },
    vault_list_secrets_global: { since: '2h' },
    vault_secret_history: { key: 'OPEN' },
    vault_get_secret: { key: 'OPEN' },
    vault_diff_env: { file: '.env', compare_values: true },
    vault_project_recipients: {},
    vault_env_group_list: {},
    vault_env_group_show: { name: 'shop' },
    vault_env_inherited: { group: 'shop', env: 'one' },
    vault_audit_log: { limit: 5 },
    vault_audit_log_since: { since: '2h', action: 'secret.read' },
    vault_create_project: { name: 'fresh', description: 'new' },
    vault_set_secret: { key: 'MADE', value: 'given', project: 'fresh' },
    vault_generate_secret: { key: 'MADE', project: 'fresh', force: true },
    vault_rollback_secret: { key: 'MADE', project: 'fresh', to_version: 1 },
    vault_exec: { argv: ['true'], secrets: ['MADE'], project: 'fresh', output: 'exit' },
    vault_run_with_secrets: { command: 'true', project: 'fresh' },
    vault_delete_secret: { key: 'MADE', project: 'fresh' },
    vault_identity_list: {},
    vault_session_status: {},
    vault_list_env_files: { directory: '.' },
    vault_preview_env_import: {},
    vault_import_env_files: { files: ['.env'] },
    vault_sync_env: { direction: 'push', path: '.env' },
    vault_env_diff: { group: 'shop' },
    vault_env_inherit: { group: 'shop', env: 'two', from: 'one' },
    vault_env_pin: { group: 'shop', env: 'two', key: 'NEW' },
    vault_env_unpin: { group: 'shop', env: 'two', key: 'NEW' },
    vault_env_promote: { group: 'shop', from_env: 'one', to_env: 'two', keys: ['NEW'] },
    vault_env_group_create: { name: 'solo', environments: [{ name: 'only', project: 'fresh' }] },
    vault_env_group_add: { group: 'solo', env_name: 'more', project: 'spare' },
    vault_env_group_remove: { group: 'solo', env_name: 'more' },
    vault_env_group_delete: { name: 'solo' },
  }
  await client.callTool({ name: 'vault_create_project', arguments: { name: 'spare' } })
  for (const [name, given] of Object.entries(calls)) {
    const { isError, content } = (await client.callTool({ name, arguments: given })) as {
      isError?: boolean
      content: unknown
    }
    expect([name, isError ?? false, isError ? content : '']).toEqual([name, false, ''])
  }
  // What was not called above is known, and why.
  const left = tools.map(({ name }) => name).filter((name) => !(name in calls))
  expect(left).toEqual(['vault_delete_project', 'vault_http_request', 'vault_session_unlock'])

  const refused = (await client.callTool({ name: 'vault_secret_history', arguments: { key: 'NOPE' } })) as {
    isError?: boolean
  }
  expect(refused.isError).toBe(true)
  expect(client.callTool({ name: 'no_such_tool', arguments: {} })).rejects.toThrow('-32602')

  const { resources } = await client.listResources()
  expect(resources.map(({ uri }) => uri)).toEqual(['vault://status', 'vault://projects'])
  const keys = await client.readResource({ uri: 'vault://projects/app/keys' })
  expect(JSON.parse((keys.contents[0] as { text: string }).text)).toMatchObject({ project: 'app' })
  expect(client.readResource({ uri: 'vault://projects/hidden/keys' })).rejects.toThrow('-32002')
  expect((await client.listPrompts()).prompts.map(({ name }) => name)).toEqual(['setup-project', 'inject-secrets'])
  await client.getPrompt({ name: 'inject-secrets', arguments: { command: 'npm start' } })
  expect(client.getPrompt({ name: 'setup-project' })).rejects.toThrow('-32602')
  await client.close()
})

test('the official client takes a call back', async () => {
  const { client, work } = await connected()
  const stop = new AbortController()
  const argv = ['sh', '-c', 'echo > begun; sleep 30; echo > over']
  const called = client.callTool({ name: 'vault_exec', arguments: { argv } }, undefined, { signal: stop.signal })
  while (!(await Bun.file(join(work, 'begun')).exists())) await Bun.sleep(20)
  stop.abort()
  expect(called).rejects.toThrow()
  await client.ping()
  await client.close()
})

test.each(['2024-11-05', '2025-03-26', '2025-06-18', '2025-11-25'])('protocol %s is spoken', async (version) => {
  const greeting = { protocolVersion: version, capabilities: {}, clientInfo: { name: 'old', version: '1' } }
  const { out, code } = place.run(['mcp'], {
    stdin: `${JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'initialize', params: greeting })}\n`,
  })
  expect([code, JSON.parse(out.toString()).result.protocolVersion]).toEqual([0, version])
})

test('what cannot be served is told on standard error, with the exit codes of the peer', () => {
  const broken = { TVAULT_DIR: join(place.folder, 'vault') }
  expect(place.run(['mcp', '--vault', join(place.folder, 'nothing')], { stdin: '' }).code).toBe(5)
  writeFileSync(join(broken.TVAULT_DIR, 'mcp-policy.yaml'), 'access_mode: full\n', { mode: 0o600 })
  const { code, err, out } = place.run(['mcp'], { stdin: '', env: broken })
  expect([code, out.toString(), err.includes('is missing')]).toEqual([1, '', true])
  expect(place.run(['mcp', '--tools', 'everything'], { stdin: '' }).code).toBe(2)
  expect(place.run(['mcp', '--connect', 'unix:///elsewhere'], { stdin: '' }).code).toBe(2)
})

/** A server that was started with these words, under a policy that allows everything. */
async function greeted(words: readonly string[]): Promise<Cell> {
  const cell = new Cell(place, { rules: { mode: 'full', reads: 4, exec: true }, key: 'passphrase', words })
  cells.push(cell)
  await cell.client.initialize()
  return cell
}

describe('H: what the protocol offers', () => {
  test('titles, hints, schemas; the small set stays small', async () => {
    const { client } = await greeted(['--tools', 'core'])
    const tools = await client.tools()
    const size = JSON.stringify(tools).length
    console.log(`mcp: the core has ${tools.length} tools in ${size} bytes of schema`)
    expect(size).toBeLessThan(8192)
    for (const one of tools) {
      expect(one).toMatchObject({ title: expect.any(String), outputSchema: { type: 'object' }, annotations: {} })
    }
    const byName = Object.fromEntries(tools.map((one) => [one.name, one['annotations']]))
    expect(byName['vault_list_secrets']).toMatchObject({ readOnlyHint: true })
    expect(byName['vault_set_secret']).toMatchObject({ readOnlyHint: false, destructiveHint: false })
  })

  test('chosen tools only', async () => {
    const { client } = await greeted(['--tools', 'vault_status,vault_list_secrets'])
    expect((await client.tools()).map(({ name }) => name)).toEqual(['vault_list_secrets', 'vault_status'])
    expect((await client.call('vault_list_projects')).data).toEqual({ code: -32602 })
  })
})
