// What the slow suites share: a vault directory of their own, the compiled program, and random that can be repeated.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

export const BINARY = resolve(process.env['TVAULT_BIN'] ?? join(import.meta.dir, '..', '..', 'dist', 'tvault'))
/** The cheapest key derivation that is allowed: the derivation is not what these suites are about. */
export const CHEAP = ['--kdf-memory', '19456', '--kdf-passes', '2', '--kdf-lanes', '1']
export const PASSPHRASE = 'slow suites only 5823 not a secret'

export interface Done {
  code: number
  signal: string | undefined
  out: Buffer
  err: string
}

/** A scratch folder with a vault directory in it, and ways to run the program on that vault. */
export class Room {
  readonly folder = mkdtempSync(join(tmpdir(), 'tvault-slow-'))
  vault: string

  constructor() {
    this.vault = join(this.folder, 'vault')
  }

  get environment(): Record<string, string> {
    return {
      PATH: process.env['PATH'] ?? '/usr/bin:/bin',
      HOME: this.folder,
      TMPDIR: this.folder,
      TVAULT_DIR: this.vault,
      TVAULT_PASSPHRASE: PASSPHRASE,
    }
  }

  /** Runs `command` to its end; after a minute it is killed, which callers see as the signal SIGKILL with `late`. */
  async exec(
    command: readonly string[],
    options: { stdin?: string | Uint8Array; env?: Record<string, string> } = {},
  ): Promise<Done & { late: boolean }> {
    const child = Bun.spawn([...command], {
      cwd: this.folder,
      env: { ...this.environment, ...options.env },
      stdin: options.stdin === undefined ? 'ignore' : Buffer.from(options.stdin),
      stdout: 'pipe',
      stderr: 'pipe',
      detached: true,
    })
    let late = false
    const timer = setTimeout(() => {
      late = true
      child.kill('SIGKILL')
    }, 60_000)
    const [out, err, code] = await Promise.all([child.stdout.bytes(), child.stderr.text(), child.exited])
    clearTimeout(timer)
    return {
      code,
      signal: child.signalCode === null ? undefined : String(child.signalCode),
      out: Buffer.from(out),
      err,
      late,
    }
  }

  tvault(...words: string[]): Promise<Done & { late: boolean }> {
    return this.exec([BINARY, ...words])
  }

  /** Runs and insists on success. */
  async must(...words: string[]): Promise<Done> {
    const done = await this.tvault(...words)
    if (done.code !== 0) throw new Error(`tvault ${words.join(' ')} ended with ${done.code}: ${done.err}`)
    return done
  }

  async init(): Promise<void> {
    await this.must('init', ...CHEAP)
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true })
  }
}

/** Seed of this run: printed, and taken from SEED so that a failure can be repeated. */
export const SEED = Number(process.env['SEED'] ?? Math.floor(Date.now() / 1000) % 1_000_000)

/** Numbers from 0 up to `below`, the same ones for the same seed (mulberry32). */
export function randomFrom(seed: number): (below: number) => number {
  let state = seed >>> 0
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296) * below)
  }
}
