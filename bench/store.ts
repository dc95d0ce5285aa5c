// The store alone, in this process: opening a file of a thousand and of a hundred thousand rows that is known to be sound,
// opening one that is not (the whole walk), one durable commit, one lookup.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { utf8 } from '../src/lib/bytes.ts'
import { openLmdb } from '../src/store/lmdb.ts'
import { stampPath } from '../src/store/stamp.ts'
import { withRatios } from './harness.ts'
import type { Row } from './harness.ts'
import type { Store } from '../src/store/store.ts'

const tables = ['rows']
const COUNTS = [1000, 10_000, 100_000] as const

/** Rows for open, commit and lookup; `runs` of each. */
export async function store(runs: number): Promise<Row[]> {
  const folder = mkdtempSync(join(tmpdir(), 'tvault-bench-'))
  try {
    const rows = new Map<string, Row[]>()
    const add = (bench: string, count: number, times: number[]): void => {
      const sorted = times.toSorted((a, b) => a - b)
      const [best = Number.NaN] = sorted
      const median = sorted[sorted.length >> 1] ?? Number.NaN
      const row: Row = { bench, name: `ours, ${count} rows`, unit: 'ms', best, median, ratio: 1, runs }
      rows.set(bench, [...(rows.get(bench) ?? []), row])
    }
    for (const count of COUNTS) {
      const path = join(folder, `${count}.db`)
      const made = await openLmdb(path, { tables, mode: 'create' })
      made.commit((writer) => {
        for (let at = 0; at < count; at++) writer.put('rows', utf8(`key ${at}`), new Uint8Array(100).fill(at))
      })
      await made.close()
      const open = (): Promise<Store> => openLmdb(path, { tables, mode: 'write' })
      const timed = async (work: () => unknown): Promise<number> => {
        const begin = Bun.nanoseconds()
        await work()
        return (Bun.nanoseconds() - begin) / 1e6
      }
      const [known, unknown, lookups, commits] = [[], [], [], []] as number[][] as [
        number[],
        number[],
        number[],
        number[],
      ]
      for (let at = 0; at < runs; at++) {
        rmSync(stampPath(path), { force: true })
        let opened: Store | undefined
        unknown.push(await timed(async () => (opened = await open())))
        await opened!.close()
        known.push(await timed(async () => (opened = await open())))
        const here = opened!
        if (here.count('rows') < count) throw new Error('rows are missing')
        lookups.push(await timed(() => here.get('rows', utf8(`key ${(at * 7919) % count}`))))
        commits.push(await timed(() => here.commit((writer) => writer.put('rows', utf8('new'), new Uint8Array(at)))))
        await here.close()
      }
      add('store: open, walked before', count, known)
      add('store: open, whole walk', count, unknown)
      add('store: lookup', count, lookups)
      add('store: durable commit', count, commits)
    }
    return [...rows.values()].flatMap(withRatios)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
