// Secrets of tier 2: whatever the policy allows an AI client, each use beyond the name takes the owner's word. With the
// file of TinyVault, with an own policy, and where nobody can be asked.
import { afterAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { join } from 'node:path'
import { confinement } from '../../src/guard/confinement.ts'
import { hitsIn } from './mcp-canary.ts'
import { CANARIES, Cell, cellsOfATest, plantedPlace } from './mcp-place.ts'
import type { CellWish } from './mcp-place.ts'

setDefaultTimeout(60_000)

const place = plantedPlace()
afterAll(() => place.remove())
place.must(['set', 'PLAIN', '--stdin', '-p', 'app'], { stdin: 'a plain value 5Tg7bN' })
place.must(['tier', 'raise', 'OPEN', 'LINES', '-p', 'app'])
place.must(['env', 'inherit', '--group', 'shop', '--env', 'two', '--from', 'one'])
place.must(['projects', 'create', 'inheriting'])
place.must(['env', 'group', 'create', 'kin', '--env', 'base=app', '--env', 'kin=inheriting', '--force'])
place.must(['env', 'inherit', '--group', 'kin', '--env', 'kin', '--from', 'base'])
const open = cellsOfATest()

const OWN =
  '[session]\nwait = 20\n[allow all]\neffect = get, compare, run, set, delete\ncommand = **\nhost = api.test\n' +
  '[allow file]\neffect = write-file\nfile = /**\n'
const POLICIES: readonly [string, Pick<CellWish, 'rules' | 'own'>][] = [
  ['the file of TinyVault', { rules: { mode: 'full', reads: 50, exec: true } }],
  ['a policy of the vault', { rules: undefined, own: OWN }],
]

async function serving(wish: Pick<CellWish, 'rules' | 'own'>, key: CellWish['key']) {
  const cell = new Cell(place, { ...wish, key, words: ['--host', 'api.test', '--refusals', '1000000'] })
  open.push(cell)
  await cell.client.initialize({ name: 'claude', version: '2' })
  const call = (name: string, given: object = {}) => cell.client.call(name, { project: 'app', ...given })
  const pending = () => JSON.parse(cell.place.must(['approvals', '--json']).toString()).pending
  const waiting = async (): Promise<string> => {
    for (;;) {
      const [first] = pending()
      if (first) return first.id
      await Bun.sleep(20)
    }
  }
  return { cell, call, waiting, pending }
}

/** Uses of a secret of tier 2, each alone. */
const USES: readonly [string, string, object][] = [
  ['read', 'vault_get_secret', { key: 'OPEN' }],
  ['an old version', 'vault_get_secret', { key: 'OPEN', version: 1 }],
  ['given to a program', 'vault_exec', { argv: ['true'], secrets: ['OPEN', 'PLAIN'] }],
  ['by prefix', 'vault_exec', { argv: ['true'], prefix: 'LIN' }],
  ['by a line', 'vault_run_with_secrets', { command: 'true', secrets: ['OPEN'] }],
  ['sent', 'vault_http_request', { url: 'https://api.test/?k={{OPEN}}', purpose: 'try' }],
  ['compared', 'vault_diff_env', { file: '.env.probe', compare_values: true }],
  ['stored', 'vault_set_secret', { key: 'OPEN', value: 'another' }],
  ['made', 'vault_generate_secret', { key: 'OPEN', force: true }],
  ['rolled back', 'vault_rollback_secret', { key: 'OPEN', to_version: 1 }],
  ['deleted', 'vault_delete_secret', { key: 'OPEN' }],
]

describe.each(POLICIES)('%s', (_, wish) => {
  test('without an agent nobody can be asked, and nothing but names is told', async () => {
    const { cell, call } = await serving(wish, 'passphrase')
    const { secrets } = (await call('vault_list_secrets')).data as { secrets: { key: string; tier?: number }[] }
    expect(secrets.map(({ key, tier }) => `${key} ${tier}`)).toContain('OPEN 2')
    expect(secrets.find(({ key }) => key === 'PLAIN')).not.toHaveProperty('tier')
    expect((await call('vault_secret_history', { key: 'OPEN' })).isError).toBe(false)
    for (const [how, tool, given] of USES) {
      const { data, text } = await call(tool, given)
      expect([how, data['kind'], data['reason'], data['request']]).toEqual([
        how,
        'denied',
        'approval_required',
        undefined,
      ])
      expect(hitsIn(CANARIES, how, text)).toEqual([])
    }
    if (wish.own !== undefined) {
      const { data } = await call('vault_inject_env', {
        key: 'OPEN',
        file_path: join(cell.work, '.env.probe'),
        purpose: 'try',
      })
      expect(data).toMatchObject({ kind: 'denied', reason: 'approval_required' })
    }
    // Through a group it is the same secret.
    for (const more of [
      { key: 'OPEN', group: 'kin', env: 'kin' },
      { key: 'OPEN', group: 'kin', env: 'base' },
    ]) {
      expect((await cell.client.call('vault_get_secret', more)).data['reason']).toBe('approval_required')
    }
    for (const [tool, more] of [
      ['vault_env_promote', { group: 'kin', from_env: 'base', to_env: 'kin', keys: ['OPEN'] }],
      ['vault_env_pin', { group: 'kin', env: 'kin', key: 'OPEN' }],
      ['vault_delete_project', { name: 'app' }],
    ] as const) {
      const { isError, text } = await cell.client.call(tool, more)
      expect([tool, isError]).toEqual([tool, true])
      expect(hitsIn(CANARIES, tool, text)).toEqual([])
    }
    const copied = await cell.client.call('vault_env_promote', {
      group: 'kin',
      from_env: 'base',
      to_env: 'kin',
      all: true,
    })
    expect(copied.text).not.toMatch(/"key":"(?:OPEN|LINES)","from_version/)
    const differences = await cell.client.call('vault_env_diff', { group: 'shop', values: true })
    expect(differences.text).not.toMatch(/"key":"OPEN"[^}]*"(?:same|different)"/)
    expect((await call('vault_get_secret', { key: 'PLAIN' })).isError).toBe(false)
    expect(cell.place.must(['get', 'OPEN', '-p', 'app']).toString()).toBe(CANARIES.open)
    expect(cell.audit()).toContain('approval_required')
  })

  test('with one, the word of the owner opens exactly what was asked', async () => {
    const { cell, call, waiting, pending } = await serving(wish, 'agent')
    const reply = call('vault_get_secret', { key: 'OPEN' })
    const id = await waiting()
    expect(pending()[0]).toMatchObject({ project: 'app', keys: ['OPEN'], rule: 'tier 2' })
    cell.place.must(['approvals', 'approve', id])
    expect((await reply).data).toMatchObject({ value: CANARIES.open })
    const again = call('vault_get_secret', { key: 'OPEN' })
    cell.place.must(['approvals', 'deny', await waiting()])
    expect((await again).data['reason']).toBe('approval_denied')
    // Nobody is asked about the others, and a session is for these as well.
    expect((await call('vault_get_secret', { key: 'PLAIN' })).isError).toBe(false)
    expect((await cell.client.call('vault_session_unlock', { purpose: 'work' })).isError).toBe(false)
    cell.place.must(['approvals', 'approve', await waiting()])
    expect((await call('vault_get_secret', { key: 'LINES' })).isError).toBe(false)
  })

  test('a client that deletes it and makes it again is asked about all the same', async () => {
    const { cell, call, waiting } = await serving(wish, 'agent')
    const gone = call('vault_delete_secret', { key: 'OPEN' })
    cell.place.must(['approvals', 'approve', await waiting()])
    expect((await gone).isError).toBe(false)
    const made = call('vault_set_secret', { key: 'OPEN', value: 'mine' })
    cell.place.must(['approvals', 'approve', await waiting()])
    expect((await made).isError).toBe(false)
    const read = call('vault_get_secret', { key: 'OPEN' })
    cell.place.must(['approvals', 'deny', await waiting()])
    expect((await read).isError).toBe(true)
  })
})

test('a change of the tier is heard by a server that runs', async () => {
  const { cell, call } = await serving({ rules: { mode: 'full', reads: 9, exec: true } }, 'passphrase')
  expect((await call('vault_get_secret', { key: 'PLAIN' })).isError).toBe(false)
  cell.place.must(['tier', 'raise', 'PLAIN', '-p', 'app'])
  expect((await call('vault_get_secret', { key: 'PLAIN' })).data['reason']).toBe('approval_required')
  cell.place.must(['tier', 'lower', 'PLAIN', '-p', 'app'])
  expect((await call('vault_get_secret', { key: 'PLAIN' })).isError).toBe(false)
})

test.if(confinement().confined)('what the policy refuses stays refused, whatever the tier', async () => {
  const { call } = await serving({ rules: { mode: 'read-only', reads: 0 } }, 'agent')
  expect((await call('vault_get_secret', { key: 'OPEN' })).data).toMatchObject({ kind: 'denied' })
  expect((await call('vault_get_secret', { key: 'OPEN' })).data).not.toHaveProperty('reason')
})
