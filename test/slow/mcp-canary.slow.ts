// The whole canary matrix: every call of every tool in every cell.
import { afterAll, test } from 'bun:test'
import { CELLS, everyCall, searchCell } from '../interop/mcp-matrix.ts'
import { plantedPlace } from '../interop/mcp-place.ts'

const place = plantedPlace()
afterAll(() => place.remove())

test.each(Object.keys(CELLS))('nothing comes out: %s', (name) => searchCell(place, name, everyCall()), 600_000)
