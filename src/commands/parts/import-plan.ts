// What an import does to each key, and how that is told. It is the same for dotenv files and for what comes from other
// programs, so that a dry run of either reads alike.
import type { MergedEntry, MergedNote } from '../../formats/dotenv-merge.ts'
import { Failure } from '../../lib/errors.ts'
import { escaped } from '../../lib/names.ts'
import type { ForeignNote } from '../../foreign/importer.ts'
import type { Context, Style } from '../context.ts'
import { LONGEST_LIST } from './dotenv-input.ts'

export type Change = 'created' | 'overwritten' | 'unchanged' | 'skipped'

/** What happens, or would happen, to one key. `file` is where the value came from. */
export interface Step {
  key: string
  file: string
  change: Change
}

/** What was read, before the vault is asked. */
export interface Loaded {
  files: readonly string[]
  /** Sorted by key; wiped by the command. */
  entries: readonly MergedEntry[]
  /** Lines of dotenv files that were not taken as they were. */
  lines: readonly MergedNote[]
  /** Set for what another program keeps. */
  foreign?: { format: string; about: string; notes: readonly ForeignNote[]; clear: boolean }
}

export interface Imported extends Omit<Loaded, 'entries'> {
  project: string
  dryRun: boolean
  verbose: boolean
  steps: readonly Step[]
}

/** Shows the plan and asks. Throws `cancelled` for a no. */
export async function approve(context: Context, plan: Imported): Promise<void> {
  context.note(report({ ...plan, dryRun: true }, context.style).trimEnd())
  const what = plan.foreign === undefined ? 'dotenv secrets' : 'secrets'
  if (await context.ask.confirm(`Import these ${what}?`)) return
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

/** The plan, or what was done, key by key and then in sums. */
export function report(result: Imported, style: Style): string {
  const { steps, dryRun, verbose, files, foreign } = result
  if (steps.length === 0) {
    const where = foreign === undefined ? 'the selected dotenv files' : foreign.about
    return `${style.warn(`No valid secrets found in ${where}`)}\n`
  }
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
  const from = `${total} secret(s) from ${foreign === undefined ? `${files.length} file(s)` : foreign.about}`
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

/** What was not taken is said last as well, after a long list the first warning is out of sight; and what stays behind. */
export function closingNote({ lines, files, foreign, dryRun }: Imported, style: Style): { note?: string } {
  const told: string[] = []
  const skipped = [...lines, ...(foreign?.notes ?? [])].filter(({ kind }) => kind === 'skipped').length
  if (skipped > 0) told.push(style.bad(`${skipped} ${foreign ? 'thing(s)' : 'line(s)'} NOT imported, listed above`))
  if (foreign?.clear && !dryRun) {
    told.push(style.warn(`${escaped(files.join(', '))} still holds these values unencrypted: remove it when you can`))
  }
  return told.length === 0 ? {} : { note: told.join('\n') }
}

/** How many keys have this fate. */
export function count(steps: readonly Step[], change: Change): number {
  return steps.filter((step) => step.change === change).length
}

/** Wipes the values of all entries. */
export function wipe(entries: readonly Pick<MergedEntry, 'value'>[]): void {
  for (const { value } of entries) value.wipe()
}
