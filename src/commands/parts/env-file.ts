// The values of `run --env-file`: a dotenv file whose references `${tvault://…}` are filled in from the vault, with one
// audited read per project. The file itself needs no vault, and is read before anybody is asked for a passphrase.
import { cell } from '../../faces/table.ts'
import { checkDotenvName } from '../../formats/dotenv-pick.ts'
import { referencesIn, replaceReferences, type Reference } from '../../formats/reference.ts'
import { Failure } from '../../lib/errors.ts'
import { printable } from '../../lib/names.ts'
import type { Secret } from '../../lib/secret.ts'
import type { Entry } from '../../vault/view.ts'
import { isOwn, noteOwn } from './choose.ts'
import type { Context } from '../context.ts'
import { notesOf, readDotenv, refuseSkipped, tellLines } from './dotenv-input.ts'
import type { Source } from './source.ts'

interface Line extends Entry {
  /** How messages call it. */
  where: string
  references: readonly Reference[]
}

/** The entries of an env file with their references, not yet filled in. */
export interface EnvFile {
  lines: readonly Line[]
  wipe(): void
}

/**
 * Reads the env file `path`. Lines that are not understood are told, or with `strict` refused. Throws `usage` for a
 * name that is no dotenv file's, `failed` for what cannot be read and for malformed references.
 */
export async function readEnvFile(context: Context, path: string, strict: boolean): Promise<EnvFile> {
  checkDotenvName(path)
  const source = await readDotenv(context, path)
  const { entries } = source.parsed
  const wipe = () => {
    for (const { value } of entries) value.wipe()
  }
  try {
    tellLines(context, notesOf(source))
    if (strict) refuseSkipped(notesOf(source), 'the program was not started')
    noteOwn(entries, (text) => context.note(text))
    const lines = entries
      .filter(({ key }) => !isOwn(key))
      .map(({ key, value, line }): Line => {
        const where = `interpolate ${key} (${printable(path)}:${line})`
        return { key, value, where, references: referencesIn(value, where) }
      })
    return { lines, wipe }
  } catch (error) {
    wipe()
    throw error
  }
}

interface Use {
  where: string
  reference: Reference
}

/**
 * Values of the file with every reference replaced, for the caller to wipe. A reference without a project is read from
 * the source that `open` gives. Throws `not_found` for a secret or project that is not there; without `open`
 * (--no-vault) a reference is `failed`.
 */
export async function fillIn({ lines }: EnvFile, open: (() => Promise<Source>) | undefined): Promise<Entry[]> {
  const uses = lines.flatMap(({ where, references }) => references.map((reference): Use => ({ where, reference })))
  const [first] = uses
  if (first !== undefined && open === undefined) {
    const { where, reference } = first
    throw new Failure('failed', `${where}: ${printable(reference.text)} needs the vault, but --no-vault is given`, {
      hint: 'leave --no-vault out, or remove the reference',
    })
  }
  const read = new Map<string | undefined, Map<string, Secret>>()
  try {
    if (first !== undefined && open !== undefined) readAll(await open(), uses, read)
    const find = ({ project, key }: Reference): Secret => {
      const found = read.get(project)?.get(key)
      if (found) return found
      throw new Failure('internal', 'a reference was not read')
    }
    return lines.map(({ key, value, references }) => ({ key, value: replaceReferences(value, references, find) }))
  } finally {
    for (const values of read.values()) for (const value of values.values()) value.wipe()
  }
}

/** One read for each project. What is missing is told by the first line that asks for it. */
function readAll(source: Source, uses: readonly Use[], read: Map<string | undefined, Map<string, Secret>>): void {
  for (const [project, here] of Map.groupBy(uses, ({ reference }) => reference.project)) {
    const only = [...new Set(here.map(({ reference }) => reference.key))]
    const look = () => (project === undefined ? source.read({ only }) : source.view.readMany(project, { only }))
    const { entries, missing } = explained(here[0], look)
    read.set(project, new Map(entries.map(({ key, value }) => [key, value])))
    const lost = here.find(({ reference }) => missing.includes(reference.key))
    explained(lost, () => {
      if (lost === undefined) return
      const place = project === undefined ? source.name : `project "${cell(project)}"`
      throw new Failure('not_found', `no secret ${printable(lost.reference.key)} in ${place}`, {
        hint: 'tvault list shows what is there',
      })
    })
  }
}

/** Runs `work`; a failure of it names the line and the reference that it is about. */
function explained<T>(use: Use | undefined, work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (!(error instanceof Failure) || use === undefined) throw error
    const { kind, message, hint } = error
    throw new Failure(kind, `${use.where}: resolve ${printable(use.reference.text)}: ${message}`, {
      ...(hint !== undefined && { hint }),
      cause: error,
    })
  }
}
