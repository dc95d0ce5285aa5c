// Ten thousand keys: importing them, finding one or some among them, how large the file is; and how cost grows from a
// thousand to a hundred thousand. The answers of both programs are compared before their times are.
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { figureRow, startPrograms, withRatios } from './harness.ts'
import type { Program, Row } from './harness.ts'
import { importOf, keyName, run, valueOf, withPlaces } from './vaults.ts'
import type { Place } from './vaults.ts'

/** Ten hits, however many keys there are. */
const PREFIX = keyName(500).slice(0, -1)

function sized(place: Place): number {
  return statSync(join(place.env['TVAULT_DIR']!, 'vault.db')).size / 1_048_576
}

function imported(bench: string, place: Place, count: number): Row {
  const words = importOf(place, count)
  const begin = Bun.nanoseconds()
  run(place, words)
  const row = figureRow(bench, `${place.name} import`, 'ms', (Bun.nanoseconds() - begin) / 1e6)
  // Not `list`: the order of both is that of the names, so the last one tells whether all are there.
  if (run(place, ['get', keyName(count)]).trim() !== valueOf(count)) throw new Error(`${place.name}: a key is missing`)
  return row
}

function program({ name, binary, env, home }: Place, words: readonly string[], prints: RegExp): Program {
  const own = words.map((word) => (word === '.env' ? join(home, word) : word))
  return { name: `${name} ${words[0]}`, command: [binary, ...own], env, prints }
}

const SEARCH = ['search', '--prefix', PREFIX]
const HITS = new RegExp(`${PREFIX}0[^]*${PREFIX}9`)
const EXPORT = ['export', '--format', 'dotenv']

/** Import, list, search, get, export and diff of `count` keys beside the peer's; sizes of both files. */
export async function bulk(count: number, runs: number): Promise<Row[]> {
  return withPlaces((places) => {
    const bench = `${count} keys`
    const rows = withRatios(places.map((place) => imported(`${bench}, import`, place, count)))
    for (const [words, prints] of [
      [['list'], new RegExp(`${keyName(1)}[^]*${keyName(count)}`)],
      [SEARCH, HITS],
      [['get', keyName(500)], new RegExp(valueOf(500))],
      [EXPORT, new RegExp(`${valueOf(1)}[^]*${valueOf(count)}`)],
      // With what was imported.
      [['diff', '.env'], /In sync|Only in vault \(0\)/],
    ] as const) {
      const programs = places.map((place) => program(place, words, prints))
      rows.push(...startPrograms(`${bench}, ${words[0]}`, programs, runs))
    }
    const sizes = places.map((place) => figureRow(`${bench}, size of vault.db`, place.name, 'MiB', sized(place)))
    return [...rows, ...withRatios(sizes)]
  })
}

/** The same questions to vaults of different sizes, ours alone; the ratio is to the smallest. */
export async function growth(counts: readonly number[], runs: number): Promise<Row[]> {
  const vaults: { count: number; place: Place }[] = []
  const nest = async (left: readonly number[]): Promise<Row[]> => {
    const [count, ...rest] = left
    if (count === undefined) return ask()
    return withPlaces(async ([place]) => {
      run(place!, importOf(place!, count))
      vaults.push({ count, place: place! })
      return nest(rest)
    }, true)
  }
  const ask = (): Row[] =>
    (
      [
        [SEARCH, HITS],
        [['get', keyName(500)], new RegExp(valueOf(500))],
        [['list'], /./],
        [['status'], /./],
        [EXPORT, new RegExp(valueOf(500))],
        // The same passphrase again, which counts as new when parameters are given.
        [['key', 'rotate', '--kdf-memory', '64MiB'], /rotated/],
      ] as const
    ).flatMap(([words, prints]) => {
      const programs = vaults.map(({ count, place: { env, ...place } }) => {
        const same = { ...env, TVAULT_NEW_PASSPHRASE: env['TVAULT_PASSPHRASE']! }
        return { ...program({ ...place, env: same }, words, prints), name: `tvault ${words[0]} among ${count}` }
      })
      return startPrograms(`growth of ${words[0]}`, programs, runs)
    })
  return nest(counts)
}
