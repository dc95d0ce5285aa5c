// One command that is known: words → input → execute → print → exit code.
import type { Command, Fields, Input } from '../../commands/define.ts'
import { execute } from '../../commands/execute.ts'
import type { Description } from '../../faces/description.ts'
import { parseArguments } from './argv.ts'
import type { Parsed } from './argv.ts'
import { print } from './print.ts'

/** What `call` needs to know of the rest. */
export interface Around {
  /** Hears which form the flags ask for as soon as they are understood. */
  parsed: (globals: Parsed['globals']) => void
  /** Runs other words in place of these. */
  instead: (tokens: readonly string[]) => Promise<number>
  /** Descriptions of all commands. */
  catalog: () => readonly Description[]
}

/** Runs `command` with the words behind its own; the exit code. Throws what the command throws. */
export async function call(
  command: Command,
  rest: readonly string[],
  { parsed, instead, catalog }: Around,
): Promise<number> {
  const { help, input, globals } = parseArguments(command, rest)
  if (help && rest.some((token) => token === '--json' || token === '--json=true')) {
    return instead(['help', command.path, '--json'])
  }
  if (help) {
    const { commandPage } = await import('./pages.ts')
    await commandPage(command)
    return 0
  }
  parsed(globals)
  return run(command, input, globals, catalog)
}

async function run(
  command: Command,
  input: Input<Fields>,
  flags: Parsed['globals'],
  catalog: Around['catalog'],
): Promise<number> {
  const { resolveGlobals } = await import('../../settings.ts')
  const globals = resolveGlobals(flags)
  if (flags.config) process.env['TVAULT_CONFIG'] = flags.config
  const open = async () => {
    const { createContext } = await import('../../context.ts')
    return createContext({ globals, command, catalog })
  }
  const result = await execute(command, input, open, (made, context) => print(command, input, made, context))
  return command.exitCode?.(result) ?? 0
}
