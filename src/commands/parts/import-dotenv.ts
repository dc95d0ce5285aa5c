// Which dotenv files `import` reads: those that are named, those of a directory, or those that a person chooses. Later
// files win, as dotenv programs do it.
import { join } from 'node:path'
import { dotenvChain, isDotenvName } from '../../formats/dotenv-files.ts'
import { mergeDotenv, type DotenvSource, type Merged } from '../../formats/dotenv-merge.ts'
import { checkDotenvName } from '../../formats/dotenv-pick.ts'
import { Failure } from '../../lib/errors.ts'
import { printable } from '../../lib/names.ts'
import type { Context } from '../context.ts'
import { readDotenv, refuseSkipped, tellLines } from './dotenv-input.ts'
import { wipe, type Loaded } from './import-plan.ts'

/** The fields of the command that are about dotenv files. */
interface Input {
  path?: string | undefined
  file?: string[] | undefined
  dir?: string | undefined
  env?: string | undefined
  'key-file'?: string | undefined
  prefix?: string | undefined
  interactive: boolean
  strict: boolean
}

interface Given {
  file?: string | undefined
  files: readonly string[]
  dir?: string | undefined
  env?: string | undefined
  interactive: boolean
}

/**
 * Reads and merges the files that are meant; with --interactive they are chosen from those of the directory. Says what
 * was not understood, and with --strict fails for it. Throws a usage failure for flags that are about other files.
 */
export async function loadDotenv(context: Context, input: Input): Promise<Loaded> {
  for (const flag of ['key-file', 'prefix'] as const) {
    if (input[flag] === undefined) continue
    throw new Failure('usage', `--${flag} is for files of other programs`, { hint: 'name the program with --from' })
  }
  const { files, merged } = await load(context, { ...input, file: input.path, files: input.file ?? [] })
  const { entries, notes } = merged
  try {
    tellLines(context, notes)
    if (input.strict) refuseSkipped(notes, 'nothing was imported')
    return { files, entries, lines: notes }
  } catch (error) {
    wipe(entries)
    throw error
  }
}

async function load(context: Context, given: Given): Promise<{ files: string[]; merged: Merged }> {
  const sources: DotenvSource[] = []
  try {
    const { candidates, initial } = await candidatesOf(context, given)
    for (const path of candidates) sources.push(await readDotenv(context, path))
    if (initial === undefined) return { files: candidates, merged: mergeDotenv(sources) }
    const options = sources.map(({ file, parsed }) => ({
      value: file,
      label: printable(file),
      hint: `${parsed.entries.length} key(s)${initial.includes(file) ? ', recommended' : ''}`,
    }))
    const chosen = await context.ask.choose('Select files to import', options, initial)
    if (chosen.length === 0) throw new Failure('cancelled', 'no file was selected, nothing was imported')
    for (const { file, parsed } of sources) if (!chosen.includes(file)) wipe(parsed.entries)
    return { files: chosen, merged: mergeDotenv(sources.filter(({ file }) => chosen.includes(file))) }
  } catch (error) {
    for (const { parsed } of sources) wipe(parsed.entries)
    throw error
  }
}

/** The files to read; `initial` is there when a person chooses among them. */
async function candidatesOf(context: Context, given: Given): Promise<{ candidates: string[]; initial?: string[] }> {
  const { file, files, dir, env, interactive } = given
  const named = [...new Set(file === undefined ? files : [file, ...files])]
  if (file !== undefined && files.length > 0) throw new Failure('usage', 'a file and --file cannot be given together')
  if (interactive && !context.ask.possible) {
    throw new Failure('usage', '--interactive needs a terminal', {
      hint: 'use --dry-run, then run it without --interactive',
    })
  }
  if (named.length > 0) {
    if (dir !== undefined || env !== undefined) {
      throw new Failure('usage', '--dir and --env look for files, but a file is named', {
        hint: 'use one or the other',
      })
    }
    if (interactive && named.includes('-'))
      throw new Failure('usage', '--interactive cannot read a file from standard input')
    for (const path of named) if (path !== '-') checkDotenvName(path)
    return { candidates: named }
  }
  return discover(context, dir ?? '.', env, interactive)
}

async function discover(
  context: Context,
  directory: string,
  env: string | undefined,
  interactive: boolean,
): Promise<{ candidates: string[]; initial?: string[] }> {
  if (env !== undefined && !isDotenvName(`.env.${env}`)) {
    throw new Failure('usage', `--env ${printable(env)} does not make a dotenv file name`, {
      hint: 'for example --env staging',
    })
  }
  const present = await context.dotenvFiles(directory)
  const chain = dotenvChain(env).filter((name) => present.includes(name))
  if (env !== undefined && !chain.some((name) => name.startsWith(`.env.${env}`))) {
    throw new Failure('failed', `no .env.${env} and no .env.${env}.local in ${printable(directory)}`)
  }
  const names = interactive ? [...chain, ...present.filter((name) => !chain.includes(name))] : chain
  if (names.length === 0) {
    const others = present.length > 0 ? `; there: ${present.map(printable).join(', ')}` : ''
    throw new Failure('failed', `no safe dotenv files found in ${printable(directory)}${others}`, {
      hint: 'tvault import FILE',
    })
  }
  const paths = (list: readonly string[]): string[] => list.map((name) => join(directory, name))
  return { candidates: paths(names), ...(interactive && { initial: paths(chain) }) }
}
