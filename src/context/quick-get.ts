// `get KEY` served by an agent, without the rest of the program, which takes longer to load than the answer to come. The
// gate stands where the keys are: the agent judges and writes the audit row, as for every other client. Here only what is
// plainly `get KEY [-p PROJECT]` into a pipe or a file is taken; anything else, and every failure, is the frame's.
import { build, versionLine } from '../lib/build.ts'
import { closeToOthers, isTerminal, writeTo } from '../lib/native-exchange.ts'
import { askQuickly, settle } from '../modes/agent/quick.ts'
import type { Given } from '../modes/agent/quick.ts'

/** What `--version` prints. Here, because every further piece that main loads at once costs a millisecond. */
export const quickVersion = versionLine

const [STDOUT, STDERR] = [1, 2]
/** As of a program that SIGPIPE ended. */
const CUT_OFF = 141

/** Variables that change nothing here. */
const HARMLESS = new Set(['TVAULT_DIR', 'TVAULT_LOCK_TIMEOUT', 'BUN_INSTALL'])
/** Where these words stand in front, a variable is the frame's: it knows what it means, and what is hostile. */
const FOR_THE_FRAME = ['TVAULT_', 'LD_', 'DYLD_', 'BUN_', 'NODE_OPTIONS']

/**
 * A door. The exit code when standard output has received the value, or as much of it as it took; undefined when nothing
 * has happened that the frame may not do again.
 */
export function quickGet(tokens: readonly string[]): number | undefined {
  const wish = parse(tokens)
  const { TVAULT_DIR, HOME } = process.env
  // What needs more thought than this is the frame's; so are node:path, node:fs and regular expressions, each of which
  // takes a millisecond at its first use.
  const directory = TVAULT_DIR || (HOME && `${HOME}/.tvault`)
  if (!wish || !directory?.startsWith('/') || Object.keys(process.env).some(isForTheFrame)) return undefined
  if (process.platform !== 'linux' || isTerminal(STDOUT)) return undefined
  closeToOthers()
  const given = askQuickly(`${directory}/agent.sock`, build.version, wish.key, wish.project)
  if (given !== 'late') return given && handOver(given)
  goWithout()
  return undefined
}

/** An agent that is silent costs its second once: the frame does not ask it again. */
function goWithout(): void {
  writeTo(STDERR, new TextEncoder().encode('the agent is not used: no answer in time\n'))
  process.env['TVAULT_NO_AGENT'] = '1'
}

function handOver(given: Given): number | undefined {
  const { value } = given
  const written = writeTo(STDOUT, value)
  value.fill(0)
  settle(given, written === value.length ? 'ok' : 'failed')
  if (written === value.length) return 0
  return written > 0 ? CUT_OFF : undefined
}

function isForTheFrame(name: string): boolean {
  return (
    FOR_THE_FRAME.some((prefix) => name.startsWith(prefix)) && !HARMLESS.has(name) && !name.startsWith('TVAULT_LOG_')
  )
}

/** Whether a key or a project may be called so is the agent's to judge, except for what could be a flag. */
function parse([command, ...rest]: readonly string[]): { key: string; project?: string } | undefined {
  if (command !== 'get') return undefined
  let [key, project]: (string | undefined)[] = []
  for (let at = 0; at < rest.length; at++) {
    const token = rest[at]!
    if ((token === '-p' || token === '--project') && project === undefined && rest[at + 1]) project = rest[++at]
    else if (key === undefined && token !== '' && !token.startsWith('-')) key = token
    else return undefined
  }
  if (key === undefined) return undefined
  return project === undefined ? { key } : { key, project }
}
