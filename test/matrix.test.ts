// A sample of the matrix of commands and bad states (all of it: test/slow/matrix.slow.ts), and what keeps it honest: no
// command is left out, and a wrong end of a cell is seen.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { commands } from '../src/commands/index.ts'
import { listed } from '../src/commands/describe.ts'
import { CALLS, STATES } from './matrix-calls.ts'
import { cellFaults, Matrix } from './matrix.ts'

const SAMPLE = ['get', 'set', 'list', 'delete', 'run', 'restore']

const matrix = new Matrix()
beforeAll(() => matrix.prepare(), 60_000)
afterAll(() => matrix.remove(), 60_000)

test('every command has its call', () => {
  expect(Object.keys(CALLS).toSorted()).toEqual(
    listed(commands)
      .map(({ path }) => path)
      .toSorted(),
  )
})

test.each(STATES)(
  '%s: the documented code, and JSON',
  async (state) => expect(await matrix.faults(SAMPLE, [state])).toEqual([]),
  120_000,
)

describe('a cell that is wrong is seen', () => {
  const told = (exit: number, kind = 'busy') => JSON.stringify({ error: { kind, message: 'x', exit } })

  test.each([
    ['the right one', { code: 7, out: '', err: told(7) }, 0],
    ['a note before it', { code: 7, out: '', err: `note\n${told(7)}\n` }, 0],
    ['another code', { code: 1, out: '', err: told(1) }, 1],
    ['a code that is not the one that is told', { code: 7, out: '', err: told(1) }, 1],
    ['text', { code: 7, out: '', err: 'Error: busy' }, 1],
    ['something on the line before it', { code: 7, out: '', err: `oops${told(7)}` }, 1],
    ['success', { code: 0, out: '{}', err: '' }, 1],
    ['a bug', { code: 7, out: '', err: told(7, 'internal') }, 1],
    ['waiting', { code: null, out: '', err: '' }, 1],
  ])('%s', (_, ended, faults) => expect(cellFaults('get', 'busy', ended)).toHaveLength(faults))
})
