// Reading dotenv files for a command: what was not understood is told by file and line, never passed over in silence,
// and never shown, because it may be a piece of a value.
import { MAX_DOTENV_BYTES } from '../../formats/dotenv-files.ts'
import type { DotenvSource, MergedNote } from '../../formats/dotenv-merge.ts'
import { parseDotenv } from '../../formats/dotenv.ts'
import { Failure } from '../../lib/errors.ts'
import { escaped, printable } from '../../lib/names.ts'
import type { Context } from '../context.ts'

/** With more lines than this only the first are told, unless --verbose. */
export const LONGEST_LIST = 50

/** Reads and parses one file, or standard input for `-`. The values are the caller's to wipe. */
export async function readDotenv(context: Context, path: string): Promise<DotenvSource> {
  const bytes = await context.readFile(path, { maxBytes: MAX_DOTENV_BYTES, stdin: path === '-' })
  try {
    return { file: path === '-' ? 'standard input' : path, parsed: parseDotenv(bytes) }
  } finally {
    bytes.fill(0)
  }
}

/** The notes of one file, with its name. */
export function notesOf({ file, parsed }: DotenvSource): MergedNote[] {
  return parsed.notes.map((note) => ({ ...note, file }))
}

/** Says which lines were not taken, before anything else is said. With --json they are in the result. */
export function tellLines(context: Context, notes: readonly MergedNote[]): void {
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

/** The notes as `--json` prints them. */
export function linesJson(notes: readonly MergedNote[]): object[] {
  return notes.map(({ file, line, key, kind, message }) => ({ file, line, ...(key && { key }), kind, message }))
}

/** Throws `failed` with the places when a line was not understood. `undone` says what therefore did not happen. */
export function refuseSkipped(notes: readonly MergedNote[], undone: string): void {
  const skipped = notes.filter(({ kind }) => kind === 'skipped')
  if (skipped.length === 0) return
  const places = skipped.slice(0, 10).map(({ file, line }) => `${printable(file)}:${line}`)
  const more = skipped.length > places.length ? ', …' : ''
  throw new Failure('failed', `${skipped.length} line(s) were not understood, ${undone}: ${places.join(', ')}${more}`, {
    hint: 'correct these lines, or leave --strict out',
  })
}
