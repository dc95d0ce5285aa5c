// The command line: words → command → input → execute → print → exit code. Nothing heavy is imported here, and not the
// table of commands either: the usual ones are found by their name, and the context loads what a command asks for
// (decision D8).
import { byName } from '../../commands/by-name.ts'
import { Failure } from '../../lib/errors.ts'
import { call } from './call.ts'
import type { Around } from './call.ts'
import { formOf, report } from './report.ts'

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

async function dispatch(tokens: readonly string[], parsed: Around['parsed']): Promise<number> {
  const around = { parsed, instead: (others: readonly string[]) => dispatch(others, parsed) }
  const [word, ...rest] = tokens
  const command = await byName(word)
  if (command) return call(command, rest, { ...around, catalog: unknown })
  const { byTable } = await import('./table.ts')
  return byTable(tokens, around)
}

/** A command that was loaded by its name has promised not to ask. */
function unknown(): never {
  throw new Failure('internal', 'the table of commands was not loaded')
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
