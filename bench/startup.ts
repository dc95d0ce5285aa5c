// Process starts: `--version` against an empty program of this Bun (issue 6: at most 1.2x), and a
// cold `get`, which opens the vault and derives its key, against the Go peer's with the same work.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { BENCH, ROOT, startPrograms } from './harness.ts'
import type { Program, Row } from './harness.ts'
import { dotenvx, peer } from './peer.ts'

const tvault = join(ROOT, 'dist', 'tvault')
const PASSPHRASE = 'bench only, not a secret 7141'

/** `--version` and `help` beside an empty program. */
export async function versionStart(runs: number): Promise<Row[]> {
  mkdirSync(BENCH, { recursive: true })
  const source = join(BENCH, 'empty.ts')
  const empty = join(BENCH, 'empty')
  writeFileSync(source, 'export {}\n')
  // As anybody compiles it: what was done to the runtime of ours is no part of the measure.
  await Bun.build({
    entrypoints: [source],
    target: 'bun',
    format: 'esm',
    splitting: true,
    minify: true,
    bytecode: true,
    throw: true,
    compile: { outfile: empty, autoloadDotenv: false, autoloadBunfig: false },
  })
  return startPrograms(
    'start',
    [
      { name: 'empty compiled program', command: [empty] },
      { name: 'tvault --version', command: [tvault, '--version'], prints: /^tvault \d/ },
      { name: 'tvault help', command: [tvault, 'help'], prints: /./ },
    ],
    runs,
  )
}

/** A cold `get`, at the peer's key derivation cost (64 MiB, 3 passes, 4 lanes) and at the lowest we allow. */
export function coldGet(runs: number): Row[] {
  const scratch = mkdtempSync(join(tmpdir(), 'tvault-bench-'))
  const programs = [
    { name: 'tvault get', binary: tvault, words: [] as string[] },
    {
      name: 'tvault get, lowest KDF',
      binary: tvault,
      words: ['--kdf-memory', '19456', '--kdf-passes', '2', '--kdf-lanes', '1'],
    },
    { name: 'Go peer 0.23 get', binary: peer(), words: [] as string[] },
  ]
  try {
    const ready = programs.flatMap(({ name, binary, words }, index): Program[] => {
      if (binary === undefined) return []
      const env = { HOME: scratch, TVAULT_DIR: join(scratch, `vault${index}`), TVAULT_PASSPHRASE: PASSPHRASE }
      for (const args of [
        ['init', ...words],
        ['set', 'API_KEY', 'value of the bench'],
      ]) {
        const done = Bun.spawnSync([binary, ...args], { env: { PATH: '/usr/bin:/bin', ...env }, stdin: 'ignore' })
        if (done.exitCode !== 0) throw new Error(`${name}: ${args[0]} failed: ${done.stderr.toString()}`)
      }
      return [{ name, command: [binary, 'get', 'API_KEY'], env, prints: 'value of the bench' }]
    })
    const other = dotenvx()
    if (other) {
      const run = (words: readonly string[]): void => {
        const done = Bun.spawnSync([...other, ...words], { cwd: scratch, env: { HOME: scratch }, stdin: 'ignore' })
        if (done.exitCode !== 0) throw new Error(`dotenvx ${words[0]} failed: ${done.stderr.toString()}`)
      }
      const file = join(scratch, '.env')
      run(['set', 'API_KEY', 'value of the bench', '-f', file])
      const command = [...other, 'get', 'API_KEY', '-f', file]
      ready.push({ name: 'dotenvx get', command, env: { HOME: scratch }, prints: /value of the bench/ })
    }
    return startPrograms('cold get', ready, runs)
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
}
