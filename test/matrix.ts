// Every command in every bad state: the vault and the folder that all calls start from, the states, and what each
// command must end with in each of them. A cell is one process of the compiled program with --json.
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { CALLS, RECIPIENT, STATES } from './matrix-calls.ts'
import type { Call, State } from './matrix-calls.ts'

const BINARY = resolve(process.env['TVAULT_BIN'] ?? join(import.meta.dir, '..', 'dist', 'tvault'))
const PASSPHRASE = 'matrix only 6620 not a secret'
const CHEAP = ['--kdf-memory', '19456', '--kdf-passes', '2', '--kdf-lanes', '1']
/** How long a program may take before it counts as waiting for ever. */
const LIMIT_MILLISECONDS = 20_000
const AT_ONCE = 3

export interface Ended {
  code: number | null
  out: string
  err: string
}

/** A folder with a vault in it, a folder to stand in, and the things that calls read. */
export class Matrix {
  readonly folder = mkdtempSync(join(tmpdir(), 'tvault-matrix-'))
  readonly #base = join(this.folder, 'base')
  readonly #mounts = new Set<string>()
  #holder: Bun.Subprocess<'pipe', 'pipe', 'ignore'> | undefined
  #held: Promise<string> | undefined
  #recipient = ''
  #cells = 0

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
    await must(
      'env',
      'group',
      'create',
      'app',
      ...['production=shop', 'staging=stage', 'preview=early'].flatMap((env) => ['--env', env]),
    )
    await must('env', 'inherit', '--group', 'app', '--env', 'preview', '--from', 'production')
    await must('env', 'pin', 'PINNED', '--group', 'app', '--env', 'preview')
    this.#recipient = (JSON.parse(await must('identity', 'new', 'me', '--json')) as { recipient: string }).recipient
    await must('projects', 'share', this.#recipient, '-p', 'shared')
    await must('seal', '--recipient', this.#recipient, '-o', 'env.sealed')
    await must('seal', '--recipient', this.#recipient, '--format', 'k8s', '--name', 'app', '-o', 'sealed.yaml')
    await must('backup', 'backup.db')
    writeFileSync(join(work, '.tvaultrc'), 'project = default\n')
    writeFileSync(join(work, 'policy.conf'), '[allow names]\neffect = list\n')
    for (const words of [
      ['init', '-q', '--template='],
      ['config', 'user.name', 'x'],
      ['config', 'user.email', 'x@x'],
    ])
      Bun.spawnSync(['git', ...words], { cwd: work })
  }

  remove(): void {
    this.#holder?.kill()
    for (const disk of this.#mounts) Bun.spawnSync(['umount', disk])
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

  async #run(
    words: readonly string[],
    cwd: string,
    env: Record<string, string>,
    input = '',
    redirect = '',
  ): Promise<Ended> {
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

  /** A small disk of its own with a copy on it; undefined where none can be mounted. */
  #disk(): { disk: string; place: string } | undefined {
    const disk = join(this.folder, `disk-${this.#cells++}`)
    mkdirSync(disk)
    const options = ['-o', 'size=4m,mode=700', 'tmpfs', disk]
    if (Bun.spawnSync(['mount', '-t', 'tmpfs', ...options], { stderr: 'ignore' }).exitCode !== 0) return undefined
    this.#mounts.add(disk)
    return { disk, place: this.#copy(join(disk, 'cell')) }
  }

  /** One copy whose write lock is held by somebody else until the end. */
  #busy(): Promise<string> {
    const hold = async (): Promise<string> => {
      const place = this.#copy()
      const words = ['flock', '-x', placeOf(place).vault, 'sh', '-c', 'echo held; exec cat']
      this.#holder = Bun.spawn(words, { stdin: 'pipe', stdout: 'pipe', stderr: 'ignore' })
      await this.#holder.stdout.getReader().read()
      return place
    }
    this.#held ??= hold()
    return this.#held
  }

  /** Where a cell of `state` happens; undefined when this machine cannot make the state. */
  async #place(state: State): Promise<{ work: string; vault: string } | undefined> {
    switch (state) {
      case 'busy':
        return { work: placeOf(this.#copy()).work, vault: placeOf(await this.#busy()).vault }
      case 'corrupt': {
        const place = placeOf(this.#copy())
        const file = join(place.vault, 'vault.db')
        // The first two pages say that it is a vault.
        writeFileSync(file, readFileSync(file).fill(0xa5, 8192))
        return place
      }
      case 'read-only file system': {
        const made = this.#disk()
        if (made) Bun.spawnSync(['mount', '-o', 'remount,ro', made.disk])
        return made && placeOf(made.place)
      }
      case 'full disk': {
        const made = this.#disk()
        const fill = 'cat /dev/zero > filler; while printf x >> filler; do :; done'
        if (made) Bun.spawnSync(['sh', '-c', fill], { cwd: made.disk, stderr: 'ignore' })
        return made && placeOf(made.place)
      }
      default:
        return placeOf(this.#copy())
    }
  }

  /** Runs the call of `path` in `state`; undefined when this machine cannot make the state. */
  async cell(path: string, state: State): Promise<Ended | undefined> {
    const call = CALLS[path]!
    const place = await this.#place(state)
    if (place === undefined) return undefined
    try {
      return await this.#call(path, call, state, place)
    } finally {
      this.#tidy(place.work)
    }
  }

  /** Gives disk and space of one cell back. */
  #tidy(work: string): void {
    const own = dirname(work)
    const disk = dirname(own)
    if (this.#mounts.delete(disk)) Bun.spawnSync(['umount', disk])
    else rmSync(own, { recursive: true, force: true })
  }

  #call(path: string, call: Call, state: State, place: { work: string; vault: string }): Promise<Ended> {
    const env = this.#environment(place.vault)
    if (state === 'no vault') env['TVAULT_DIR'] = join(place.work, 'nowhere')
    if (state === 'locked') delete env['TVAULT_PASSPHRASE']
    if (state === 'wrong passphrase') env['TVAULT_PASSPHRASE'] = 'another one'
    if (state === 'HOME unset' || state === 'no directory named') delete env['HOME']
    if (state === 'no directory named') delete env['TVAULT_DIR']
    const redirect = state === 'full stdout' ? '> /dev/full' : state === 'closed stdout' ? '>&-' : ''
    const words = wordsOf(path, call, this.#recipient, state)
    return this.#run(words, place.work, env, call.input, redirect)
  }

  /** Cells of these commands and states, a few at a time: what is wrong with each, in a line. */
  async faults(paths: readonly string[], states: readonly State[] = STATES): Promise<string[]> {
    const cells = paths.flatMap((path) => states.map((state) => [path, state] as const))
    const faults: string[] = []
    const missing = new Set<State>()
    const next = cells.values()
    await Promise.all(
      Array.from({ length: AT_ONCE }, async () => {
        for (const [path, state] of next) {
          const ended = await this.cell(path, state)
          if (ended === undefined) missing.add(state)
          else faults.push(...cellFaults(path, state, ended).map((fault) => `${path}, ${state}: ${fault}`))
        }
      }),
    )
    for (const state of missing) console.log(`!!! this machine cannot make the state "${state}": NOT tested`)
    return faults
  }
}

/** The codes with which the call of `path` may end in `state`. */
export function expectedCodes(path: string, state: State): readonly number[] {
  const { need, ends = 0, but = {}, asks, writes, foreign } = CALLS[path]!
  const opens = need === 'names' || need === 'mark' || need === 'key'
  const stores = need === 'mark' || need === 'key' || writes === true
  const told = but[state]
  if (told !== undefined) return [told]
  switch (state) {
    case 'no vault':
      return [opens ? 5 : ends]
    case 'locked':
      return [need === 'key' ? 3 : ends]
    case 'wrong passphrase':
      return [need === 'key' ? 6 : ends]
    case 'busy':
      return [need === 'key' || need === 'mark' ? 7 : ends]
    case 'corrupt':
      return [opens ? 9 : ends]
    case 'read-only file system':
      return [stores ? 1 : ends]
    case 'full disk':
      // What fits into pages that the file has already is stored.
      return stores ? [1, ends] : [ends]
    case 'full stdout':
      return [ends === 0 && foreign !== 'silent' ? 1 : ends]
    case 'closed stdout':
      return foreign === 'text' ? [0, 1] : [ends]
    case 'nobody to ask':
      return [asks ? 130 : ends]
    case 'no directory named':
      return [need === 'nothing' ? ends : 2]
    default:
      return [ends]
  }
}

/** What is wrong with the end of one cell. */
export function cellFaults(path: string, state: State, { code, out, err }: Ended): string[] {
  const expected = expectedCodes(path, state)
  const faults: string[] = []
  if (code === null) return ['did not end by itself']
  if (!expected.includes(code)) faults.push(`ended with ${code}, expected ${expected.join(' or ')}: ${err.trim()}`)
  if (/"internal"/.test(err)) faults.push(`is a bug: ${err.trim()}`)
  const program = CALLS[path]!.foreign !== undefined && [0, 1].includes(code)
  if (!program && !state.endsWith('stdout') && !isTold(code, out, err))
    faults.push(`said no JSON: ${JSON.stringify({ out, err })}`)
  return faults
}

/** A result on standard output, or a failure with this code as the last line of standard error. */
function isTold(code: number, out: string, err: string): boolean {
  try {
    if (code === 0 || out !== '') return typeof JSON.parse(out) === 'object'
    const told = JSON.parse(err.trimEnd().split('\n').at(-1) ?? '') as { error: { kind: string; exit: number } }
    return told.error.exit === code && told.error.kind !== ''
  } catch {
    return false
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
