// Calling git. Always its own words as an argument vector, never a shell; nothing of ours in its environment; and no
// configuration of the repository may make it run another program than the filters that the caller asks for: a folder
// that somebody sent may hold a .git.
import { Failure } from '../lib/errors.ts'
import { printable } from '../lib/names.ts'
import type { Environment } from '../lib/paths.ts'
import { isInheritable } from '../guard/environment.ts'
import { findProgram } from '../guard/program.ts'

/** In front of every call: no pager, no file watcher, no hook, no prompt. Hooks that git itself runs for a commit are not ours. */
const SAFE = ['--no-pager', '-c', 'core.fsmonitor=false', '-c', 'core.hooksPath=/dev/null', '-c', 'core.pager=cat']

/**
 * A missing object of a partial clone would be fetched, by a program that the configuration names: no protocol is
 * allowed. Reading must not take locks that a commit is waiting for. Messages are not translated, paths are literal.
 */
const SAFE_ENVIRONMENT = {
  GIT_ALLOW_PROTOCOL: 'none',
  GIT_OPTIONAL_LOCKS: '0',
  GIT_TERMINAL_PROMPT: '0',
  GIT_PAGER: 'cat',
  LC_ALL: 'C',
}

export interface Call {
  /** Where git stands; its own rules say which repository that is. */
  cwd: string
  environment: Environment
  /** Bytes for its standard input; none without. */
  input?: Uint8Array
  /** Exit codes that are answers and no failures; default 0 alone. */
  answers?: readonly number[]
}

export interface Answer {
  code: number
  out: Uint8Array
}

/** Runs git with `words` to its end. Failure `failed` with the first line of what git said when the code is no answer. */
export function git(words: readonly string[], { cwd, environment, input, answers = [0] }: Call): Answer {
  const done = Bun.spawnSync([program(environment), ...SAFE, ...words], {
    cwd,
    env: childEnvironment(environment),
    stdin: input ?? 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
  })
  const code = done.exitCode ?? 1
  if (answers.includes(code)) return { code, out: new Uint8Array(done.stdout) }
  throw failure(words, code, done.stderr.toString())
}

/** Output of git as text, without its last line end. */
export function gitText(words: readonly string[], call: Call): string {
  return new TextDecoder().decode(git(words, call).out).replace(/\n$/, '')
}

export type Child = Bun.Subprocess<'pipe', 'pipe', 'ignore'>

/** Starts git with `words` and leaves it running, for questions and answers. */
export function startGit(words: readonly string[], { cwd, environment }: Call): Child {
  return Bun.spawn([program(environment), ...SAFE, ...words], {
    cwd,
    env: childEnvironment(environment),
    stdin: 'pipe',
    stdout: 'pipe',
    stderr: 'ignore',
  })
}

/** Path of git, looked for in absolute folders of PATH only. Failure `failed` when there is none. */
function program(environment: Environment): string {
  try {
    return findProgram('git', environment['PATH'])
  } catch (error) {
    throw new Failure('failed', 'git was not found', { hint: 'install git, or put it on PATH', cause: error })
  }
}

function childEnvironment(environment: Environment): Record<string, string> {
  const passed = Object.entries(environment).flatMap(([name, value]) =>
    value === undefined || !isInheritable(name, false) ? [] : [[name, value] as const],
  )
  return { ...Object.fromEntries(passed), ...SAFE_ENVIRONMENT }
}

function failure(words: readonly string[], code: number, said: string): Failure {
  const line = said.split('\n').find((text) => text.trim() !== '') ?? `exit code ${code}`
  if (/not a git repository|must be run in a work tree/.test(said)) {
    return new Failure('failed', 'not inside a git repository', {
      hint: 'go to the folder of a repository, or: git init',
    })
  }
  return new Failure('failed', `git ${words[0] ?? ''} failed: ${printable(line.replace(/^(?:fatal|error): /, ''))}`)
}
