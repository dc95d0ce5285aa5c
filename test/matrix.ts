// Every command in every bad state: the vault and the folder that all calls start from, the states, and what each
// command must end with in each of them. A cell is one process of the compiled program with --json.
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { CALLS, RECIPIENT } from './matrix-calls.ts'
import type { Call } from './matrix-calls.ts'

const BINARY = resolve(process.env['TVAULT_BIN'] ?? join(import.meta.dir, '..', 'dist', 'tvault'))
const PASSPHRASE = 'matrix only 6620 not a secret'
const CHEAP = ['--kdf-memory', '19456', '--kdf-passes', '2', '--kdf-lanes', '1']
/** How long a program may take before it counts as waiting for ever. */
const LIMIT_MILLISECONDS = 20_000

export const STATES = [
  'fine',
  'no vault',
  'locked',
  'wrong passphrase',
  'busy',
  'corrupt',
  'read-only file system',
  'full disk',
  'full stdout',
  'closed stdout',
  'nobody to ask',
  'HOME unset',
  'no directory named',
] as const
export type State = (typeof STATES)[number]

export interface Ended {
  code: number | null
  out: string
  err: string
}

/** A folder with a vault in it, a folder to stand in, and the things that calls read. */
export class Matrix {
  readonly folder = mkdtempSync(join(tmpdir(), 'tvault-matrix-'))
  readonly #base = join(this.folder, 'base')
  readonly #mounts: string[] = []
  #holder: Bun.Subprocess<'pipe', 'pipe', 'ignore'> | undefined
  #recipient = ''
  #cells = 0
  /** States that this machine cannot make, each with the reason. */
  readonly missing = new Map<State, string>()

  /** Makes what all cells start from, and the states that are shared by all commands. */
  async prepare(): Promise<void> {
    const { work, vault } = placeOf(this.#base)
    for (const path of [work, join(this.folder, 'home'), join(this.folder, 'bin')])
      mkdirSync(path, { recursive: true, mode: 0o700 })
    for (const name of ['docker', 'ssh']) {
      writeFileSync(join(this.folder, 'bin', name), '#!/bin/sh\necho started\n')
      chmodSync(join(this.folder, 'bin', name), 0o755)
    }
    const must = async (...words: string[]): Promise<string> => {
      const { code, out, err } = await this.#run(words, work, this.#environment(vault))
      if (code !== 0) throw new Error(`${words.join(' ')} ended with ${code}: ${err}`)
      return out
    }
    await must('init', ...CHEAP)
    writeFileSync(join(work, '.env'), 'A=from the file\nNEW=1\n')
    for (const project of ['shop', 'stage', 'early', 'extra', 'shared']) await must('projects', 'create', project)
    await must('set', 'A', 'first')
    await must('set', 'A', 'second')
    await must('set', 'URL', 'https://shop', '-p', 'shop')
    await must('set', 'PINNED', 'value', '-p', 'shop')
    await must('env', 'group', 'create', 'app', ...['production=shop', 'staging=stage', 'preview=early'].flatMap((env) => ['--env', env]))
    await must('env', 'inherit', '--group', 'app', '--env', 'preview', '--from', 'production')
    await must('env', 'pin', 'PINNED', '--group', 'app', '--env', 'preview')
    this.#recipient = (JSON.parse(await must('identity', 'new', 'me', '--json')) as { recipient: string }).recipient
    await must('projects', 'share', this.#recipient, '-p', 'shared')
    await must('seal', '--recipient', this.#recipient, '-o', 'env.sealed')
    await must('seal', '--recipient', this.#recipient, '--format', 'k8s', '--name', 'app', '-o', 'sealed.yaml')
    await must('backup', 'backup.db')
    writeFileSync(join(work, '.tvaultrc'), 'project = default\n')
    for (const words of [['init', '-q'], ['config', 'user.name', 'x'], ['config', 'user.email', 'x@x']])
      Bun.spawnSync(['git', ...words], { cwd: work })
  }

  remove(): void {
    this.#holder?.kill()
    for (const path of this.#mounts) Bun.spawnSync(['umount', path])
    rmSync(this.folder, { recursive: true, force: true })
  }

  #environment(vault: string): Record<string, string> {
    return {
      PATH: `${join(this.folder, 'bin')}:${process.env['PATH'] ?? '/usr/bin:/bin'}`,
      HOME: join(this.folder, 'home'),
      TMPDIR: this.folder,
      TVAULT_DIR: vault,
      TVAULT_PASSPHRASE: PASSPHRASE,
      TVAULT_NEW_PASSPHRASE: `${PASSPHRASE} either`,
      TVAULT_NO_AGENT: '1',
      TVAULT_LOCK_TIMEOUT: '0',
    }
  }

  async #run(words: readonly string[], cwd: string, env: Record<string, string>, input = '', redirect = ''): Promise<Ended> {
    const command = redirect === '' ? [BINARY, ...words] : ['sh', '-c', `exec "$0" "$@" ${redirect}`, BINARY, ...words]
    const child = Bun.spawn(command, {
      cwd,
      env,
      stdin: Buffer.from(input),
      stdout: 'pipe',
      stderr: 'pipe',
      timeout: LIMIT_MILLISECONDS,
      killSignal: 'SIGKILL',
      // A session of its own has no terminal.
      detached: true,
    })
    const [out, err] = await Promise.all([child.stdout.text(), child.stderr.text()])
    await child.exited
    return { code: child.exitCode, out, err }
  }

  /** A fresh copy of vault and folder; `place` is where. */
  #copy(place = join(this.folder, `cell-${this.#cells++}`)): string {
    cpSync(this.#base, place, { recursive: true })
    chmodSync(placeOf(place).vault, 0o700)
    return place
  }

  #disk(name: string, size: string): string | undefined {
    const path = join(this.folder, name)
    if (existsSync(path)) return path
    mkdirSync(path)
    if (Bun.spawnSync(['mount', '-t', 'tmpfs', '-o', `size=${size},mode=700`, 'tmpfs', path]).exitCode !== 0) return undefined
    this.#mounts.push(path)
    return path
  }

  readonly #shared = new Map<State, Promise<string | undefined>>()

  /** Where the cell of `state` happens; undefined when this machine cannot make the state. */
  #place(state: State): Promise<string | undefined> {
    const make = async (): Promise<string | undefined> => {
      switch (state) {
        case 'busy': {
          const place = this.#copy()
          this.#holder = Bun.spawn(['flock', '-x', placeOf(place).vault, 'sh', '-c', 'echo held; exec cat'], { stdin: 'pipe', stdout: 'pipe', stderr: 'ignore' })
          await this.#holder.stdout.getReader().read()
          return place
        }
        case 'corrupt': {
          const place = this.#copy()
          const file = join(placeOf(place).vault, 'vault.db')
          const bytes = readFileSync(file)
          bytes.fill(0xa5, 8192)
          writeFileSync(file, bytes)
          return place
        }
        case 'read-only file system': {
          const disk = this.#disk('read-only', '8m')
          if (disk === undefined) return undefined
          this.#copy(join(disk, 'cell'))
          Bun.spawnSync(['mount', '-o', 'remount,ro', disk])
          return join(disk, 'cell')
        }
        case 'full disk': {
          const disk = this.#disk('full', '8m')
          if (disk === undefined) return undefined
          this.#copy(join(disk, 'cell'))
          Bun.spawnSync(['sh', '-c', 'cat /dev/zero > filler; while printf x >> filler; do :; done'], { cwd: disk, stderr: 'ignore' })
          return join(disk, 'cell')
        }
        default:
          return undefined
      }
    }
    const shared: readonly State[] = ['busy', 'corrupt', 'read-only file system', 'full disk']
    if (!shared.includes(state)) return Promise.resolve(this.#copy())
    const made = this.#shared.get(state) ?? make()
    this.#shared.set(state, made)
    return made
  }

  /** Runs the call of `path` in `state`; undefined when this machine cannot make the state. */
  async cell(path: string, state: State): Promise<Ended | undefined> {
    const call = CALLS[path]!
    const place = await this.#place(state)
    if (place === undefined) {
      this.missing.set(state, 'a tmpfs cannot be mounted here')
      return undefined
    }
    const { work, vault } = placeOf(place)
    const env = this.#environment(vault)
    if (state === 'no vault') env['TVAULT_DIR'] = join(place, 'nowhere')
    if (state === 'locked') delete env['TVAULT_PASSPHRASE']
    if (state === 'wrong passphrase') env['TVAULT_PASSPHRASE'] = 'another one'
    if (state === 'HOME unset') delete env['HOME']
    if (state === 'no directory named') {
      delete env['HOME']
      delete env['TVAULT_DIR']
    }
    const redirect = state === 'full stdout' ? '> /dev/full' : state === 'closed stdout' ? '>&-' : ''
    return this.#run(wordsOf(path, call, this.#recipient, state), work, env, call.input, redirect)
  }
}

function placeOf(place: string): { work: string; vault: string } {
  return { work: join(place, 'work'), vault: join(place, 'vault') }
}

function wordsOf(path: string, { words = '', asks }: Call, recipient: string, state: State): string[] {
  const rest = words.split(' ').filter(Boolean)
  const yes = asks && state !== 'nobody to ask' ? ['-y'] : []
  return [...path.split(' '), '--json', ...yes, ...rest.map((word) => (word === RECIPIENT ? recipient : word))]
}
