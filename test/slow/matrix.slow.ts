// Every command in every bad state: the whole matrix. A sample of it runs with the quick tests (test/matrix.test.ts).
import { afterAll, beforeAll, expect, test } from 'bun:test'
import { CALLS, STATES } from '../matrix-calls.ts'
import { Matrix } from '../matrix.ts'

const matrix = new Matrix()
beforeAll(() => matrix.prepare())
afterAll(() => matrix.remove(), 60_000)

test.each(STATES)('every command: %s', async (state) => {
  expect(await matrix.faults(Object.keys(CALLS), [state])).toEqual([])
})
