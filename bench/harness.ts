// How this project measures. Process starts are interleaved (A B A B …), so that a noisy neighbour hits all of them,
// and compared by their minimum and median; the load of the machine is printed beside them. A program's processor time is
// beside its wall time: on a machine that others use as well it says more.
import { mkdirSync, writeFileSync } from 'node:fs'
import { loadavg } from 'node:os'
import { join } from 'node:path'

export const ROOT = join(import.meta.dir, '..')
/** Results and downloaded peers; ignored by git. */
export const BENCH = join(ROOT, '.bench')

export interface Program {
  name: string
  command: readonly string[]
  env?: Record<string, string>
  /** What standard output must be, so that a program that fails fast does not win. */
  prints?: string | RegExp
}

export interface Row {
  bench: string
  name: string
  unit: 'ms' | 'ops/s' | 'MiB/s' | 'MiB' | 'million'
  /** Best and middle of the runs. */
  best: number
  median: number
  /** Least processor time of a run in milliseconds, user and system, all threads. */
  cpu?: number
  /** Against the first row of the same bench; above 1 means slower. */
  ratio: number
  runs: number
}

function middle(sorted: readonly number[]): number {
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}

interface Run {
  wall: number
  cpu: number
}

/** Starts every program once to check what it prints, then `runs` times each in turn. Times are wall milliseconds. */
export function startPrograms(bench: string, programs: readonly Program[], runs: number): Row[] {
  const times = new Map(programs.map((program) => [program.name, [] as Run[]]))
  for (const program of programs) {
    const { stdout, stderr, exitCode } = start(program)
    const printed = stdout.toString()
    const right =
      program.prints === undefined ||
      (typeof program.prints === 'string' ? printed === program.prints : program.prints.test(printed))
    if (exitCode !== 0 || !right)
      throw new Error(
        `${bench}: ${program.name} printed ${JSON.stringify(printed)} and ended with ${exitCode}: ${stderr.toString()}`,
      )
  }
  for (let run = 0; run < runs; run++) {
    for (const program of programs) {
      const begin = Bun.nanoseconds()
      const { resourceUsage } = start(program)
      const wall = (Bun.nanoseconds() - begin) / 1e6
      // Not its `maxRSS`: what this process had in memory at the fork counts for the child as well.
      times.get(program.name)?.push({ wall, cpu: Number(resourceUsage.cpuTime.total) / 1000 })
    }
  }
  return withRatios(
    programs.map(({ name }) => {
      const all = times.get(name) ?? []
      const sorted = all.map(({ wall }) => wall).toSorted((a, b) => a - b)
      const cpu = Math.min(...all.map((one) => one.cpu))
      const best = sorted[0] ?? Number.NaN
      return { bench, name, unit: 'ms', best, median: middle(sorted), cpu, ratio: 1, runs }
    }),
  )
}

function start(program: Program) {
  return Bun.spawnSync([...program.command], {
    env: { PATH: '/usr/bin:/bin', ...program.env },
    cwd: BENCH,
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
  })
}

/** Rows with `ratio` set against the first one, by the best time (or the best rate). */
export function withRatios(rows: Row[]): Row[] {
  const base = rows[0]?.best ?? 1
  return rows.map((row) => ({ ...row, ratio: isRate(row.unit) ? base / row.best : row.best / base }))
}

/** Whether more is better. */
export function isRate(unit: Row['unit']): boolean {
  return unit === 'ops/s' || unit === 'MiB/s'
}

/** One figure that is measured once, such as the size of a file. */
export function figureRow(bench: string, name: string, unit: Row['unit'], value: number): Row {
  return { bench, name, unit, best: value, median: value, ratio: 1, runs: 1 }
}

/** One aligned table of all rows. */
export function table(rows: readonly Row[]): string {
  const shown = rows.map((row) => [
    row.bench,
    row.name,
    figure(row.best),
    figure(row.median),
    row.unit,
    row.cpu === undefined ? '' : figure(row.cpu),
    `${row.ratio.toFixed(2)}x`,
  ])
  const cells = [['bench', 'what', 'best', 'median', '', 'cpu ms', 'ratio'], ...shown]
  const widths = cells[0]!.map((_, column) => Math.max(...cells.map((line) => Bun.stringWidth(line[column] ?? ''))))
  const numeric = new Set([2, 3, 5, 6])
  return cells
    .map((line) =>
      line
        .map((cell, column) => pad(cell, widths[column] ?? 0, numeric.has(column)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

function pad(cell: string, width: number, right: boolean): string {
  const blanks = ' '.repeat(Math.max(0, width - Bun.stringWidth(cell)))
  return right ? blanks + cell : cell + blanks
}

function figure(value: number): string {
  return value >= 1000 ? Math.round(value).toLocaleString('en-US') : value.toFixed(value < 10 ? 2 : 1)
}

/** The load of the machine, as a warning beside every figure. */
export function load(): string {
  return `load ${loadavg()
    .map((value) => value.toFixed(2))
    .join(' ')} on ${navigator.hardwareConcurrency} cores`
}

/** Writes the rows to `.bench/<moment>.json` and returns the path relative to the root. */
export function save(rows: readonly Row[]): string {
  mkdirSync(BENCH, { recursive: true })
  const moment = new Date().toISOString()
  const path = join(BENCH, `${moment.replace(/[:.]/g, '-')}.json`)
  writeFileSync(
    path,
    `${JSON.stringify({ moment, bun: Bun.version, platform: `${process.platform}-${process.arch}`, load: loadavg(), rows }, null, 2)}\n`,
  )
  return path.slice(ROOT.length + 1)
}
