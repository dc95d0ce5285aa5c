// What the interop tests share: the binary of the Go program TinyVault 0.23, ours, and a scratch place for both.
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'

const ROOT = resolve(import.meta.dir, '..', '..')
/** The floor of the key derivation: it is not what these tests are about. */
const CHEAP = ['--kdf-memory', '19456', '--kdf-passes', '2', '--kdf-lanes', '1']

/** Some tests are of another user, who could not even pass through the directory of a test run. */
const ANYBODYS = '/tmp'

let told = false

/** Path of the peer's binary: where `npm test` or the benches put it. Without it one line says so. */
export function peerBinary(): string | undefined {
  const folder = join(ROOT, '.bench', 'peer', 'node_modules', '@thelacanians')
  const fetched = join(folder, `tinyvault-${process.platform}-${process.arch}`, 'bin', 'tvault')
  const path = existsSync(fetched) ? fetched : undefined
  if (path === undefined && !told)
    console.log('interop: no binary of TinyVault 0.23 here; nothing was compared with it')
  told = true
  return path
}

/** Our program: TVAULT_BIN (a command line, split at blanks; words that are files of the repository may be relative), else dist/tvault. */
export function ourBinary(): string[] {
  const words = (process.env['TVAULT_BIN'] ?? join(ROOT, 'dist', 'tvault')).split(' ')
  return words.map((word) => (existsSync(join(ROOT, word)) ? join(ROOT, word) : word))
}

export interface Ran {
  code: number
  out: Buffer
  err: string
}

export interface RunOptions {
  stdin?: string | Uint8Array
  env?: Record<string, string>
  cwd?: string
}

/** A scratch folder with a home directory, in which one of the two programs runs; nothing of the caller's environment but PATH. */
export class Place {
  readonly folder = mkdtempSync(join(ANYBODYS, 'tvault-interop-'))
  readonly command: readonly string[]
  readonly environment: Record<string, string>

  constructor(command: readonly string[], more: Readonly<Record<string, string>> = {}) {
    this.command = command
    mkdirSync(join(this.folder, 'home'), { mode: 0o700 })
    this.environment = {
      PATH: process.env['PATH'] ?? '/usr/bin:/bin',
      HOME: join(this.folder, 'home'),
      TMPDIR: this.folder,
      TVAULT_DIR: join(this.folder, 'vault'),
      TVAULT_PASSPHRASE: 'interop only 9917 not a secret',
      ...more,
    }
  }

  /** Runs to the end, killed after 20 seconds. */
  run(words: readonly string[], options: RunOptions = {}): Ran {
    const done = Bun.spawnSync([...this.command, ...words], {
      cwd: options.cwd ?? this.folder,
      env: { ...this.environment, ...options.env },
      stdin: options.stdin === undefined ? 'ignore' : Buffer.from(options.stdin),
      stdout: 'pipe',
      stderr: 'pipe',
      timeout: 20_000,
      killSignal: 'SIGKILL',
    })
    return { code: done.exitCode ?? 137, out: done.stdout, err: done.stderr.toString() }
  }

  /** Runs and insists on success; gives what came on standard output. */
  must(words: readonly string[], options: RunOptions = {}): Buffer {
    const { code, out, err } = this.run(words, options)
    if (code !== 0) throw new Error(`${words.join(' ')} ended with ${code}: ${err}`)
    return out
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true })
  }
}

/** A place of our program with a vault in it. */
export function ourPlace(more: Readonly<Record<string, string>> = {}): Place {
  const place = new Place(ourBinary(), more)
  place.must(['init', ...CHEAP])
  return place
}

/** The file of the first fresh vault of the peer, for the next ones: all files of tests run in one process. */
const kept = globalThis as { tvaultPeerFile?: Uint8Array }

/** A place of the peer with a vault in it. Made once in a run, and copied: each call of the peer takes its time. */
export function peerPlace(binary: string): Place {
  const place = new Place([binary])
  const vault = join(place.folder, 'vault')
  if (kept.tvaultPeerFile === undefined) {
    place.must(['init'])
    kept.tvaultPeerFile = readFileSync(join(vault, 'vault.db'))
  } else {
    mkdirSync(vault, { mode: 0o700 })
    writeFileSync(join(vault, 'vault.db'), kept.tvaultPeerFile, { mode: 0o600 })
  }
  return place
}
