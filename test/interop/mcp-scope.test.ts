// What a program of an AI agent prints without having been given it: every value of the call's project is taken out, also
// those that the policy refuses, that wait for the owner, or that no session has used. None of them leaves the process that
// has the key, and nothing is told that was not looked at.
import { afterAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { confinement } from '../../src/guard/confinement.ts'
import { hitsIn } from './mcp-canary.ts'
import { CANARIES, Cell, cellsOfATest, plantedPlace } from './mcp-place.ts'
import type { CellWish } from './mcp-place.ts'

setDefaultTimeout(60_000)

const place = plantedPlace()
place.must(['set', 'PIN', '--stdin', '-p', 'app'], { stdin: '4711' })
place.must(['set', 'FLAG', '--stdin', '-p', 'app'], { stdin: 'password1234' })
place.must(['set', 'WHOLE', '--stdin', '-p', 'app'], { stdin: `postgres://me:${CANARIES.open}@db.example.com/shop` })

const open = cellsOfATest()

const FULL: Partial<CellWish> = { rules: { mode: 'full', reads: 0, exec: true } }
type Key = 'passphrase' | 'agent'

/** A server in whose directory everything lies in the clear, in a file that has nothing to do with the vault. */
async function serving(wish: Partial<CellWish>): Promise<Cell> {
  const cell = new Cell(place, { rules: undefined, key: 'passphrase', ...wish })
  await cell.client.initialize()
  const file = join(cell.work, 'deploy.log')
  writeFileSync(file, `${CANARIES.open} ${CANARIES.denied}\n${CANARIES.lines}\n`)
  cell.planted.add(file)
  return cell
}

/** One for all tests that leave it as it was; starting it costs more than they do. */
const shared = new Map<Key, Promise<Cell>>()
afterAll(async () => {
  for (const cell of await Promise.all(shared.values())) {
    await cell.end()
    cell.remove()
  }
  place.remove()
})

async function running(key: Key, wish?: Partial<CellWish>) {
  let cell: Cell
  if (wish) open.push((cell = await serving({ ...wish, key })))
  else {
    const serves = shared.get(key) ?? serving({ ...FULL, key })
    shared.set(key, serves)
    cell = await serves
  }
  const sh = (script: string, more = {}) =>
    cell.client.call('vault_exec', { project: 'app', argv: ['sh', '-c', script], ...more })
  return { cell, sh }
}

interface Row {
  action: string
  phase: string
  metadata: Record<string, unknown>
}

const rowsOf = (cell: Cell): Row[] => (JSON.parse(cell.audit()) as { entries: Row[] }).entries
const clean = (found: unknown) => expect(hitsIn(CANARIES, 'result', JSON.stringify(found))).toEqual([])

const WRITINGS: Readonly<Record<string, string>> = {
  'as it is': 'cat deploy.log',
  base64: 'base64 -w0 deploy.log',
  hex: 'od -An -v -tx1 deploy.log | tr -d " \\n"',
  'backwards, on standard error': 'rev deploy.log >&2',
  'in two pieces': 'head -c 20 deploy.log; sleep 0.05; tail -c +21 deploy.log',
}

test('where programs cannot be confined none of this is tried', () => {
  if (!confinement().confined) console.warn('NOT TRIED: redaction of what a program was not given')
})

describe.if(confinement().confined).each(['passphrase', 'agent'] as const)('with the key in the %s', (key) => {
  test('what was never used does not come out, and names only where the client may know them', async () => {
    const { cell, sh } = await running(key)
    for (const [how, script] of Object.entries(WRITINGS)) {
      const { data } = await sh(script)
      clean(data)
      expect([how, data['exit_code'], Number(data['redactions']) > 1]).toEqual([how, 0, true])
    }
    const { data } = await sh('cat deploy.log')
    expect(data['stdout']).toStartWith('[REDACTED:OPEN] [REDACTED]\n')
    const rows = rowsOf(cell).filter(({ action }) => action === 'secret.redact')
    // One for each call, and nothing about the keys.
    expect(rows).toHaveLength(Object.keys(WRITINGS).length + 1)
    expect(rows[0]).toMatchObject({ phase: 'done', metadata: { count: 6, via: 'mcp' } })
    expect(rows[0]!.metadata).not.toHaveProperty('keys')
    cell.place.must(['audit', 'verify'])
  })

  test('a value inside of another that was not given is taken out with it', async () => {
    const { sh } = await running(key)
    const { data } = await sh('printf "postgres://me:%s@db.example.com/shop" "$OPEN"', { secrets: ['OPEN'] })
    expect(data).toMatchObject({ stdout: '[REDACTED:WHOLE]', redactions: 1 })
  })

  test('what can be guessed is not told by taking it out', async () => {
    const { sh } = await running(key)
    expect((await sh('seq 4709 4713; echo password1234')).data['stdout']).toBe(
      '4709\n4710\n4711\n4712\n4713\npassword1234\n',
    )
  })

  test('a new value counts from the next call on, and what the project no longer has does not', async () => {
    const { cell, sh } = await running(key)
    const fresh = 'canary-fresh-9Lk3wZ7pQx2r'
    expect((await sh(`echo ${fresh}`)).data['stdout']).toBe(`${fresh}\n`)
    cell.place.must(['set', 'FRESH', '--stdin', '-p', 'app'], { stdin: fresh })
    expect((await sh(`echo ${fresh}`)).data['stdout']).toBe('[REDACTED:FRESH]\n')
    cell.place.must(['delete', 'FRESH', '-p', 'app', '--yes'])
    expect((await sh(`echo ${fresh}`)).data['stdout']).toBe(`${fresh}\n`)
  })

  test('another project, and one that is hidden, are not meant', async () => {
    const { sh } = await running(key)
    for (const project of ['hidden', 'missing']) {
      expect((await sh('cut -c1-16 deploy.log | head -1', { project })).data['stdout']).toBe('canary-open-7Qm4\n')
    }
  })

  test('when the owner locks the vault meanwhile the rest is withheld', async () => {
    const { cell, sh } = await running(key, FULL)
    const script =
      'cat deploy.log; echo > begun; while [ ! -e go ]; do sleep 0.05; done; cat deploy.log; echo over > over'
    const answer = sh(script)
    while (!(await Bun.file(join(cell.work, 'begun')).exists())) await Bun.sleep(20)
    cell.place.must(key === 'agent' ? ['agent', 'lock'] : ['lock'])
    // A server of its own looks once a second.
    if (key === 'passphrase') while (!(await isLocked(cell))) await Bun.sleep(50)
    writeFileSync(join(cell.work, 'go'), '')
    const { data } = await answer
    clean(data)
    expect(data).toMatchObject({ exit_code: 0, output_withheld: expect.stringContaining('locked') })
    expect(await Bun.file(join(cell.work, 'over')).text()).toBe('over\n')
  })

  test('it asks nobody, and uses no budget', async () => {
    const own = `[allow all]\nproject = app\neffect = run\ncommand = **\nruns = 1 per day\n[approve lines]\nkey = LINES\n`
    const { cell, sh } = await running(key, { own })
    for (let i = 0; i < 3; i++) {
      const { data } = await sh('cat deploy.log')
      clean(data)
      expect(data['exit_code']).toBe(0)
    }
    if (key === 'agent') expect(cell.place.must(['approvals', '--json']).toString()).not.toContain('"id"')
    expect((await sh('true', { secrets: ['OPEN'] })).data['exit_code']).toBe(0)
    expect((await sh('true', { secrets: ['OPEN'] })).data).toMatchObject({ reason: 'budget_exhausted' })
  })
})

async function isLocked(cell: Cell): Promise<boolean> {
  const { data } = await cell.client.call('vault_exec', { project: 'app', argv: ['true'], secrets: ['OPEN'] })
  return data['kind'] === 'locked'
}
