// Runs a program with secrets in its environment, for an AI agent: no shell, confined by the kernel, its output without
// the values. What is not named is not given; values that could not be taken out of the output are not given either.
import type { Context } from '../../commands/context.ts'
import { define } from '../../commands/define.ts'
import { Failure } from '../../lib/errors.ts'
import type { StepOutcome } from '../../commands/mcp-access.ts'
import type { Act } from '../../lib/gate.ts'
import { printable } from '../../lib/names.ts'
import type { Secret } from '../../lib/secret.ts'
import { splitWords } from '../../lib/words.ts'
import { tool } from './tool.ts'
import type { Tool } from './tool.ts'
import type { Entry } from '../../vault/view.ts'

const TIMEOUT_SECONDS = 300
const MOST_SECONDS = 3600
const LONGEST_PURPOSE = 120

const exec = define({
  path: 'mcp exec',
  about: 'Run a program with secrets in its environment',
  effect: 'inject',
  on: ['mcp'],
  hidden: true,
  holdsKeys: true,
  examples: [],
  input: {
    argv: { kind: 'list', about: 'The program and its arguments, one by one; there is no shell' },
    line: { kind: 'text', about: 'The same as one line: quotes work, operators and variables of a shell do not' },
    secrets: { kind: 'list', about: 'Names of the secrets that become variables; without any, none does' },
    prefix: { kind: 'text', about: 'Also secrets whose names begin so' },
    group: { kind: 'text', about: 'An environment group' },
    env: { kind: 'text', about: 'The environment of it, with what it inherits' },
    directory: { kind: 'text', about: 'Where it starts, below a directory of this server' },
    timeout: {
      kind: 'count',
      min: 1,
      max: MOST_SECONDS,
      about: 'Seconds until it is ended',
      fallback: `${TIMEOUT_SECONDS}`,
    },
    output: {
      kind: 'choice',
      choices: ['full', 'exit'],
      about: 'exit: only how it ended, also for values too short to be hidden',
      fallback: 'full',
    },
    purpose: { kind: 'text', about: 'What for; for the owner, in the audit log' },
  },
  async run(context, { argv, line, directory, timeout = TIMEOUT_SECONDS, output = 'full', ...which }) {
    const command = argv ?? line ?? ''
    const { place, projects, inject } = await chosen(context, which)
    const rest = { directory, projects, timeoutSeconds: timeout, output }
    try {
      const ended = await context.runConfined({ command, inject, ...rest })
      return { ...place, keys: inject.map(({ name }) => name), ...ended }
    } finally {
      for (const { value } of inject) value.wipe()
    }
  },
})

interface Which {
  secrets: string[] | undefined
  prefix: string | undefined
  group: string | undefined
  env: string | undefined
}

type Place = { project: string } | { group: string; env: string }

/** The secrets that were named, for the caller to wipe, what they were taken from, and all projects of that. */
async function chosen(
  context: Context,
  { secrets, prefix, group, env }: Which,
): Promise<{ place: Place; projects: string[]; inject: { name: string; project: string; value: Secret }[] }> {
  if (prefix === '') throw new Failure('usage', 'the argument prefix is empty', { hint: 'leave it out' })
  const isNothing = secrets === undefined && prefix === undefined
  const selection = { only: secrets ?? [], ...(prefix !== undefined && { prefix }) }
  if (group === undefined && env === undefined) {
    const view = await context.vault()
    const project = context.project(view)
    const { entries, missing } = isNothing ? NOTHING : view.readMany(project, selection)
    refuseMissing(missing, entries, `project ${printable(project)}`, 'vault_list_secrets')
    const inject = entries.map(({ key, value }) => ({ name: key, project, value }))
    return { place: { project }, projects: [project], inject }
  }
  if (group === undefined || env === undefined) {
    throw new Failure('usage', 'the arguments group and env must be used together', { hint: 'vault_env_group_list' })
  }
  if (isNothing) {
    throw new Failure('usage', 'group and env choose no secret by themselves', { hint: 'name secrets, or a prefix' })
  }
  const view = await context.vault()
  const projects = new Map(view.group(group).environments.map(({ name, project }) => [name, project]))
  const { entries, missing } = view.resolve(group, env, selection)
  refuseMissing(missing, entries, `environment ${printable(env)} of group ${printable(group)}`, 'vault_env_inherited')
  const inject = entries.map(({ key, value, environment }) => ({
    name: key,
    project: projects.get(environment) ?? '',
    value,
  }))
  return { place: { group, env }, projects: [...projects.values()], inject }
}

const NOTHING = { entries: [], missing: [] }

function refuseMissing([key]: readonly string[], entries: readonly Entry[], where: string, hint: string): void {
  if (key === undefined) return
  for (const { value } of entries) value.wipe()
  throw new Failure('not_found', `no secret ${printable(key)} in ${where}`, { hint })
}

type Ended = Awaited<ReturnType<typeof exec.run>>

function shown({ keys, output, exitCode, signal, timedOut, stdout, stderr, ...rest }: Ended): object {
  const { started, setUp, tearDown } = rest
  const around = {
    ...('group' in rest ? { group: rest.group, env: rest.env } : { project: rest.project }),
    keys,
    ...(setUp.length > 0 && { set_up: setUp.map((one) => step(one, output)) }),
    ...(tearDown.length > 0 && { tear_down: tearDown.map((one) => step(one, output)) }),
  }
  if (!started) {
    const why = "what the owner's recipe runs before the program failed, so the program was not started"
    return { ...around, started, timed_out: false, error: why, confined: rest.confined }
  }
  return {
    ...around,
    exit_code: exitCode,
    ...(signal !== undefined && { signal }),
    timed_out: timedOut,
    ...(output === 'full' && {
      stdout: stdout.text,
      stderr: stderr.text,
      stdout_bytes: stdout.total,
      stderr_bytes: stderr.total,
      stdout_dropped: stdout.dropped,
      stderr_dropped: stderr.dropped,
    }),
    redactions: rest.redactions,
    ...(output === 'full' && rest.withheld !== undefined && { output_withheld: rest.withheld }),
    confined: rest.confined,
    ...(rest.gaps.length > 0 && { not_confined: rest.gaps }),
    killed_processes: rest.strays,
  }
}

/** What it printed is told only when it failed, and to who may see output. */
function step({ program, exitCode, timedOut, stdout, stderr }: StepOutcome, output: Ended['output']): object {
  const isTold = output === 'full' && stdout + stderr !== ''
  return { program, exit_code: exitCode, ...(timedOut && { timed_out: true }), ...(isTold && { stdout, stderr }) }
}

const FACE = {
  output: {
    exit_code: { type: 'integer' },
    timed_out: { type: 'boolean' },
    stdout: { type: 'string' },
    stderr: { type: 'string' },
  },
  optional: ['exit_code', 'stdout', 'stderr'],
  result: shown,
  audit: whatFor,
  act: whatIsRun,
} as const

export const EXEC_TOOLS: readonly Tool[] = [
  tool(exec, {
    ...FACE,
    name: 'vault_exec',
    title: 'Run a program with secrets',
    about:
      'Run a program (argv, no shell) with the named secrets as variables. It is confined: it reads and writes below ' +
      "the server's directories only. Values are taken out of what it prints",
    core: true,
    takes: {
      argv: 'argv',
      secrets: 'secrets',
      prefix: 'prefix',
      group: 'group',
      env: 'env',
      directory: 'directory',
      timeout_seconds: 'timeout',
      output: 'output',
      purpose: 'purpose',
    },
    needs: ['argv'],
  }),
  tool(exec, {
    ...FACE,
    name: 'vault_run_with_secrets',
    title: 'Run a command line with secrets',
    about: 'Like vault_exec, with the program as one line. There is no shell: operators and variables are refused',
    takes: {
      command: 'line',
      secrets: 'secrets',
      prefix: 'prefix',
      group: 'group',
      env: 'env',
      timeout_seconds: 'timeout',
      purpose: 'purpose',
    },
    needs: ['command'],
  }),
]

/** For the audit log: the program by its name, the rest by a hash (decision D9). */
function whatFor(input: Readonly<Record<string, unknown>>): Record<string, string> {
  const { argv, line, purpose } = input
  const words = Array.isArray(argv) ? argv.map(String) : [typeof line === 'string' ? line : '']
  const [program = ''] = Array.isArray(argv) ? words : (words[0] ?? '').trim().split(/\s/)
  const said = typeof purpose === 'string' ? { purpose: printable(purpose.slice(0, LONGEST_PURPOSE)) } : {}
  const hash = new Bun.CryptoHasher('sha256').update(JSON.stringify(words)).digest('hex')
  return { program: printable(program.slice(program.lastIndexOf('/') + 1)), argv: hash.slice(0, 16), ...said }
}

function whatIsRun({ argv, line, directory, purpose }: Readonly<Record<string, unknown>>): Act {
  const words = Array.isArray(argv) ? argv.map(String) : typeof line === 'string' ? splitWords(line, 'command') : []
  return {
    argv: words,
    ...(typeof directory === 'string' && { directory }),
    ...(typeof purpose === 'string' && { purpose }),
  }
}
