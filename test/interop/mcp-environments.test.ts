// Secrets that an AI agent reaches through an environment group: each is judged where it really is, so a base gives
// nothing that its own project would not, and half a pair is no wish for everything (attack C16).
import { afterAll, afterEach, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { confinement } from '../../src/guard/confinement.ts'
import { hitsIn } from './mcp-canary.ts'
import { McpClient } from './mcp-client.ts'
import { CANARIES, Cell, plantedPlace, policyText } from './mcp-place.ts'
import type { CellWish } from './mcp-place.ts'
import { peerBinary, peerPlace } from './peer.ts'

setDefaultTimeout(60_000)

const place = plantedPlace()
afterAll(() => place.remove())
const OWN = 'own-value-of-stage-4Kd8sW2nQ'
place.must(['projects', 'create', 'stage'])
place.must(['set', 'STAGE_ONLY', '--stdin', '-p', 'stage'], { stdin: OWN })
place.must(['env', 'group', 'create', 'web', '--env', 'base=app', '--env', 'stage=stage', '--force'])
place.must(['env', 'inherit', '--group', 'web', '--env', 'stage', '--from', 'base'])
place.must(['env', 'group', 'create', 'deep', '--env', 'base=hidden', '--env', 'stage=stage', '--force'])
place.must(['env', 'inherit', '--group', 'deep', '--env', 'stage', '--from', 'base'])

const open: Cell[] = []
afterEach(async () => {
  for (const cell of open.splice(0)) {
    await cell.end()
    cell.remove()
  }
})

const STAGE = { group: 'web', env: 'stage' }

async function serving(wish: Partial<CellWish> = {}) {
  const cell = new Cell(place, { rules: { mode: 'full', reads: 9, exec: true }, key: 'passphrase', ...wish })
  open.push(cell)
  await cell.client.initialize()
  const get = (key: string, more: object = STAGE) => cell.client.call('vault_get_secret', { key, ...more })
  const exec = (argv: readonly string[], more: object = {}) =>
    cell.client.call('vault_exec', { argv, ...STAGE, ...more })
  return { cell, get, exec }
}

const KEYS: readonly CellWish['key'][] = ['passphrase', 'agent']

test('an own value and an inherited one are told with where they come from', async () => {
  for (const key of KEYS) {
    const { cell, get } = await serving({ key })
    expect((await get('STAGE_ONLY')).data).toMatchObject({ value: OWN, source: 'stage' })
    expect((await get('OPEN')).data).toMatchObject({ value: CANARIES.open, source: 'base' })
    const [row] = JSON.parse(cell.audit()).entries.filter((one: { phase: string }) => one.phase === 'intent')
    expect(row).toMatchObject({ resource_name: 'OPEN', metadata: { project: 'app', group: 'web', source: 'base' } })
  }
})

test('a key that is denied in the base project does not come through, and looks as if it were not there', async () => {
  for (const key of KEYS) {
    const { cell, get, exec } = await serving({ key })
    const told = async (name: string) => (await get(name)).text.replaceAll(name, 'KEY')
    expect(await told('MY_DENIED_KEY')).toBe(await told('MISSING'))
    const asked = async (name: string) => (await exec(['env'], { secrets: [name] })).text.replaceAll(name, 'KEY')
    expect(await asked('MY_DENIED_KEY')).toBe(await asked('MISSING'))
    expect(hitsIn(CANARIES, 'audit', cell.audit())).toEqual([])
  }
})

test('a base in a project that the client may not know hides the whole group', async () => {
  for (const key of KEYS) {
    const { get, exec } = await serving({ key })
    const deep = { group: 'deep', env: 'stage' }
    const none = { group: 'none', env: 'stage' }
    const same = async (call: (place: object) => Promise<{ text: string }>) =>
      expect((await call(deep)).text.replaceAll('deep', 'none')).toBe((await call(none)).text)
    await same((more) => get('STAGE_ONLY', more))
    await same((more) => get('DEEP', more))
    await same((more) => exec(['env'], { ...more, secrets: ['STAGE_ONLY'] }))
  }
})

test('half a pair, an empty one, and a project beside it are refused', async () => {
  const { cell, get } = await serving()
  const halves = [{ group: 'web' }, { env: 'stage' }, { group: 'web', env: null }, { ...STAGE, project: 'app' }]
  for (const half of halves) {
    expect([half, (await get('OPEN', half)).data['kind']]).toEqual([half, 'usage'])
    for (const [tool, more] of [
      ['vault_exec', { argv: ['env'], secrets: ['OPEN'] }],
      ['vault_run_with_secrets', { command: 'env', secrets: ['OPEN'] }],
      ['vault_exec', { argv: ['env'] }],
    ] as const) {
      expect([half, (await cell.client.call(tool, { ...more, ...half })).data['kind']]).toEqual([half, 'usage'])
    }
  }
  expect((await get('OPEN', { group: '', env: '' })).data['kind']).toBe('not_found')
  // A pair names where, not what: nothing named is not everything.
  expect((await cell.client.call('vault_exec', { argv: ['env'], ...STAGE })).data['kind']).toBe('usage')
  // What the client chose as its project has nothing to do with it.
  await cell.client.call('vault_set_current_project', { name: 'default' })
  expect((await get('STAGE_ONLY')).data).toMatchObject({ value: OWN })
})

describe.if(confinement().confined)('programs', () => {
  test('they are given what the environment has, own and inherited, and no more', async () => {
    for (const key of KEYS) {
      const { cell, exec } = await serving({ key })
      const script = 'echo ${#STAGE_ONLY} ${#OPEN} ${MY_DENIED_KEY-none}; echo $STAGE_ONLY $OPEN'
      const { data } = await exec(['sh', '-c', script], { secrets: ['STAGE_ONLY', 'OPEN'] })
      expect(data).toMatchObject({
        group: 'web',
        env: 'stage',
        keys: ['OPEN', 'STAGE_ONLY'],
        stdout: `${OWN.length} ${CANARIES.open.length} none\n[REDACTED:STAGE_ONLY] [REDACTED:OPEN]\n`,
      })
      const byPrefix = await exec(['env'], { prefix: 'M' })
      expect(byPrefix.data).toMatchObject({ keys: [], exit_code: 0 })
      const line = { command: 'printenv OPEN', ...STAGE, secrets: ['OPEN'] }
      expect((await cell.client.call('vault_run_with_secrets', line)).data).toMatchObject({
        stdout: '[REDACTED:OPEN]\n',
      })
    }
  })

  test('a rule for the real project decides, also how output is told', async () => {
    const own = `
[allow stage]
project = stage
effect = run
command = **
[allow base]
project = app
key = OPEN
effect = run
command = printenv OPEN
output = exit
`
    for (const key of KEYS) {
      const { cell, exec } = await serving({ rules: undefined, own, key })
      const { data } = await exec(['printenv', 'OPEN'], { secrets: ['OPEN'] })
      expect(data).toMatchObject({ exit_code: 0, keys: ['OPEN'] })
      expect(data).not.toHaveProperty('stdout')
      // The rule of the environment is not one for its base.
      expect((await exec(['printenv', 'LINES'], { secrets: ['LINES'] })).isError).toBe(true)
      expect((await exec(['env'], { secrets: ['OPEN'] })).isError).toBe(true)
      expect(hitsIn(CANARIES, 'audit', cell.audit())).toEqual([])
    }
  })

  test('an owner who is asked sees the projects, and one word is for all of it', async () => {
    const own = '[allow all]\neffect = run, get\ncommand = **\n[approve base]\nproject = app\n'
    const { cell, exec } = await serving({ rules: undefined, own, key: 'agent' })
    const reply = exec(['printenv', 'OPEN'], { secrets: ['OPEN', 'STAGE_ONLY'] })
    const waiting = () => JSON.parse(cell.place.must(['approvals', '--json']).toString()).pending
    while (waiting().length === 0) await Bun.sleep(20)
    const [{ id, project, keys }] = waiting()
    expect([project, keys]).toEqual(['app + stage', ['app/OPEN', 'stage/STAGE_ONLY']])
    cell.place.must(['approvals', 'approve', id])
    expect((await reply).data).toMatchObject({ exit_code: 0, stdout: '[REDACTED:OPEN]\n' })
    expect((await exec(['printenv', 'STAGE_ONLY'], { secrets: ['STAGE_ONLY'] })).data).toMatchObject({ exit_code: 0 })
  })
})

const PEER = peerBinary()
test.if(PEER !== undefined)('the peer takes the same words, and half a pair for a project', async () => {
  const peer = peerPlace(PEER!)
  try {
    for (const project of ['app', 'stage']) peer.must(['projects', 'create', project])
    peer.must(['set', 'OPEN', CANARIES.open, '-p', 'app'])
    peer.must(['set', 'OPEN', 'of the default project', '-p', 'default'])
    peer.must(['env', 'group', 'create', 'web', '--env', 'base=app', '--env', 'stage=stage'])
    peer.must(['env', 'inherit', '--group', 'web', '--env', 'stage', '--from', 'base'])
    const rules = policyText({ mode: 'full', reads: 9 })
    writeFileSync(join(peer.folder, 'vault', 'mcp-policy.yaml'), rules, { mode: 0o600 })
    const client = new McpClient([PEER!, 'mcp'], { cwd: peer.folder, env: peer.environment })
    await client.initialize()
    const get = (more: object) => client.call('vault_get_secret', { key: 'OPEN', ...more })
    expect((await get(STAGE)).data).toMatchObject({ value: CANARIES.open, source: 'base' })
    expect((await get({ group: 'web' })).data).toMatchObject({ value: 'of the default project' })
    await client.end()
  } finally {
    peer.remove()
  }
})
