// The canary matrix, a part of the calls in each cell (all of them: test/slow/mcp-canary.slow.ts). A server that leaks on
// purpose shows that the search finds something.
import { afterAll, expect, test } from 'bun:test'
import { join } from 'node:path'
import { CELLS, search, searchCell, someCalls } from './mcp-matrix.ts'
import { Cell, plantedPlace } from './mcp-place.ts'

const place = plantedPlace()
afterAll(() => place.remove())

const SLOW = 60_000
const STEP = 25

test.each(Object.keys(CELLS).map((name, i) => [name, i] as const))(
  'nothing comes out: %s',
  (name, i) => searchCell(place, name, someCalls(STEP, i)),
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
