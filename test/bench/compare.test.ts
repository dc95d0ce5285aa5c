// Comparing two runs of the benches: what counts as slower, and whose rows count.
import { expect, test } from 'bun:test'
import { changes, tooSlow } from '../../bench/compare.ts'
import { withRatios } from '../../bench/harness.ts'
import type { Row } from '../../bench/harness.ts'

const row = (name: string, unit: Row['unit'], best: number, cpu?: number): Row => ({
  bench: 'bench',
  name,
  unit,
  best,
  median: best,
  ratio: 1,
  runs: 1,
  ...(cpu !== undefined && { cpu }),
})

test('more time, fewer per second and more bytes are each more than a fifth worse', () => {
  for (const [unit, before, within, beyond] of [
    ['ms', 10, 11.9, 12.1],
    ['MiB/s', 10, 8.4, 8.3],
    ['ops/s', 1000, 840, 830],
    ['MiB', 1, 1.19, 1.21],
  ] as const) {
    const slower = (now: number) => tooSlow(changes([row('tvault x', unit, before)], [row('tvault x', unit, now)]))
    expect([unit, slower(within).length, slower(beyond).length]).toEqual([unit, 0, 1])
  }
})

test('processor time goes before wall time, where both runs have it', () => {
  const before = [row('tvault get', 'ms', 100, 80)]
  expect(tooSlow(changes(before, [row('tvault get', 'ms', 500, 81)]))).toEqual([])
  expect(tooSlow(changes(before, [row('tvault get', 'ms', 100, 120)]))).toHaveLength(1)
  expect(tooSlow(changes([row('tvault get', 'ms', 100)], [row('tvault get', 'ms', 130, 80)]))).toHaveLength(1)
})

test('rows of others, and rows that only one run has, are passed by; the worst comes first', () => {
  const before = [row('Go peer 0.23 get', 'ms', 1), row('tvault get', 'ms', 1), row('tvault set', 'ms', 1)]
  const now = [
    row('Go peer 0.23 get', 'ms', 9),
    row('tvault get', 'ms', 2),
    row('tvault set', 'ms', 3),
    row('new', 'ms', 1),
  ]
  expect(tooSlow(changes(before, now)).map(({ name }) => name)).toEqual(['tvault set', 'tvault get'])
})

test('ratios are against the first row: above 1 is slower for times and for rates', () => {
  expect(withRatios([row('a', 'ms', 10), row('b', 'ms', 20)])[1]?.ratio).toBe(2)
  expect(withRatios([row('a', 'MiB/s', 10), row('b', 'MiB/s', 20)])[1]?.ratio).toBe(0.5)
})
