// Many processes at once: 48 that read and 48 that write, against the Go peer's 48 of each one after another, which is
// the best that it can do: at once most of them fail. And whether readers wait while very many keys are imported.
import { figureRow, withRatios } from './harness.ts'
import type { Row } from './harness.ts'
import { importOf, run, withPlaces } from './vaults.ts'
import type { Place } from './vaults.ts'

const CROWD = 48

/** 48 `get` and 48 `set` of different keys, all started before the first is waited for. */
export async function crowd(): Promise<Row[]> {
  return withPlaces(async ([ours, go]) => {
    run(ours!, ['set', 'SHARED', 'one value'])
    const all = Array.from({ length: CROWD }, (_, at) => [
      ['get', 'SHARED'],
      ['set', `KEY_${at}`, `value ${at}`],
    ]).flat()
    const begin = Bun.nanoseconds()
    const codes = await Promise.all(all.map((words) => started(ours!, words)))
    const time = (Bun.nanoseconds() - begin) / 1e6
    if (codes.some((code) => code !== 0)) throw new Error(`of ${all.length} at once some ended with ${codes.join(' ')}`)
    for (let at = 0; at < CROWD; at++) {
      if (run(ours!, ['get', `KEY_${at}`]).trim() !== `value ${at}`) throw new Error(`KEY_${at} was not stored`)
    }
    const rows = [figureRow(`${CROWD} get and ${CROWD} set`, 'tvault, at once', 'ms', time)]
    if (go !== undefined) {
      run(go, ['set', 'SHARED', 'one value'])
      const since = Bun.nanoseconds()
      for (const words of all) run(go, words)
      rows.push(figureRow(rows[0]!.bench, 'Go peer 0.23, one after another', 'ms', (Bun.nanoseconds() - since) / 1e6))
    }
    return withRatios(rows)
  })
}

/** The latency of `list` and of `get` while nothing else runs, and while `count` keys are imported beside them. */
export async function readersBesideImport(count: number, runs: number): Promise<Row[]> {
  return withPlaces(async ([place]) => {
    run(place!, ['set', 'FIRST', 'one value'])
    const look = async (): Promise<Record<'list' | 'get', number[]>> => ({
      list: [await timed(place!, ['list', '--prefix', 'FIRST'])],
      get: [await timed(place!, ['get', 'FIRST'])],
    })
    const alone: Record<'list' | 'get', number[]> = { list: [], get: [] }
    const beside: Record<'list' | 'get', number[]> = { list: [], get: [] }
    for (let at = 0; at < runs; at++) {
      const { list, get } = await look()
      alone.list.push(...list)
      alone.get.push(...get)
    }
    const words = importOf(place!, count)
    let running = true
    const writer = started(place!, words).then((code) => {
      running = false
      return code
    })
    while (running) {
      const { list, get } = await look()
      beside.list.push(...list)
      beside.get.push(...get)
    }
    if ((await writer) !== 0) throw new Error('the import failed')
    return (['list', 'get'] as const).flatMap((what) =>
      withRatios(
        [
          { name: `tvault ${what}, alone`, times: alone[what] },
          { name: `tvault ${what}, beside the import`, times: beside[what] },
        ].map(({ name, times }): Row => {
          const sorted = times.toSorted((a, b) => a - b)
          const median = sorted[sorted.length >> 1] ?? Number.NaN
          const bench = `${what} while ${count} keys are imported`
          return { bench, name, unit: 'ms', best: sorted[0] ?? Number.NaN, median, ratio: 1, runs: sorted.length }
        }),
      ),
    )
  }, true)
}

async function timed(place: Place, words: readonly string[]): Promise<number> {
  const begin = Bun.nanoseconds()
  const code = await started(place, words)
  if (code !== 0) throw new Error(`${words.join(' ')} ended with ${code}`)
  return (Bun.nanoseconds() - begin) / 1e6
}

function started({ binary, env, home }: Place, words: readonly string[]): Promise<number> {
  return Bun.spawn([binary, ...words], { env, cwd: home, stdin: 'ignore', stdout: 'ignore', stderr: 'ignore' }).exited
}
