// Attacks of mcp-weak-points that need a vault or a policy of their own: patterns, budgets that outlive a server, what an
// owner could not say, the audit chain. By their numbers, on the compiled program.
import { afterAll, expect, setDefaultTimeout, test } from 'bun:test'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { hitsIn } from './mcp-canary.ts'
import type { McpClient } from './mcp-client.ts'
import { CANARIES, Cell, cellsOfATest, plantedPlace } from './mcp-place.ts'
import type { CellWish } from './mcp-place.ts'

setDefaultTimeout(60_000)

const place = plantedPlace()
place.must(['projects', 'create', 'team/hidden'])
place.must(['set', 'signing_denied_key', '--stdin', '-p', 'app'], { stdin: CANARIES.denied })
place.must(['set', 'OPEN', '--stdin', '-p', 'team/hidden'], { stdin: CANARIES.hidden })
afterAll(() => place.remove())

const open = cellsOfATest()

async function cellOf(wish: CellWish): Promise<Cell> {
  const cell = new Cell(place, wish)
  open.push(cell)
  await cell.client.initialize()
  return cell
}

const own = (text: string): CellWish => ({
  rules: undefined,
  own: `[allow names]\neffect = list\n${text}`,
  key: 'passphrase',
})
const clean = (found: unknown) => expect(hitsIn(CANARIES, 'result', JSON.stringify(found))).toEqual([])

test('A9: what is denied is denied in every case of letters, and below a slash', async () => {
  const { client } = await cellOf({ rules: { mode: 'full', reads: 9, exec: true }, key: 'passphrase' })
  expect((await client.call('vault_get_secret', { key: 'signing_denied_key', project: 'app' })).data['kind']).toBe(
    'not_found',
  )
  expect((await client.call('vault_list_secrets', { project: 'team/hidden' })).data['kind']).toBe('not_found')
  expect((await client.call('vault_list_projects')).text).not.toContain('team/')
  const exec = { argv: ['env'], secrets: ['signing_denied_key'], project: 'app' }
  expect((await client.call('vault_exec', exec)).data['kind']).toBe('not_found')
})

test('A10: a budget outlives the server that it was used up in', async () => {
  const cell = await cellOf(own('[allow reading]\neffect = get\nkey = OPEN\nproject = app\nreads = 2 per day\n'))
  const get = async (from: McpClient) => (await from.call('vault_get_secret', { key: 'OPEN', project: 'app' })).data
  expect((await get(cell.client))['value']).toBe(CANARIES.open)
  const again = cell.start()
  await again.initialize()
  expect((await get(again))['value']).toBe(CANARIES.open)
  expect(await get(again)).toMatchObject({ kind: 'denied', reason: 'budget_exhausted' })
  await again.end()
  expect(await get(cell.client)).toMatchObject({ kind: 'denied', reason: 'budget_exhausted' })
})

test('C9: a value in two pieces does not come out of run --redact', () => {
  const script = 'printf %.9s "$OPEN"; sleep 0.2; printf %s "$OPEN" | cut -c10-'
  const { out, code } = place.run(['run', '-p', 'app', '--only', 'OPEN', '--redact', '--', 'sh', '-c', script])
  expect([code, out.toString().trim()]).toEqual([0, '[REDACTED:OPEN]'])
})

test('D7: a value that looks like a section of a sealed file does not become one', async () => {
  const cell = await cellOf({ rules: { mode: 'read-write', reads: 0 }, key: 'passphrase' })
  const { client, place: mine } = cell
  mine.must(['identity', 'new', 'ci'])
  const recipient = mine
    .must(['identity', 'list'])
    .toString()
    .match(/tvault1\w+/)![0]
  const seal = (...more: string[]) =>
    mine.run(['env', 'seal', '--group', 'shop', '--recipient', recipient, '-o', 'shop.sealed', ...more])
  const open = (...more: string[]) => mine.run(['decrypt-env', '-i', 'shop.sealed', '--identity', 'ci', ...more])
  const sealed = (): boolean => existsSync(join(mine.folder, 'shop.sealed'))
  // The client writes into one environment, and means the other. It cannot seal.
  for (const value of [
    'x\n--- tvault-env:two ---\nOPEN=evil-value',
    '--- tvault-env:two ---\nOPEN=evil-value\n--- end ---\n',
    'x\n--- end ---\n--- tvault-env:two ---\nOPEN=evil-value',
  ]) {
    expect((await client.call('vault_set_secret', { key: 'NEXT', value, project: 'app' })).isError).toBe(false)
    const { code, err } = seal()
    expect([code, err.includes('NEXT'), err.includes('evil'), sealed()]).toEqual([1, true, false, false])
  }
  expect((await client.call('vault_env_seal', { group: 'shop' })).data['reason']).toBe('not_for_agents')
  // The other environment alone is as it was, and a forged line that is none is a part of its value.
  await client.call('vault_set_secret', {
    key: 'NEXT',
    value: 'x\n--- tvault_env:two ---\nOPEN=evil-value',
    project: 'app',
  })
  expect(seal().code).toBe(0)
  const two = open('--section', 'two')
  expect([two.code, two.out.toString().includes(CANARIES.open), two.out.includes('evil')]).toEqual([0, true, false])
  const one = join(mine.folder, '.env.one')
  writeFileSync(one, open('--section', 'one').out)
  mine.must(['projects', 'create', 'back'])
  mine.must(['import', one, '-p', 'back'])
  expect(mine.must(['get', 'OPEN', '-p', 'back']).toString()).toBe(CANARIES.open)
  expect(mine.must(['get', 'NEXT', '-p', 'back']).toString()).toContain('\nOPEN=evil-value')
})

test('D11: lock reaches a server that unlocked itself', async () => {
  const cell = await cellOf({ rules: { mode: 'read-only', reads: 9 }, key: 'passphrase' })
  const get = async () => (await cell.client.call('vault_get_secret', { key: 'OPEN', project: 'app' })).data
  expect((await get())['value']).toBe(CANARIES.open)
  cell.place.must(['lock'])
  expect((await get())['kind']).toBe('locked')
  expect((await cell.client.call('vault_list_secrets', { project: 'app' })).isError).toBe(false)
})

test('E5 E6: what discloses leaves rows in an unbroken chain; what tells names leaves none', async () => {
  const cell = await cellOf({ rules: { mode: 'full', reads: 9, exec: true }, key: 'passphrase' })
  const { client } = cell
  const rows = () => (JSON.parse(cell.audit()) as { entries: { phase: string }[] }).entries
  const before = rows().length
  await client.call('vault_list_secrets', { project: 'app' })
  await client.call('vault_search_secrets', { name_like: '*' })
  await client.call('vault_audit_log')
  expect(rows().length).toBe(before)
  await client.call('vault_exec', { argv: ['true'], secrets: ['OPEN'], project: 'app', purpose: 'a test' })
  const fresh = rows().slice(0, rows().length - before)
  // That its output was looked at has a row of its own.
  expect(fresh.map(({ phase }) => phase).toSorted()).toEqual(['done', 'intent', 'outcome'])
  expect(cell.audit()).toContain('"purpose": "a test"')
  cell.place.must(['audit', 'verify'])
})

test('G: a purpose can be demanded of whoever is told a value, and is written down', async () => {
  const cell = await cellOf(
    own('[allow reading]\neffect = get\nkey = OPEN\nproject = app\npurpose = required\nreads = 9 per day\n'),
  )
  const get = (more: object) => cell.client.call('vault_get_secret', { key: 'OPEN', project: 'app', ...more })
  expect((await get({})).isError).toBe(true)
  expect((await get({ purpose: ' ' })).isError).toBe(true)
  expect((await get({ purpose: 'compare with production' })).data['value']).toBe(CANARIES.open)
  expect(cell.audit()).toContain('"purpose": "compare with production"')
})

test('G: a secret can be used by one program, for one purpose, and never be told', async () => {
  const { client } = await cellOf(
    own(`[allow one program]
client = matrix
project = app
key = OPEN
effect = run
command = sh -c "printf %s \\$OPEN | wc -c"
command = env
purpose = required
runs = 3 per hour
`),
  )
  const run = (argv: readonly string[], more = {}) =>
    client.call('vault_exec', { argv, secrets: ['OPEN'], project: 'app', purpose: 'count', ...more })
  const good = await run(['env'])
  expect([good.isError, good.data['exit_code']]).toEqual([false, 0])
  clean(good.data)
  // Other words, other keys, no purpose, another way to the value: each is refused.
  for (const refused of [
    await run(['env', '-0']),
    await run(['sh', '-c', 'true']),
    await run(['env'], { secrets: ['LINES'] }),
    await run(['env'], { purpose: undefined }),
    await client.call('vault_get_secret', { key: 'OPEN', project: 'app' }),
    await client.call('vault_set_secret', { key: 'OPEN', value: 'x', project: 'app' }),
    await client.call('vault_http_request', {
      url: 'https://example.com/',
      headers: ['A: {{OPEN}}'],
      project: 'app',
      purpose: 'send',
    }),
  ]) {
    expect(refused.isError).toBe(true)
    clean(refused.data)
  }
})

test('I: a passphrase in the environment is gone from it', async () => {
  const { client } = await cellOf({ rules: { mode: 'full', reads: 4 }, key: 'passphrase' })
  expect((await client.call('vault_get_secret', { key: 'OPEN', project: 'app' })).isError).toBe(false)
  const path = `/proc/${client.pid}/environ`
  let seen = ''
  try {
    seen = existsSync(path) ? readFileSync(path, 'latin1') : ''
  } catch {
    // The process let nobody look, which is as good.
  }
  expect(seen).not.toContain(CANARIES.passphrase)
})
