// Vaults to measure with: ours and the Go peer's, filled with the same keys.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ROOT } from './harness.ts'
import { peer } from './peer.ts'

export const TVAULT = join(ROOT, 'dist', 'tvault')
const PASSPHRASE = 'bench only, not a secret 7141'
/** What a dotenv file may hold, in lines of about 50 bytes. */
const LINES_OF_A_FILE = 17_000

export interface Place {
  name: string
  binary: string
  home: string
  env: Record<string, string>
}

/** Name and value of key number `at`, from 1. */
export const keyName = (at: number): string => `KEY_${`${at}`.padStart(6, '0')}`
export const valueOf = (at: number): string => `value of ${keyName(at)}: 8f3a9c`

/** Ours first, then the peer where it can be had; each with an empty vault. Removed after `use`. */
export async function withPlaces<T>(use: (places: readonly Place[]) => T | Promise<T>, onlyOurs = false): Promise<T> {
  const scratch = mkdtempSync(join(tmpdir(), 'tvault-bench-'))
  try {
    const places = [
      { name: 'tvault', binary: TVAULT },
      { name: 'Go peer 0.23', binary: onlyOurs ? undefined : peer() },
    ].flatMap(({ name, binary }): Place[] => (binary === undefined ? [] : [place(name, binary, join(scratch, name))]))
    return await use(places)
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
}

/** An empty vault of `binary` in `home`. */
export function place(name: string, binary: string, home: string): Place {
  const env = { PATH: '/usr/bin:/bin', HOME: home, TVAULT_DIR: join(home, 'vault'), TVAULT_PASSPHRASE: PASSPHRASE }
  mkdirSync(home, { recursive: true })
  const made = { name, binary, home, env }
  run(made, ['init'])
  return made
}

/** Runs one command there; what it printed. Throws when it fails. */
export function run({ name, binary, env, home }: Place, words: readonly string[]): string {
  const done = Bun.spawnSync([binary, ...words], { env, cwd: home, stdin: 'ignore' })
  if (done.exitCode === 0) return done.stdout.toString()
  throw new Error(`${name}: ${words.join(' ')} ended with ${done.exitCode}: ${done.stderr.toString().slice(0, 500)}`)
}

/** The words that import keys `1 … count`; the files are written. */
export function importOf({ home }: Place, count: number): string[] {
  const files = Array.from({ length: Math.ceil(count / LINES_OF_A_FILE) }, (_, part) => {
    const first = part * LINES_OF_A_FILE + 1
    const lines = Array.from({ length: Math.min(LINES_OF_A_FILE, count - first + 1) }, (_, line) => {
      return `${keyName(first + line)}="${valueOf(first + line)}"\n`
    })
    const file = join(home, part === 0 ? '.env' : `.env.part${part}`)
    writeFileSync(file, lines.join(''))
    return file
  })
  return files.length === 1 ? ['import', '.env'] : ['import', ...files.flatMap((file) => ['--file', file])]
}
