// Takes dotenv files into the vault, in one transaction: all keys of the plan, or none. Nothing that was not
// understood is passed over in silence, and no message holds a value.
import { join } from 'node:path'
import { MAX_DOTENV_BYTES, dotenvChain, isDotenvName } from '../formats/dotenv-files.ts'
import {
  mergeDotenv,
  type DotenvSource,
  type Merged,
  type MergedEntry,
  type MergedNote,
} from '../formats/dotenv-merge.ts'
import { checkDotenvName } from '../formats/dotenv-pick.ts'
import { parseDotenv } from '../formats/dotenv.ts'
import { Failure } from '../lib/errors.ts'
import { escaped, printable } from '../lib/names.ts'
import type { Context, Style } from './define.ts'
import { define } from './define.ts'

/** With more keys than this only the summary is shown, unless --verbose. */
const LONGEST_LIST = 50

type Change = 'created' | 'overwritten' | 'unchanged' | 'skipped'

/** What happens, or would happen, to one key. */
interface Step {
  key: string
  file: string
  change: Change
}

interface Imported {
  project: string
  dryRun: boolean
  verbose: boolean
  files: readonly string[]
  steps: readonly Step[]
  notes: readonly MergedNote[]
}

interface Given {
  file?: string | undefined
  files: readonly string[]
  dir?: string | undefined
  env?: string | undefined
  interactive: boolean
}

export default define({
  path: 'import',
  about: 'Store the entries of dotenv files',
  detail:
    'Without a file: .env, .env.NAME (with --env), .env.local and .env.NAME.local of the directory, later ones win. ' +
    'Nothing in a file is expanded or run. Keys that exist are kept unless --overwrite; equal values make no new version.',
  effect: 'write',
  on: ['cli'],
  holdsKeys: true,
  input: {
    path: { kind: 'text', at: 0, placeholder: 'file', complete: 'file', about: 'A dotenv file (- for standard input)' },
    file: { kind: 'list', complete: 'file', about: 'A dotenv file; repeat it, later ones win' },
    dir: { kind: 'text', complete: 'directory', about: 'Where to look for files', fallback: '.' },
    env: { kind: 'text', placeholder: 'name', about: 'Also .env.NAME and .env.NAME.local' },
    overwrite: { kind: 'flag', about: 'Make new versions of keys that exist' },
    'dry-run': { kind: 'flag', about: 'Show what would happen' },
    interactive: { kind: 'flag', about: 'Choose the files, see the plan, confirm' },
    strict: { kind: 'flag', about: 'Fail, and store nothing, when a line is not understood' },
  },
  examples: [
    { words: 'import', about: 'The dotenv files of this directory' },
    { words: 'import .env.production --dry-run', about: 'What would be stored from one file' },
    { words: 'import --env staging --overwrite', about: 'With the files of one environment, replacing values' },
  ],
  async run(context, input): Promise<Imported> {
    const given: Given = { ...input, file: input.path, files: input.file ?? [] }
    const { files, merged } = await load(context, given)
    try {
      tell(context, merged.notes)
      if (input.strict) refuseSkipped(merged.notes)
      const view = await context.vault()
      const project = context.project(view)
      const states = new Map(view.compareMany(project, merged.entries).map(({ key, state }) => [key, state]))
      const steps = merged.entries.map(({ key, file }): Step => {
        const state = states.get(key) ?? 'absent'
        if (state === 'absent') return { key, file, change: 'created' }
        if (state === 'same') return { key, file, change: 'unchanged' }
        return { key, file, change: input.overwrite ? 'overwritten' : 'skipped' }
      })
      const result = {
        project,
        dryRun: input['dry-run'],
        verbose: context.globals.verbose,
        files,
        steps,
        notes: merged.notes,
      }
      if (input['dry-run']) return result
      const wanted = merged.entries.filter(({ key }) => states.get(key) !== 'same')
      if (input.interactive && wanted.length > 0) await approve(context, result)
      const { written } = view.writeMany(project, wanted, { overwrite: input.overwrite })
      // What was written decides: another process may have stored a key since the plan was made.
      const changes = new Map<string, Change>(wanted.map(({ key }) => [key, 'skipped']))
      for (const { key, change } of written) changes.set(key, change === 'updated' ? 'overwritten' : change)
      return { ...result, steps: steps.map((step) => ({ ...step, change: changes.get(step.key) ?? step.change })) }
    } finally {
      wipe(merged.entries)
    }
  },
  human: (result, style) => ({ out: report(result, style), ...closingNote(result, style) }),
  json: ({ project, dryRun, files, steps, notes }) => ({
    project,
    dry_run: dryRun,
    files,
    created: count(steps, 'created'),
    overwritten: count(steps, 'overwritten'),
    unchanged: count(steps, 'unchanged'),
    skipped: count(steps, 'skipped'),
    secrets: steps,
    lines: notes.map(({ file, line, key, kind, message }) => ({ file, line, ...(key && { key }), kind, message })),
    changed: !dryRun && steps.some(({ change }) => change === 'created' || change === 'overwritten'),
  }),
})

/** Reads and merges the files that are meant. With --interactive they are chosen from those of the directory. */
async function load(context: Context, given: Given): Promise<{ files: string[]; merged: Merged }> {
  const sources: DotenvSource[] = []
  try {
    const { candidates, initial } = await candidatesOf(context, given)
    for (const path of candidates) sources.push(await read(context, path))
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

async function read(context: Context, path: string): Promise<DotenvSource> {
  const bytes = await context.readFile(path, { maxBytes: MAX_DOTENV_BYTES, stdin: path === '-' })
  try {
    return { file: path === '-' ? 'standard input' : path, parsed: parseDotenv(bytes) }
  } finally {
    bytes.fill(0)
  }
}

/** Says which lines were not taken, before anything else is said. With --json they are in the result. */
function tell(context: Context, notes: readonly MergedNote[]): void {
  if (context.globals.json || notes.length === 0) return
  const { style } = context
  const skipped = notes.filter(({ kind }) => kind === 'skipped').length
  if (skipped > 0) context.note(style.warn(`Skipped ${skipped} unsupported or invalid dotenv line(s)`))
  const shown = context.globals.verbose ? notes : notes.slice(0, LONGEST_LIST)
  for (const { file, line, key, message } of shown) {
    context.note(`  ${style.warn(`${escaped(file)}:${line} ${key === undefined ? '' : `${key}: `}${message}`)}`)
  }
  if (shown.length < notes.length) context.note(`  … and ${notes.length - shown.length} more (--verbose shows all)`)
}

function refuseSkipped(notes: readonly MergedNote[]): void {
  const skipped = notes.filter(({ kind }) => kind === 'skipped')
  if (skipped.length === 0) return
  const places = skipped.slice(0, 10).map(({ file, line }) => `${printable(file)}:${line}`)
  const more = skipped.length > places.length ? ', …' : ''
  throw new Failure(
    'failed',
    `${skipped.length} line(s) were not understood, nothing was imported: ${places.join(', ')}${more}`,
    {
      hint: 'correct these lines, or leave --strict out',
    },
  )
}

/** Shows the plan and asks. Throws `cancelled` for a no. */
async function approve(context: Context, plan: Imported): Promise<void> {
  context.note(report({ ...plan, dryRun: true }, context.style).trimEnd())
  if (await context.ask.confirm('Import these dotenv secrets?')) return
  throw new Failure('cancelled', 'nothing was imported')
}

const DONE: Record<Change, string> = {
  created: 'created from',
  overwritten: 'overwritten from',
  unchanged: 'unchanged, source',
  skipped: 'skipped - already exists, source',
}
const PLANNED: Record<Change, string> = {
  created: 'would create from',
  overwritten: 'would overwrite from',
  unchanged: 'unchanged, source',
  skipped: 'would skip - already exists, source',
}

function report(result: Imported, style: Style): string {
  const { steps, dryRun, verbose, files } = result
  if (steps.length === 0) return `${style.warn('No valid secrets found in the selected dotenv files')}\n`
  const lines: string[] = []
  if (verbose || steps.length <= LONGEST_LIST) {
    for (const { key, file, change } of steps) {
      const line = `${key} (${(dryRun ? PLANNED : DONE)[change]} ${escaped(file)})`
      lines.push(
        `  ${change === 'skipped' ? style.warn(line) : change === 'unchanged' ? style.info(line) : style.ok(line)}`,
      )
    }
    lines.push('')
  }
  const total = count(steps, 'created') + count(steps, 'overwritten')
  const from = `${total} secret(s) from ${files.length} file(s)`
  lines.push(
    dryRun
      ? style.info(`Would import ${from}`)
      : total > 0
        ? style.ok(`Imported ${from}`)
        : style.info(`Imported ${from}`),
  )
  const overwritten = count(steps, 'overwritten')
  const unchanged = count(steps, 'unchanged')
  const skipped = count(steps, 'skipped')
  if (overwritten > 0)
    lines.push(style.info(`${dryRun ? 'Would overwrite' : 'Overwrote'} ${overwritten} existing secret(s)`))
  if (unchanged > 0) lines.push(style.info(`Unchanged: ${unchanged} secret(s) already have that value`))
  if (skipped > 0) {
    lines.push(
      style.info(
        `${dryRun ? 'Would skip' : 'Skipped'} ${skipped} existing secret(s). Use --overwrite to replace them.`,
      ),
    )
  }
  return `${lines.join('\n')}\n`
}

/** Lines that were not taken are said last as well: after a long list the first warning is out of sight. */
function closingNote({ notes }: Imported, style: Style): { note?: string } {
  const skipped = notes.filter(({ kind }) => kind === 'skipped').length
  return skipped === 0 ? {} : { note: style.bad(`${skipped} line(s) NOT imported, listed above`) }
}

function count(steps: readonly Step[], change: Change): number {
  return steps.filter((step) => step.change === change).length
}

function wipe(entries: readonly Pick<MergedEntry, 'value'>[]): void {
  for (const { value } of entries) value.wipe()
}
