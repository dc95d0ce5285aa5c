// What the product weighs, and how many instructions its start takes: a figure that no load of the machine disturbs.
import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { BENCH, ROOT, figureRow, withRatios } from './harness.ts'
import type { Row } from './harness.ts'

/** Sizes of the binary and of the modules in it. */
export function sizes(): Row[] {
  return ['tvault', 'argon2.wasm', 'aead.wasm'].map((name) =>
    figureRow(`size of ${name}`, `tvault`, 'MiB', statSync(join(ROOT, 'dist', name)).size / 1_048_576),
  )
}

/** Millions of instructions from start to end, counted by valgrind; nothing where it is not installed or does not run. */
export function instructions(): Row[] {
  const valgrind = Bun.which('valgrind')
  const empty = join(BENCH, 'empty')
  if (valgrind === null || !existsSync(empty)) return []
  const rows = [
    { name: 'empty compiled program', command: [empty] },
    { name: 'tvault --version', command: [join(ROOT, 'dist', 'tvault'), '--version'] },
  ].flatMap(({ name, command }): Row[] => {
    const flags = ['--tool=cachegrind', '--cache-sim=no', '--cachegrind-out-file=/dev/null']
    const done = Bun.spawnSync([valgrind, ...flags, ...command], { cwd: BENCH, stdin: 'ignore', timeout: 120_000 })
    const counted = /I +refs: +([\d,]+)/.exec(done.stderr.toString())?.[1]
    if (done.exitCode !== 0 || counted === undefined) return []
    return [figureRow('instructions of a start', name, 'million', Number(counted.replaceAll(',', '')) / 1e6)]
  })
  return withRatios(rows)
}
