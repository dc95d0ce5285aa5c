// Runs a program with secrets in its environment, for an AI agent: no shell, confined by the kernel, its output without
// the values. What is not named is not given; values that could not be taken out of the output are not given either.
import { define } from '../../commands/define.ts'
import { Failure } from '../../lib/errors.ts'
import type { Act } from '../../lib/gate.ts'
import { printable } from '../../lib/names.ts'
import { splitWords } from '../../lib/words.ts'
import { tool } from './tool.ts'
import type { Tool } from './tool.ts'

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
  async run(context, { argv, line, secrets, prefix, directory, timeout = TIMEOUT_SECONDS, output = 'full' }) {
    const command = argv ?? line ?? ''
    if (prefix === '') throw new Failure('usage', 'the argument prefix is empty', { hint: 'leave it out' })
    const view = await context.vault()
    const project = context.project(view)
    const chosen = { only: secrets ?? [], ...(prefix !== undefined && { prefix }) }
    const given = secrets !== undefined || prefix !== undefined ? view.readMany(project, chosen) : NOTHING
    try {
      const [missing] = given.missing
      if (missing !== undefined) {
        throw new Failure('not_found', `no secret ${printable(missing)} in project ${printable(project)}`, {
          hint: 'vault_list_secrets',
        })
      }
      const inject = given.entries.map(({ key, value }) => ({ name: key, value }))
      const ended = await context.runConfined({ command, project, directory, inject, timeoutSeconds: timeout, output })
      return { project, keys: inject.map(({ name }) => name), output, ...ended }
    } finally {
      for (const { value } of given.entries) value.wipe()
    }
  },
})

const NOTHING = { entries: [], missing: [] }

type Ended = Awaited<ReturnType<typeof exec.run>>

function shown({ project, keys, output, exitCode, signal, timedOut, stdout, stderr, ...rest }: Ended): object {
  return {
    project,
    keys,
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
    confined: rest.confined,
    ...(rest.gaps.length > 0 && { not_confined: rest.gaps }),
    killed_processes: rest.strays,
  }
}

const FACE = {
  output: {
    exit_code: { type: 'integer' },
    timed_out: { type: 'boolean' },
    stdout: { type: 'string' },
    stderr: { type: 'string' },
  },
  optional: ['stdout', 'stderr'],
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
    takes: { command: 'line', secrets: 'secrets', prefix: 'prefix', timeout_seconds: 'timeout', purpose: 'purpose' },
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
