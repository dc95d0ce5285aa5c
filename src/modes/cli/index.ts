// The command line: words → command → input → execute → print → exit code. Nothing heavy is imported here; the
// context loads what a command asks for (decision D8).
import { commands, match } from '../../commands/index.ts'
import type { Command, Fields, Input } from '../../commands/define.ts'
import { describe } from '../../commands/describe.ts'
import { execute } from '../../commands/execute.ts'
import { groupHelp, rootHelp } from '../../faces/help.ts'
import { commandHelp } from '../../faces/command-help.ts'
import { build } from '../../lib/build.ts'
import { Failure, toFailure } from '../../lib/errors.ts'
import { err, out } from '../../lib/out.ts'
import { suggest } from '../../lib/suggest.ts'
import { GLOBAL_FIELDS, globalFlag, parseArguments } from './argv.ts'
import { print } from './print.ts'

/** Runs one call of `tvault` with `tokens` (without the program's name) and returns the exit code. */
export async function main(tokens: readonly string[]): Promise<number> {
  try {
    if (tokens[0] === '--version' && tokens.length === 1) {
      out(`tvault ${build.version} (commit ${build.commit}, ${build.platform})\n`)
      return 0
    }
    return await dispatch(tokens)
  } catch (error) {
    return report(toFailure(error), tokens)
  }
}

async function dispatch(tokens: readonly string[]): Promise<number> {
  const places = wordPlaces(tokens)
  const words = places.map((place) => tokens[place] ?? '')
  const found = match(words)
  if (found === undefined) return withoutCommand(tokens, words)
  const own = new Set(places.slice(0, found.words))
  const rest = tokens.filter((_, place) => !own.has(place))
  if (asksForHelp(found.command, rest)) {
    out(commandHelp(describe(found.command), globalsForHelp))
    return 0
  }
  const { input, globals } = parseArguments(found.command, rest)
  return run(found.command, input, globals)
}

async function run(command: Command, input: Input<Fields>, flags: Input<typeof GLOBAL_FIELDS>): Promise<number> {
  const { resolveGlobals } = await import('../../settings.ts')
  const globals = resolveGlobals(flags)
  if (flags.config !== undefined) process.env['TVAULT_CONFIG'] = flags.config
  const open = async () => {
    const { createContext } = await import('../../context.ts')
    return createContext({ globals, command, catalog: () => commands.map(describe) })
  }
  const result = await execute(command, input, open, (made, context) => print(command, input, made, context))
  return command.exitCode?.(result) ?? 0
}

/** Where the words that may name a command stand: everything that is no global flag, up to the first unknown flag. */
function wordPlaces(tokens: readonly string[]): number[] {
  const places: number[] = []
  for (let at = 0; at < tokens.length; at++) {
    const token = tokens[at] ?? ''
    if (!token.startsWith('-')) {
      places.push(at)
      continue
    }
    const flag = token === '--' ? undefined : globalFlag(token)
    if (flag === undefined) break
    if (flag.takesNext) at += 1
  }
  return places
}

/** -h or --help before `--` and before the words that belong to another program. */
function asksForHelp(command: Command, tokens: readonly string[]): boolean {
  const hasRest = Object.values(command.input).some(({ kind }) => kind === 'rest')
  for (const token of tokens) {
    if (token === '--' || (hasRest && !token.startsWith('-'))) return false
    if (token === '--help' || token === '-h') return true
  }
  return false
}

const globalsForHelp = Object.entries(GLOBAL_FIELDS).map(([name, field]) => ({ name, required: false, ...field }))

function withoutCommand(tokens: readonly string[], words: readonly string[]): number {
  const [first] = words
  const descriptions = commands.map(describe)
  if (first === undefined) {
    const flag = tokens.find((token) => token.startsWith('-') && globalFlag(token) === undefined)
    if (flag !== undefined && flag !== '--')
      throw new Failure('usage', `unknown flag: ${flag.slice(0, 40)}`, { hint: 'tvault --help' })
    out(rootHelp(descriptions))
    return 0
  }
  const members = descriptions.filter(({ path }) => path.startsWith(`${first} `))
  const paths = descriptions.flatMap(({ path, aliases }) => [path, ...aliases])
  if (members.length === 0) {
    const near = suggest(first, [...new Set(paths.map((path) => path.split(' ')[0] ?? ''))])
    throw new Failure('usage', `unknown command "${first.slice(0, 40)}"`, {
      hint: near.length > 0 ? `did you mean ${near.map((word) => `tvault ${word}`).join(' or ')}?` : 'tvault help',
    })
  }
  if (words[1] === undefined) {
    out(groupHelp(first, members))
    return 0
  }
  const near = suggest(
    words[1],
    members.map(({ path }) => path.slice(first.length + 1)),
  )
  throw new Failure('usage', `unknown command "${first} ${words[1].slice(0, 40)}"`, {
    hint: near.length > 0 ? `did you mean tvault ${first} ${near[0]}?` : `tvault ${first}`,
  })
}

/** Tells a failure in the form that was asked for; returns its exit code. */
function report(failure: Failure, tokens: readonly string[]): number {
  const end = tokens.indexOf('--')
  const flags = end < 0 ? tokens : tokens.slice(0, end)
  if (flags.includes('--json')) {
    if (failure.kind === 'locked') out('{"error":"vault_locked","locked":true}\n')
    else err(`${JSON.stringify({ error: { ...failure.toJSON(), exit: failure.exitCode } })}\n`)
    return failure.exitCode
  }
  err(`Error: ${failure.message}\n${failure.hint === undefined ? '' : `hint: ${failure.hint}\n`}`)
  if (failure.cause !== undefined && (flags.includes('--verbose') || flags.includes('-v'))) {
    err(
      `cause: ${failure.cause instanceof Error ? (failure.cause.stack ?? failure.cause.message) : String(failure.cause)}\n`,
    )
  }
  return failure.exitCode
}
