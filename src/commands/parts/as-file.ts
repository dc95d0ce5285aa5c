// `run --as-file`: secrets that a program gets as a file in memory instead of a variable (W44). `KEY` puts the path
// into the variable KEY, `NAME=KEY` into NAME, for programs that expect for example POSTGRES_PASSWORD_FILE.
import { Failure } from '../../lib/errors.ts'
import { isKey, printable } from '../../lib/names.ts'
import type { Entry } from '../../vault/view.ts'
import { isOwn, type Choice } from './choose.ts'
import type { Launch } from '../context.ts'

export interface AsFile {
  /** The variable that holds the path. */
  name: string
  key: string
}

/** What was given with `--as-file`. Throws a usage failure for what is no name of a variable. */
export function parseAsFile(given: readonly string[] | undefined): AsFile[] {
  return (given ?? []).map((text) => {
    const equals = text.indexOf('=')
    const [name, key] = equals < 0 ? [text, text] : [text.slice(0, equals), text.slice(equals + 1)]
    if (isKey(name) && isKey(key) && !isOwn(name)) return { name, key }
    throw new Failure('usage', `--as-file takes KEY or NAME=KEY, not ${printable(text)}`, {
      hint: 'for example --as-file PGPASSWORD_FILE=PGPASSWORD',
    })
  })
}

/** The choice of secrets with those for files in it: a selection must not leave out what is asked for. */
export function choiceWith<C extends Pick<Choice, 'only' | 'prefix'>>(choice: C, files: readonly AsFile[]): C {
  if (files.length === 0 || (choice.only === undefined && choice.prefix === undefined)) return choice
  return { ...choice, only: [...(choice.only ?? []), ...files.map(({ key }) => key)] }
}

/**
 * What the program gets: of entries with one name the last counts, and what is given as a file is no variable besides.
 * Throws `not_found` when there is no entry for a file.
 */
export function launchParts(entries: readonly Entry[], files: readonly AsFile[]): Pick<Launch, 'inject' | 'files'> {
  const values = new Map(entries.map(({ key, value }) => [key, value]))
  const lost = files.filter(({ key }) => !values.has(key)).map(({ key }) => key)
  if (lost.length > 0) {
    throw new Failure('not_found', `--as-file key(s) not found: ${lost.join(', ')}`, {
      hint: 'tvault list shows what is there',
    })
  }
  const taken = new Set(files.flatMap(({ name, key }) => [name, key]))
  return {
    inject: [...values].filter(([name]) => !taken.has(name)).map(([name, value]) => ({ name, value })),
    files: files.flatMap(({ name, key }) => {
      const value = values.get(key)
      return value === undefined ? [] : [{ name, value }]
    }),
  }
}
