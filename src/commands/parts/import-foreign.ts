// What another program keeps, read by its importer (room `foreign`) and brought into the form that an import has. What
// could not be mapped is told by name and place, never by value.
import { Failure } from '../../lib/errors.ts'
import { escaped, isKey, printable } from '../../lib/names.ts'
import type { ForeignEntry, ForeignNote } from '../../foreign/importer.ts'
import type { Context } from '../context.ts'
import { LONGEST_LIST } from './dotenv-input.ts'
import type { Loaded } from './import-plan.ts'

/** The words of `--from`. A test holds them against the importers, which are loaded only when one is used. */
export const FORMATS = [
  'auto',
  '1password-csv',
  '1pux',
  'aws',
  'bitwarden',
  'doppler',
  'dotenvx',
  'gopass',
  'infisical',
  'keepass',
  'pass',
  'sops',
  'vault',
] as const

interface Given {
  path?: string | undefined
  file?: readonly string[] | undefined
  dir?: string | undefined
  env?: string | undefined
  from?: string | undefined
  'key-file'?: string | undefined
  prefix?: string | undefined
  strict: boolean
  interactive: boolean
}

/** Reads the one file or tree. Throws a usage failure for flags that are about dotenv files. */
export async function loadForeign(context: Context, given: Given): Promise<Loaded> {
  const path = pathOf(given)
  const prefix = given.prefix ?? ''
  if (prefix !== '' && !isKey(prefix)) {
    throw new Failure('usage', `--prefix ${printable(prefix)} cannot stand in front of a key`, {
      hint: 'for example --prefix OLD_',
    })
  }
  if (given.interactive && !context.ask.possible) {
    throw new Failure('usage', '--interactive needs a terminal', {
      hint: 'use --dry-run, then run it without --interactive',
    })
  }
  const { entries, notes, format, about, clear } = await context.foreign(path, {
    format: given.from ?? 'auto',
    keyFile: given['key-file'],
  })
  try {
    tell(context, notes)
    if (given.strict) refuse(notes)
    const named = entries.map(({ key, value, source }) => ({ key: prefix + key, value, file: source }))
    const tooLong = named.find(({ key }) => !isKey(key))
    if (tooLong) throw new Failure('usage', `the key ${printable(tooLong.key)} is too long with --prefix`)
    named.sort((a, b) => (a.key < b.key ? -1 : 1))
    return {
      files: [path === '-' ? 'standard input' : path],
      entries: named,
      lines: [],
      foreign: { format, about, notes, clear: clear && path !== '-' },
    }
  } catch (error) {
    wipe(entries)
    throw error
  }
}

function pathOf({ path, file = [], dir, env }: Given): string {
  const named = path === undefined ? file : [path, ...file]
  if (dir !== undefined || env !== undefined) {
    throw new Failure('usage', "--dir and --env look for dotenv files, and --from reads another program's")
  }
  const [only, ...others] = named
  if (only !== undefined && only !== '' && others.length === 0) return only
  throw new Failure('usage', 'with --from name one file, or the directory of pass or gopass', {
    hint: 'tvault import --from auto FILE',
  })
}

/** Says what did not come over as it was, before anything else is said. With --json it is in the result. */
function tell(context: Context, notes: readonly ForeignNote[]): void {
  if (context.globals.json || notes.length === 0) return
  const { style } = context
  const skipped = notes.filter(({ kind }) => kind === 'skipped').length
  if (skipped > 0) context.note(style.warn(`Could not map ${skipped} thing(s)`))
  const shown = context.globals.verbose ? notes : notes.slice(0, LONGEST_LIST)
  for (const { kind, what, where, why } of shown) {
    const line = kind === 'renamed' ? `${where} becomes ${what}: ${why}` : `${where}: ${what} left out: ${why}`
    context.note(`  ${kind === 'skipped' ? style.warn(escaped(line)) : style.info(escaped(line))}`)
  }
  if (shown.length < notes.length) context.note(`  … and ${notes.length - shown.length} more (--verbose shows all)`)
}

function refuse(notes: readonly ForeignNote[]): void {
  const skipped = notes.filter(({ kind }) => kind === 'skipped')
  if (skipped.length === 0) return
  const places = skipped.slice(0, 10).map(({ what, where }) => `${printable(where)} (${printable(what)})`)
  const more = skipped.length > places.length ? ', …' : ''
  throw new Failure(
    'failed',
    `${skipped.length} thing(s) could not be mapped, nothing was imported: ${places.join(', ')}${more}`,
    {
      hint: 'leave --strict out to import the rest',
    },
  )
}

function wipe(entries: readonly ForeignEntry[]): void {
  for (const { value } of entries) value.wipe()
}
