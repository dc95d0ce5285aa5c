// Brings a dotenv file and a project to the same values, in a direction that has to be said. The file keeps its layout
// and its references; what happens is shown and asked before a value is written into it (W8, W26).
import { editDotenv } from '../formats/dotenv-edit.ts'
import { MAX_DOTENV_BYTES, isTemplateName } from '../formats/dotenv-files.ts'
import { parseDotenv, type DotenvEntry } from '../formats/dotenv.ts'
import type { MergedNote } from '../formats/dotenv-merge.ts'
import { holdsReference } from '../formats/reference.ts'
import { YES_FIELD } from '../faces/fields.ts'
import { compare } from '../lib/bytes.ts'
import { Failure, systemCode } from '../lib/errors.ts'
import { printable } from '../lib/names.ts'
import type { Secret } from '../lib/secret.ts'
import type { View } from '../vault/view.ts'
import type { Context } from './context.ts'
import { define } from './define.ts'
import { linesJson, refuseSkipped, tellLines } from './parts/dotenv-input.ts'
import { DIRECTIONS, planSync, type Direction, type Plan, type Step } from './parts/sync-plan.ts'
import { syncReport, type Reported } from './parts/sync-report.ts'

/** What `sync` did, or would do. */
export interface Synced extends Reported {
  notes: readonly MergedNote[]
}

export default define({
  path: 'sync',
  about: 'Bring a dotenv file and a project to the same values',
  detail:
    'pull writes the values of the vault into the file, push stores those of the file, mirror does both. In the file ' +
    'only values change: comments, order, quotes and references such as ${tvault://KEY} stay. Where both have another ' +
    'value the vault wins; with --overwrite the file does (push keeps the value of the vault without it). Before a ' +
    'value is written into a file the plan is shown and asked for. Nothing is ever removed.',
  effect: 'write-file',
  on: ['cli'],
  holdsKeys: true,
  input: {
    way: { kind: 'choice', at: 0, placeholder: 'direction', choices: DIRECTIONS, about: 'pull, push or mirror' },
    direction: { kind: 'choice', short: 'd', choices: DIRECTIONS, about: 'The same as the word <direction>' },
    path: { kind: 'text', placeholder: 'file', complete: 'file', fallback: '.env', about: 'The dotenv file' },
    overwrite: { kind: 'flag', about: 'push, mirror: the file wins where both have another value' },
    yes: YES_FIELD,
    'dry-run': { kind: 'flag', about: 'Show what would happen' },
    strict: { kind: 'flag', about: 'Fail, and change nothing, when a line of the file is not understood' },
    force: { kind: 'flag', about: 'Write into a template, or into a file that git would commit' },
  },
  examples: [
    { words: 'sync pull', about: 'Values of the vault into .env; shows the plan and asks' },
    { words: 'sync push --path .env.staging -p staging --overwrite', about: 'Values of a file into the vault' },
    { words: 'sync mirror --dry-run', about: 'What it takes to make both the same' },
  ],
  async run(context, input): Promise<Synced> {
    const direction = directionOf(input)
    const path = input.path ?? '.env'
    const existing = await readFile(context, path, direction)
    const bytes = existing ?? new Uint8Array(0)
    const { entries, notes: found } = parseDotenv(bytes)
    const notes = found.map((note) => ({ ...note, file: path }))
    try {
      tellLines(context, notes)
      if (input.strict) refuseSkipped(notes, 'nothing was changed')
      const view = await context.vault()
      const project = context.project(view)
      const plan = makePlan(view, project, entries, direction, input.overwrite)
      const result: Synced = {
        direction,
        project,
        file: path,
        existed: existing !== undefined,
        dryRun: input['dry-run'],
        vaultKeys: view.list(project).length,
        fileKeys: entries.length,
        plan,
        notes,
      }
      const writesFile = plan.steps.some(({ to }) => to === 'file')
      if (writesFile) await guardFile(context, path, input.force)
      if (input['dry-run']) return result
      if (writesFile && !input.yes) await approve(context, result)
      return {
        ...result,
        plan: await carryOut(context, view, { ...result, bytes, entries, overwrite: input.overwrite }),
      }
    } finally {
      bytes.fill(0)
      for (const { value } of entries) value.wipe()
    }
  },
  human: (result, style) => {
    const skipped = result.notes.filter(({ kind }) => kind === 'skipped').length
    return {
      out: syncReport(result, style),
      ...(skipped > 0 && { note: style.bad(`${skipped} line(s) of the file were NOT taken, listed above`) }),
    }
  },
  json: ({ direction, project, file, existed, dryRun, vaultKeys, fileKeys, plan, notes }) => ({
    direction,
    project,
    file,
    file_created: !existed && !dryRun && plan.steps.some(({ to }) => to === 'file'),
    dry_run: dryRun,
    vault_keys: vaultKeys,
    file_keys: fileKeys,
    created: keysOf(plan, 'created'),
    updated: keysOf(plan, 'updated'),
    unchanged: plan.unchanged,
    skipped: plan.skipped,
    references: plan.references,
    conflicts: plan.conflicts,
    to_file: plan.steps.filter(({ to }) => to === 'file').map(({ key }) => key),
    to_vault: plan.steps.filter(({ to }) => to === 'vault').map(({ key }) => key),
    lines: linesJson(notes),
    changed: !dryRun && plan.steps.length > 0,
  }),
})

function keysOf({ steps }: Plan, change: Step['change']): string[] {
  return steps.filter((step) => step.change === change).map(({ key }) => key)
}

/** There is no default: a direction that was not meant overwrites the other side. */
function directionOf({
  way,
  direction,
}: {
  way?: Direction | undefined
  direction?: Direction | undefined
}): Direction {
  if (way !== undefined && direction !== undefined && way !== direction) {
    throw new Failure('usage', `two directions are given: ${way} and ${direction}`)
  }
  const given = way ?? direction
  if (given !== undefined) return given
  throw new Failure('usage', 'which way: pull, push or mirror?', {
    hint: 'tvault sync pull writes the values of the vault into the file; --dry-run shows what would happen',
  })
}

/** The bytes of the file, or undefined when there is none and one is to be made. */
async function readFile(context: Context, path: string, direction: Direction): Promise<Uint8Array | undefined> {
  if (path === '') throw new Failure('usage', '--path is empty', { hint: 'leave it out for .env' })
  try {
    return await context.readFile(path, { maxBytes: MAX_DOTENV_BYTES })
  } catch (error) {
    const missing = error instanceof Failure && systemCode(error.cause) === 'ENOENT'
    if (missing && direction !== 'push') return undefined
    throw error
  }
}

function makePlan(
  view: View,
  project: string,
  entries: readonly DotenvEntry[],
  direction: Direction,
  overwrite: boolean,
): Plan {
  const references = new Set(entries.filter(({ value }) => holdsReference(value)).map(({ key }) => key))
  const compared = view.compareMany(
    project,
    entries.filter(({ key }) => !references.has(key)),
  )
  return planSync({
    direction,
    overwrite,
    references,
    inVault: view.list(project).map(({ key }) => key),
    inFile: entries.map(({ key }) => key),
    states: new Map(compared.map(({ key, state }) => [key, state])),
  })
}

/** Refuses files from which values would get into a repository, and warns of those from which they easily could. */
async function guardFile(context: Context, path: string, force: boolean): Promise<void> {
  const name = printable(path)
  const state = await context.gitState(path)
  if (state === 'untracked') context.note(context.style.warn(`${name} is not ignored by git: add it to .gitignore`))
  if (force) return
  if (isTemplateName(path)) {
    throw new Failure('denied', `${name} is named like a template, which is made to be shared`, {
      hint: 'name another file with --path, or add --force',
    })
  }
  if (state === 'tracked') {
    throw new Failure('denied', `${name} is tracked by git: the next commit would hold the values`, {
      hint: `git rm --cached ${name}, or encrypt it on commit: tvault git-filter track; or add --force`,
    })
  }
  if (state === 'unknown') {
    throw new Failure('denied', `${name} lies in a git repository, and git could not be asked whether it tracks it`, {
      hint: 'see what git status says there, or add --force',
    })
  }
}

/** Shows the plan and asks. Throws `cancelled` for a no. */
async function approve(context: Context, planned: Synced): Promise<void> {
  context.note(syncReport({ ...planned, dryRun: true }, context.style).trimEnd())
  const count = planned.plan.steps.filter(({ to }) => to === 'file').length
  if (await context.ask.confirm(`Write ${count} value(s) to ${printable(planned.file)}?`)) return
  throw new Failure('cancelled', 'canceled, nothing was changed', { hint: '-y writes without asking' })
}

interface Work extends Synced {
  bytes: Uint8Array
  entries: readonly DotenvEntry[]
  overwrite: boolean
}

/** Writes both sides and gives the plan as it came out. The file is made ready before the vault is touched. */
async function carryOut(context: Context, view: View, work: Work): Promise<Plan> {
  const { plan, project, file, entries } = work
  const going = (side: 'file' | 'vault') => plan.steps.filter(({ to }) => to === side).map(({ key }) => key)
  const toFile = going('file')
  const toVault = new Set(going('vault'))
  const edited = toFile.length === 0 ? undefined : await edit(context, view, work, toFile)
  try {
    const wanted = entries.filter(({ key }) => toVault.has(key))
    const { skipped } = view.writeMany(project, wanted, { overwrite: work.overwrite })
    if (edited) await writeFile(context, file, edited, toVault.size)
    // What was written decides: another process may have stored a key since the plan was made.
    const left = new Set(skipped)
    const steps = plan.steps.filter(({ key, to }) => to === 'file' || !left.has(key))
    return { ...plan, steps, skipped: [...plan.skipped, ...skipped].sort() }
  } finally {
    edited?.wipe()
  }
}

/** The new content of the file. Throws `conflict` when somebody changed it while the plan was looked at. */
async function edit(context: Context, view: View, work: Work, keys: readonly string[]): Promise<Secret> {
  const { project, file, bytes, direction } = work
  const { entries: values } = view.readMany(project, { only: keys })
  try {
    const now = (await readFile(context, file, direction)) ?? new Uint8Array(0)
    const same = compare(now, bytes) === 0
    now.fill(0)
    if (!same) {
      throw new Failure('conflict', `${printable(file)} was changed meanwhile, nothing was written`, {
        hint: 'run the command again',
      })
    }
    return editDotenv(bytes, values)
  } finally {
    for (const { value } of values) value.wipe()
  }
}

async function writeFile(context: Context, file: string, content: Secret, stored: number): Promise<void> {
  try {
    await context.writeFile(file, content, { overwrite: true })
  } catch (error) {
    if (!(error instanceof Failure) || stored === 0) throw error
    const { kind, message, hint } = error
    throw new Failure(kind, `${message}; the ${stored} value(s) of the file are in the vault already`, {
      ...(hint !== undefined && { hint }),
      cause: error,
    })
  }
}
