// Starts a program for an AI agent: below the directories of the server and nowhere else, without the vault, without the
// agent's socket, and its output without the values it was given. Where the kernel cannot hold it, it is not started.
import { homedir } from 'node:os'
import { join } from 'node:path'
import type { ConfinedLaunch, ConfinedOutcome, SeenStream, StepOutcome } from '../commands/mcp-access.ts'
import { Failure } from '../lib/errors.ts'
import { handedOut } from './mcp-recipes.ts'
import { policyFile, configFiles } from '../lib/paths.ts'
import type { Environment } from '../lib/paths.ts'
import type { Secret } from '../lib/secret.ts'
import { ownWords } from '../lib/program.ts'
import type { Kept } from '../guard/capped.ts'
import type { StepEnding } from '../guard/confined-steps.ts'
import type { ScopeRedaction } from './mcp-redacting.ts'

const HEAD_BYTES = 32_768
const TAIL_BYTES = 32_768
const MOST_THREADS = 512

export interface Starting {
  environment: Environment
  /** The vault directory. */
  vault: string
  /** Real paths. */
  roots: readonly string[]
  /** Where it starts; a real path below a root. */
  directory: string
  network: 'any' | 'none'
  cancel: AbortSignal
  hidden?: readonly string[]
  /** Values of earlier calls that must not come out of this one either. Wiped by the callee. */
  known?: readonly { name: string; value: Secret }[]
  /** Takes out what else the projects of the call hold; the caller has begun it. */
  scope: ScopeRedaction | undefined
  /** Called when the values are handed over, before the program starts: others may have the vault now. */
  release: () => Promise<void>
}

/** Runs it to its end. Wipes the values. Throws `denied` where it cannot be confined or values could not be hidden. */
export async function runForAgent(launch: ConfinedLaunch, around: Starting): Promise<ConfinedOutcome> {
  const [{ runConfined }, { Redactor }, { RedactorChain }] = await Promise.all([
    import('../guard/confined.ts'),
    import('../guard/redact.ts'),
    import('../guard/redact-chain.ts'),
  ])
  const command = typeof launch.command === 'string' ? await wordsOf(launch.command) : launch.command
  if ((command[0] ?? '') === '') throw new Failure('usage', 'there is no program to run')
  const { inject, output } = launch
  const { known = [] } = around
  const own = new Redactor(inject, known)
  const redactor = around.scope ? new RedactorChain(around.scope.stream, own) : own
  const errors = redactor.another()
  /** For others to be made of, when those have ended. */
  let spare: typeof errors | undefined
  try {
    const unsafe = output === 'full' ? own.unsafe() : []
    if (unsafe.length > 0) {
      const names = unsafe.map(({ name }) => name).join(', ')
      throw new Failure('denied', `too short or too easy to guess to be hidden in output: ${names}`, {
        hint: 'output: "exit" tells only how the program ended',
      })
    }
    const handed = await handedOut(around.vault, inject)
    const { steps } = handed
    const more = steps.setUp.length + steps.tearDown.length > 0 ? (spare = redactor.another()) : undefined
    const ended = await runConfined(
      {
        command,
        directory: around.directory,
        files: { write: around.roots, hidden: hiddenFrom(around) },
        network: around.network,
        given: handed.given,
        askpass: handed.askpass,
        steps,
        timeoutSeconds: launch.timeoutSeconds,
        threads: MOST_THREADS,
        headBytes: output === 'full' ? HEAD_BYTES : 0,
        tailBytes: output === 'full' ? TAIL_BYTES : 0,
        required: true,
      },
      {
        environment: around.environment,
        launcher: [...ownWords(), '--confined'],
        release: around.release,
        cancel: around.cancel,
        filters: { stdout: redactor, stderr: errors },
        ...(more && { stepFilters: () => ({ stdout: more.another(), stderr: more.another() }) }),
      },
    )
    if (ended.cancelled) throw new Failure('cancelled', 'cancelled')
    return {
      output,
      started: ended.started,
      setUp: ended.setUp.map(stepOutcome),
      tearDown: ended.tearDown.map(stepOutcome),
      exitCode: ended.exitCode,
      signal: ended.signal,
      timedOut: ended.timedOut,
      stdout: seen(ended.stdout),
      stderr: seen(ended.stderr),
      redactions: redactor.redactions + errors.redactions,
      withheld: around.scope?.failure?.message,
      confined: ended.confined,
      gaps: ended.gaps,
      strays: ended.strays.killed,
    }
  } finally {
    redactor.end()
    errors.end()
    spare?.end()
    for (const { value } of known) value.wipe()
  }
}

/** Its words are the owner's, and its output is of use when it failed. */
function stepOutcome({ command, exitCode, timedOut, stdout, stderr }: StepEnding): StepOutcome {
  const [path = ''] = command
  const failed = exitCode !== 0 || timedOut
  return {
    program: path.slice(path.lastIndexOf('/') + 1),
    exitCode,
    timedOut,
    stdout: failed ? seen(stdout).text : '',
    stderr: failed ? seen(stderr).text : '',
  }
}

/** The vault, its policy, the agent's socket and what tells the passphrase. */
function hiddenFrom({ vault, environment, hidden = [] }: Starting): string[] {
  const file = environment['TVAULT_PASSPHRASE_FILE']
  return [
    vault,
    ...hidden,
    policyFile(vault),
    ...configFiles(vault, environment),
    join(homedir(), '.tvault'),
    join(homedir(), '.config', 'tvault'),
    join(homedir(), '.config', 'secrets'),
    ...(file?.startsWith('/') ? [file] : []),
  ]
}

/** What was kept, as text; what is missing between is told. */
export function seen({ head, tail, total, dropped }: Kept): SeenStream {
  const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)
  const gap = dropped > 0 ? `\n[… ${dropped} bytes left out …]\n` : ''
  return { text: `${text(head)}${gap}${text(tail)}`, total, dropped }
}

/** Signs by which a shell would do something; outside of quotes, and `$` and the backtick also in double ones. */
const OPERATORS = /[|&;<>()*?[\]{}~#!\n]/

/** The words of a line. Throws a usage failure when it means something that only a shell does. */
async function wordsOf(line: string): Promise<string[]> {
  const { splitWords } = await import('../lib/words.ts')
  const words = splitWords(line, 'command')
  const loose = line.replace(/'[^']*'/g, "''").replace(/\\[^]/g, '')
  const bare = loose.replace(/"[^"]*"/g, '""')
  if (/[$`]/.test(loose) || OPERATORS.test(bare) || /^\w+=/.test(words[0] ?? '')) {
    throw new Failure('usage', 'the line needs a shell, and there is none', {
      hint: 'vault_exec takes the program and its arguments one by one, as they are',
    })
  }
  return words
}
