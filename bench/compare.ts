// Two runs side by side: `npm run bench -- --compare FILE` fails when something became more than a fifth slower.
// Programs are compared by their processor time, which other users of the machine disturb less than the clock.
import { isRate } from './harness.ts'
import type { Row } from './harness.ts'

export const MOST_SLOWER = 1.2

/** A row of both runs: `factor` above 1 is slower, larger or more than before. */
export interface Change {
  bench: string
  name: string
  factor: number
}

/** Every row of `now` that was in `before` as well, the worst first. */
export function changes(before: readonly Row[], now: readonly Row[]): Change[] {
  return now
    .flatMap((row): Change[] => {
      const old = before.find(({ bench, name }) => bench === row.bench && name === row.name)
      return old === undefined ? [] : [{ bench: row.bench, name: row.name, factor: factor(old, row) }]
    })
    .toSorted((a, b) => b.factor - a.factor)
}

function factor(before: Row, now: Row): number {
  if (before.cpu !== undefined && now.cpu !== undefined) return now.cpu / before.cpu
  return isRate(now.unit) ? before.best / now.best : now.best / before.best
}

/** Those that may not be. Rows of other programs are a yardstick, not a promise. */
export function tooSlow(all: readonly Change[]): Change[] {
  return all.filter(({ factor: times, name }) => times > MOST_SLOWER && /^(?:tvault|wasm core|ours)/.test(name))
}
