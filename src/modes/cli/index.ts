// The command line: words → command → input → execute → print → exit code. Nothing heavy is imported here; the
// context loads what a command asks for (decision D8).
import { commands } from '../../commands/index.ts'
import type { Command, Fields, Input } from '../../commands/define.ts'
import { describe, listed } from '../../commands/describe.ts'
import { execute } from '../../commands/execute.ts'
import { groupHelp, rootHelp, shortHelp } from '../../faces/help.ts'
import { commandHelp } from '../../faces/command-help.ts'
import { PLAIN_WIDTH } from '../../faces/layout.ts'
import { out } from '../../lib/out.ts'
import { parseArguments } from './argv.ts'
import type { Parsed } from './argv.ts'
import { print } from './print.ts'
import { formOf, report } from './report.ts'
import { meant } from './words.ts'

/**
 * Ends the process with a told failure for errors that nobody caught. Without it the runtime would print lines of the
 * bundle, and a message that could hold a value.
 */
export function guard(tokens: readonly string[]): void {
  const giveUp = (error: unknown): never => process.exit(report(error, formOf(tokens)))
  process.on('uncaughtException', giveUp)
  process.on('unhandledRejection', giveUp)
}

/** Runs one call of `tvault` with `tokens` (without the program's name) and returns the exit code. Throws nothing. */
export async function main(tokens: readonly string[]): Promise<number> {
  const form = formOf(tokens)
  try {
    return await dispatch(tokens, ({ json, verbose }) => Object.assign(form, { json, verbose }))
  } catch (error) {
    form.colour = !form.json && (await errorsMayHaveColour())
    return report(error, form)
  }
}

/** `parsed` hears which form the flags ask for as soon as they are understood. */
async function dispatch(tokens: readonly string[], parsed: (globals: Parsed['globals']) => void): Promise<number> {
  const found = meant(tokens)
  const { json } = formOf(tokens)
  if (found === 'nothing') {
    if (tokens.includes('--version')) return dispatch(['version', ...tokens.filter((t) => t !== '--version')], parsed)
    if (json) return dispatch(['help', '--json'], parsed)
    out(asksForHelp(tokens) ? rootHelp(listed(commands), await helpWidth()) : shortHelp(await helpWidth()))
    return 0
  }
  if ('group' in found) {
    if (json) return dispatch(['help', found.group, '--json'], parsed)
    const members = listed(commands).filter(({ path }) => path.startsWith(`${found.group} `))
    out(groupHelp(found.group, members, await helpWidth()))
    return 0
  }
  const { help, input, globals } = parseArguments(found.command, found.rest)
  if (help && json) return dispatch(['help', found.command.path, '--json'], parsed)
  if (help) {
    out(commandHelp(describe(found.command), await helpWidth()))
    return 0
  }
  parsed(globals)
  return run(found.command, input, globals)
}

function asksForHelp(tokens: readonly string[]): boolean {
  return tokens.includes('--help') || tokens.includes('-h')
}

async function run(command: Command, input: Input<Fields>, flags: Parsed['globals']): Promise<number> {
  const { resolveGlobals } = await import('../../settings.ts')
  const globals = resolveGlobals(flags)
  if (flags.config) process.env['TVAULT_CONFIG'] = flags.config
  const open = async () => {
    const { createContext } = await import('../../context.ts')
    return createContext({ globals, command, catalog: () => listed(commands) })
  }
  const result = await execute(command, input, open, (made, context) => print(command, input, made, context))
  return command.exitCode?.(result) ?? 0
}

/** Columns of the terminal that help is printed to. Help must also work where the system library does not load. */
async function helpWidth(): Promise<number> {
  try {
    const { terminalSize } = await import('../../lib/native.ts')
    return terminalSize(1)?.columns || PLAIN_WIDTH
  } catch {
    return PLAIN_WIDTH
  }
}

async function errorsMayHaveColour(): Promise<boolean> {
  try {
    const [{ isTerminal }, { wantsColour }] = await Promise.all([
      import('../../lib/native.ts'),
      import('../../context/style.ts'),
    ])
    return wantsColour(process.env, isTerminal(2))
  } catch {
    return false
  }
}
