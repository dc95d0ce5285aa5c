// Runs journeys: text files that say what a user types and what must come back. Each runs the real program in a
// directory of its own, with its own HOME and TVAULT_DIR and nothing of the caller's environment but PATH.
// The language is the table COMMANDS below; README of the language: test/scripts/README.md.
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join, resolve } from 'node:path'
import { press, runInTerminal } from './script-terminal.ts'
import type { Step } from './script-terminal.ts'

const ROOT = resolve(import.meta.dir, '..')
/** Longest time one program may take before it is killed and the journey fails: waiting for ever is the fault. */
const LIMIT_SECONDS = 20

/** The floor of the key derivation: it is not what journeys are about. */
const CHEAP = ['--kdf-memory', '19456', '--kdf-passes', '2', '--kdf-lanes', '1']

export interface Line {
  number: number
  words: string[]
  /** Lines of the block that follows, when the line ends with `<<`. */
  block: string[] | undefined
}

/** Splits a journey into lines, words and blocks. Throws with the line number when a quote or block stays open. */
export function parseScript(text: string): Line[] {
  const lines = text.split('\n')
  const parsed: Line[] = []
  for (let index = 0; index < lines.length; index++) {
    const number = index + 1
    const words = splitWords(lines[index]!, number)
    if (words.length === 0) continue
    let block: string[] | undefined
    if (words.at(-1) === '<<') {
      const end = lines.indexOf('<<', index + 1)
      if (end < 0) throw new Error(`line ${number}: the block is not closed by a line <<`)
      block = lines.slice(index + 1, end)
      words.pop()
      index = end
    }
    parsed.push({ number, words, block })
  }
  return parsed
}

/** Words as a shell splits them: blanks outside of '…' and "…", no escapes, `#` begins a comment. */
function splitWords(line: string, number: number): string[] {
  const words: string[] = []
  let word: string | undefined
  for (let at = 0; at < line.length; at++) {
    const c = line[at]!
    if (c === "'" || c === '"') {
      const end = line.indexOf(c, at + 1)
      if (end < 0) throw new Error(`line ${number}: the quote ${c} is not closed`)
      word = (word ?? '') + line.slice(at + 1, end)
      at = end
    } else if (c === ' ' || c === '\t') {
      if (word !== undefined) words.push(word)
      word = undefined
    } else if (c === '#' && word === undefined) return words
    else word = (word ?? '') + c
  }
  if (word !== undefined) words.push(word)
  return words
}

/** What the program under test is: TVAULT_BIN (a command line, split at blanks), else dist/tvault. */
function program(): string[] {
  return (process.env['TVAULT_BIN'] ?? join(ROOT, 'dist', 'tvault')).split(' ')
}

interface Ran {
  code: number
  stdout: Buffer
  stderr: Buffer
}

/** One journey while it runs. */
class Journey {
  readonly directory = mkdtempSync(join(tmpdir(), 'tvault-journey-'))
  readonly work = join(this.directory, 'work')
  readonly environment: Record<string, string>
  stdin: string | undefined
  terminal: Step[] | undefined
  last: Ran | undefined
  /** How many statements said something about what must hold; a journey without any proves nothing. */
  checks = 0

  constructor() {
    const bin = join(this.directory, 'bin')
    for (const folder of [this.work, bin, join(this.directory, 'home'), join(this.directory, 'tmp')])
      mkdirSync(folder, { mode: 0o700 })
    const [first = '', ...more] = program()
    if (more.length === 0) symlinkSync(resolve(first), join(bin, 'tvault'))
    else {
      const quoted = [
        Bun.which(first) ?? first,
        ...more.map((word) => (existsSync(join(ROOT, word)) ? join(ROOT, word) : word)),
      ]
      writeFileSync(join(bin, 'tvault'), `#!/bin/sh\nexec ${quoted.map((word) => `'${word}'`).join(' ')} "$@"\n`)
      chmodSync(join(bin, 'tvault'), 0o755)
    }
    this.environment = {
      PATH: `${bin}:${process.env['PATH'] ?? '/usr/bin:/bin'}`,
      HOME: join(this.directory, 'home'),
      TMPDIR: join(this.directory, 'tmp'),
      TVAULT_DIR: join(this.directory, 'vault'),
      WORK: this.work,
    }
  }

  path(name: string): string {
    return resolve(this.work, name)
  }

  /** Bytes of a file, or of the last output for the names `stdout` and `stderr`. */
  bytes(name: string): Buffer {
    if (name === 'stdout') return this.result().stdout
    if (name === 'stderr') return this.result().stderr
    return readFileSync(this.path(name))
  }

  result(): Ran {
    if (!this.last) throw new Error('nothing has run yet')
    return this.last
  }

  /** Runs a program with the prepared stdin or terminal. Throws when it is still running after the limit. */
  async run(command: readonly string[]): Promise<Ran> {
    const { stdin, terminal } = this
    this.stdin = undefined
    this.terminal = undefined
    const common = { cwd: this.work, env: { ...this.environment }, limitSeconds: LIMIT_SECONDS }
    this.last = terminal ? await runInTerminal(command, terminal, common) : await runPlain(command, stdin, common)
    return this.last
  }
}

interface RunOptions {
  cwd: string
  env: Record<string, string>
  limitSeconds: number
}

async function runPlain(command: readonly string[], stdin: string | undefined, options: RunOptions): Promise<Ran> {
  const child = Bun.spawn([...command], {
    cwd: options.cwd,
    env: options.env,
    stdin: stdin === undefined ? 'ignore' : Bun.file(stdin),
    stdout: 'pipe',
    stderr: 'pipe',
    timeout: options.limitSeconds * 1000,
    killSignal: 'SIGKILL',
    // In a session of its own, so that /dev/tty is not the terminal of whoever runs the tests.
    detached: true,
  })
  const start = performance.now()
  const [stdout, stderr] = await Promise.all([child.stdout.bytes(), child.stderr.bytes()])
  await child.exited
  if (child.signalCode === 'SIGKILL' && performance.now() - start >= options.limitSeconds * 1000) {
    throw new Error(`still running after ${options.limitSeconds} s: ${command.join(' ')}`)
  }
  const code = child.signalCode ? 128 + (signals[child.signalCode] ?? 0) : (child.exitCode ?? 0)
  return { code, stdout: Buffer.from(stdout), stderr: Buffer.from(stderr) }
}

const signals: Record<string, number> = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGQUIT: 3,
  SIGABRT: 6,
  SIGKILL: 9,
  SIGSEGV: 11,
  SIGPIPE: 13,
  SIGTERM: 15,
}

type Runner = (journey: Journey, words: string[], block: string[] | undefined, negated: boolean) => void | Promise<void>

/** `condition` must hold, or must not hold after `!`. */
function claim(journey: Journey, condition: boolean, negated: boolean, what: string): void {
  journey.checks += 1
  if (condition === negated) throw new Error(negated ? `expected not: ${what}` : `expected: ${what}`)
}

async function runExpecting(journey: Journey, command: string[], expected: number | 'failure'): Promise<void> {
  const { code } = await journey.run(command)
  journey.checks += 1
  const fits = expected === 'failure' ? code !== 0 && code < 128 : code === expected
  if (!fits) throw new Error(`exit code ${code}, expected ${expected}`)
}

const output =
  (stream: 'stdout' | 'stderr'): Runner =>
  (journey, [pattern = ''], _block, negated) =>
    claim(
      journey,
      new RegExp(pattern, 'm').test(journey.result()[stream].toString('utf8')),
      negated,
      `${stream} matches ${pattern}`,
    )

/** The language of journeys. */
const COMMANDS: Record<string, Runner> = {
  tvault: (journey, words, _block, negated) => runExpecting(journey, ['tvault', ...words], negated ? 'failure' : 0),
  exec: (journey, words, _block, negated) => runExpecting(journey, words, negated ? 'failure' : 0),
  exit: (journey, [code, ...words]) =>
    runExpecting(journey, words[0] === 'exec' ? words.slice(1) : words, Number(code)),
  // The usual beginning: a passphrase in the environment and a vault with the cheapest key derivation allowed.
  vault: (journey) => {
    journey.environment['TVAULT_PASSPHRASE'] = 'journeys only 4410 not a secret'
    return runExpecting(journey, ['tvault', 'init', ...CHEAP], 0)
  },
  stdout: output('stdout'),
  stderr: output('stderr'),
  env: (journey, words) => {
    for (const word of words) {
      const at = word.indexOf('=')
      if (at < 0) delete journey.environment[word]
      else journey.environment[word.slice(0, at)] = word.slice(at + 1)
    }
  },
  stdin: (journey, [name = '']) => {
    journey.stdin = journey.path(name)
  },
  file: (journey, [name = '', mode], block) => {
    mkdirSync(dirname(journey.path(name)), { recursive: true })
    writeFileSync(journey.path(name), (block ?? []).map((line) => `${line}\n`).join(''))
    if (mode) chmodSync(journey.path(name), Number.parseInt(mode, 8))
  },
  save: (journey, [stream = 'stdout', name = '']) => writeFileSync(journey.path(name), journey.bytes(stream)),
  cmp: (journey, [a = '', b = ''], _block, negated) =>
    claim(journey, journey.bytes(a).equals(journey.bytes(b)), negated, `${a} equals ${b}`),
  grep: (journey, [pattern = '', ...names], _block, negated) => {
    for (const name of names)
      claim(
        journey,
        new RegExp(pattern, 'm').test(journey.bytes(name).toString('latin1')),
        negated,
        `${name} holds ${pattern}`,
      )
  },
  exists: (journey, names, _block, negated) => {
    for (const name of names) claim(journey, existsSync(journey.path(name)), negated, `${name} exists`)
  },
  mode: (journey, [expected = '', ...names]) => {
    for (const name of names) {
      const found = (statSync(journey.path(name)).mode & 0o777).toString(8)
      claim(journey, found === expected, false, `${name} has mode ${expected}, it has ${found}`)
    }
  },
  tty: (journey, _words, block) => {
    journey.terminal = (block ?? []).flatMap((line, index): Step[] => {
      const [verb, ...words] = splitWords(line, index + 1)
      if (verb === undefined) return []
      if (verb === 'expect') return [{ expect: new RegExp(words.join(' '), 'm') }]
      if (verb === 'type') return [{ send: words.join(' ') }]
      if (verb === 'press') return words.map((key) => ({ send: press(key) }))
      throw new Error(`unknown step in tty: ${verb}`)
    })
  },
}

export interface Report {
  name: string
  checks: number
}

/** Runs one journey file and removes its directory. Throws with file, line, and what the last program printed. */
export async function runScript(path: string): Promise<Report> {
  const journey = new Journey()
  let line: Line | undefined
  try {
    for (line of parseScript(readFileSync(path, 'utf8'))) {
      const negated = line.words[0] === '!'
      const words = (negated ? line.words.slice(1) : line.words).map((word) =>
        word.replace(/\$\{(\w+)\}/g, (whole, name: string) => journey.environment[name] ?? whole),
      )
      const [verb = '', ...rest] = words
      const run = COMMANDS[verb]
      if (!run) throw new Error(`unknown word: ${verb}`)
      await run(journey, rest, line.block, negated)
    }
    return { name: basename(path), checks: journey.checks }
  } catch (error) {
    const at = `${basename(path)}:${line?.number ?? 0}: ${line?.words.join(' ') ?? ''}`
    const printed = journey.last
      ? `\n  stdout: ${shown(journey.last.stdout)}\n  stderr: ${shown(journey.last.stderr)}`
      : ''
    throw new Error(`${at}\n  ${error instanceof Error ? error.message : String(error)}${printed}`, { cause: error })
  } finally {
    rmSync(journey.directory, { recursive: true, force: true })
  }
}

function shown(bytes: Buffer): string {
  const text = bytes.toString('utf8')
  return JSON.stringify(text.length > 2000 ? `${text.slice(0, 2000)}…` : text)
}
