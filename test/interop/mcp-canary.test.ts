// The canary matrix, a part of the calls in each cell (all of them: test/slow/mcp-canary.slow.ts). A server that leaks on
// purpose shows that the search finds something.
import { afterAll, expect, test } from 'bun:test'
import { join } from 'node:path'
import { confinement } from '../../src/guard/confinement.ts'
import { hitsIn } from './mcp-canary.ts'
import { CELLS, search, searchCell, someCalls } from './mcp-matrix.ts'
import { CANARIES, Cell, plantedPlace } from './mcp-place.ts'

const place = plantedPlace()
afterAll(() => place.remove())

const SLOW = 60_000
const STEP = 25

/** Each answer of an owner is waited for. All of them: test/slow. */
const WAITED_FOR = ['vault_get_secret', 'vault_exec']

test.each(Object.keys(CELLS).map((name, i) => [name, i] as const))(
  'nothing comes out: %s',
  (name, i) => {
    const calls = someCalls(STEP, i)
    return searchCell(place, name, CELLS[name]!.owner ? calls.filter((one) => WAITED_FOR.includes(one.name)) : calls)
  },
  SLOW,
)

test.each(['yes', 'no'] as const)(
  'when the owner says %s, a value goes into the program or nowhere',
  async (owner) => {
    if (!confinement().confined) return console.warn('NOT TRIED: a program with the word of the owner')
    const cell = new Cell(place, { ...CELLS['agent-backed, tier 2, approved']!, owner })
    try {
      await cell.client.initialize()
      const argv = ['sh', '-c', 'printf %s "$OPEN" | sha256sum; echo "$OPEN"']
      const { text, data } = await cell.client.call('vault_exec', { project: 'app', argv, secrets: ['OPEN'] })
      expect(hitsIn(CANARIES, 'answer', text)).toEqual([])
      const hash = new Bun.CryptoHasher('sha256').update(CANARIES.open).digest('hex')
      if (owner === 'yes') expect(data).toMatchObject({ exit_code: 0, stdout: `${hash}  -\n[REDACTED:OPEN]\n` })
      else expect(data).toMatchObject({ kind: 'denied', reason: 'approval_denied' })
      expect([cell.decided, text.includes(hash)]).toEqual([1, owner === 'yes'])
    } finally {
      await cell.end()
      cell.remove()
    }
  },
  SLOW,
)

test(
  'a tool that leaks on purpose is found',
  async () => {
    const program = [process.execPath, join(import.meta.dir, 'mcp-leaky.ts'), 'mcp']
    const cell = new Cell(place, { rules: { mode: 'read-only', reads: 3 }, key: 'passphrase', program })
    try {
      const { hits } = await search(cell, [{ name: 'vault_leak', calls: [{}] }])
      expect(hits.map(({ canary, form }) => `${canary} ${form}`)).toContain('open reversed')
    } finally {
      cell.remove()
    }
  },
  SLOW,
)
