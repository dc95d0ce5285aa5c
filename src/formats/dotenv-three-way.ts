// Merges two descendants of a dotenv file by key. The result is the layout of ours with what theirs changed. A key that
// both changed keeps the value of ours and gets a comment with its name; no value of theirs is written for it anywhere.
// What comes out is read back and compared with what was decided, key by key, before it is given out. A door.
import { compare, latin1, utf8 } from '../lib/bytes.ts'
import { Failure } from '../lib/errors.ts'
import { Secret } from '../lib/secret.ts'
import { CR, LF, trim } from './blanks.ts'
import { editDotenv } from './dotenv-edit.ts'
import { parseDotenv } from './dotenv.ts'
import type { DotenvEntry } from './dotenv.ts'
import { Writer } from './writer.ts'

/** How the comment begins that stands for a conflict. A file in which one is left was not resolved. */
export const CONFLICT_MARK = '# tvault conflict: '

const HASH = 0x23

export interface Merged {
  /** The whole file; the caller wipes it. */
  merged: Secret
  /** Keys that both sides changed in different ways, sorted. */
  conflicts: string[]
}

type Entries = ReadonlyMap<string, DotenvEntry>

/** What the result holds for a key: the entry of one side, or undefined for none. */
interface Decision {
  key: string
  entry: DotenvEntry | undefined
  /** Why it is a conflict, when it is one. */
  conflict?: string
}

/**
 * The merge of `ours` and `theirs`, which both come from `base` (empty when they have no common file); all three stay the
 * caller's. When only one side changed, whatever kind of file it is, that side. Else by key: undefined when one of the
 * three has a line that is no dotenv, or when the result could not be written exactly.
 */
export function mergeThreeWay(base: Secret, ours: Secret, theirs: Secret): Merged | undefined {
  const [o, a, b] = [base, ours, theirs].map((version) => version.reveal()) as [Uint8Array, Uint8Array, Uint8Array]
  if (compare(a, b) === 0 || compare(o, b) === 0) return { merged: new Secret(a.slice()), conflicts: [] }
  if (compare(o, a) === 0) return { merged: new Secret(b.slice()), conflicts: [] }
  return mergeByKey(o, a, b)
}

function mergeByKey(base: Uint8Array, ours: Uint8Array, theirs: Uint8Array): Merged | undefined {
  const parsed = [base, ours, theirs].map(parseDotenv)
  try {
    if (parsed.some(({ notes }) => notes.some(({ kind }) => kind === 'skipped'))) return undefined
    const [o, a, b] = parsed.map(({ entries }) => new Map(entries.map((entry) => [entry.key, entry])))
    const decisions = decide(o!, a!, b!)
    const merged = write(decisions, { base, ours, theirs }, a!, b!)
    if (holdsExactly(merged.reveal(), decisions)) {
      return { merged, conflicts: decisions.flatMap(({ key, conflict }) => (conflict === undefined ? [] : [key])) }
    }
    merged.wipe()
    return undefined
  } catch (error) {
    // Of editDotenv: what it cannot write exactly is not merged.
    if (error instanceof Failure) return undefined
    throw error
  } finally {
    for (const { entries } of parsed) for (const { value } of entries) value.wipe()
  }
}

/** Whether a comment of a conflict is still in `file`, and of which keys. */
export function unresolvedKeys(file: Uint8Array): string[] {
  const lines = latin1(file).split('\n')
  return lines.flatMap((line) => {
    const name = line.startsWith(CONFLICT_MARK) ? /^[A-Za-z0-9_]+/.exec(line.slice(CONFLICT_MARK.length)) : null
    return name ? [name[0]] : []
  })
}

function decide(base: Entries, ours: Entries, theirs: Entries): Decision[] {
  const keys = [...new Set([...base.keys(), ...ours.keys(), ...theirs.keys()])].sort()
  return keys.map((key) => {
    const [o, a, b] = [base, ours, theirs].map((entries) => entries.get(key))
    if (isSame(a, b) || isSame(o, b)) return { key, entry: a }
    if (isSame(o, a)) return { key, entry: b }
    if (a === undefined) return { key, entry: a, conflict: 'was removed here and changed there' }
    if (b === undefined) return { key, entry: a, conflict: 'was changed here and removed there' }
    return { key, entry: a, conflict: `was ${o === undefined ? 'added' : 'changed'} on both sides, this is ours` }
  })
}

function isSame(a: DotenvEntry | undefined, b: DotenvEntry | undefined): boolean {
  if (a === undefined || b === undefined) return a === b
  return compare(a.value.reveal(), b.value.reveal()) === 0
}

function write(
  decisions: readonly Decision[],
  files: { base: Uint8Array; ours: Uint8Array; theirs: Uint8Array },
  ours: Entries,
  theirs: Entries,
): Secret {
  let file: Uint8Array = files.ours.slice()
  const replace = (next: Uint8Array): void => {
    file.fill(0)
    file = next
  }
  for (const { key, entry } of decisions) if (entry === undefined && ours.has(key)) replace(withoutKey(file, key))
  // Only what is of theirs changes; in the order of their file, for those that are new.
  const changes = decisions.flatMap(({ entry }) => (entry && theirs.get(entry.key) === entry ? [entry] : []))
  const edits = changes.sort((x, y) => x.at.from - y.at.from).map(({ key, value }) => ({ key, value }))
  const edited = editDotenv(file, edits)
  try {
    return withComments(edited.reveal(), [
      ...newComments(files, theirs),
      ...decisions.flatMap(({ key, conflict }) =>
        conflict === undefined ? [] : [{ above: key, line: utf8(`${CONFLICT_MARK}${key} ${conflict}`) }],
      ),
    ])
  } finally {
    edited.wipe()
    file.fill(0)
  }
}

/** `file` without every line that assigns `key`. */
function withoutKey(file: Uint8Array, key: string): Uint8Array {
  for (let rest = file; ;) {
    const entries = parseDotenv(rest).entries
    const entry = entries.find((one) => one.key === key)
    for (const { value } of entries) value.wipe()
    if (entry === undefined) return rest
    const writer = new Writer().bytes(rest.subarray(0, lineStart(rest, entry.at.from)))
    const next = writer.bytes(rest.subarray(lineEnd(rest, entry.at.to))).finish()
    if (rest !== file) rest.fill(0)
    rest = next.reveal()
  }
}

interface Comment {
  /** The key whose line it stands above; at the end of the file when there is none. */
  above: string | undefined
  line: Uint8Array
}

/** The comments of theirs that neither base nor ours have: whoever wrote them wants them kept. */
function newComments({ base, ours, theirs }: Record<string, Uint8Array>, entries: Entries): Comment[] {
  const known = new Set([base!, ours!].flatMap((file) => commentsOf(file, new Map()).map(({ line }) => latin1(line))))
  return commentsOf(theirs!, entries).filter(({ line }) => !known.has(latin1(line)))
}

/** Every comment line without its blanks, with the next key below it. Lines inside of values are none. */
function commentsOf(file: Uint8Array, entries: Entries): Comment[] {
  const known = entries.size > 0 ? entries : new Map(parseDotenv(file).entries.map((entry) => [entry.key, entry]))
  const inOrder = [...known.values()].sort((a, b) => a.at.from - b.at.from)
  const found: Comment[] = []
  for (let at = 0; at < file.length; at = lineEnd(file, at)) {
    const { from, to } = trim(file, at, lineEnd(file, at))
    if (file[from] !== HASH || from === to) continue
    if (inOrder.some((entry) => entry.at.from < at && at < entry.at.to)) continue
    found.push({ above: inOrder.find((entry) => entry.at.from > at)?.key, line: file.slice(from, to) })
  }
  return found
}

/** `file` with these lines in it, each above the line of its key. */
function withComments(file: Uint8Array, comments: readonly Comment[]): Secret {
  const entries = parseDotenv(file).entries
  const end = file.indexOf(LF) > 0 && file[file.indexOf(LF) - 1] === CR ? [CR, LF] : [LF]
  // Nothing may stand in front of a byte order mark.
  const first = file[0] === 0xef && file[1] === 0xbb && file[2] === 0xbf ? 3 : 0
  const writer = new Writer()
  let from = 0
  for (const { key, at } of entries.sort((a, b) => a.at.from - b.at.from)) {
    const start = Math.max(lineStart(file, at.from), first)
    writer.bytes(file.subarray(from, start))
    from = start
    for (const { above, line } of comments) if (above === key) writer.bytes(line).bytes(Uint8Array.from(end))
  }
  writer.bytes(file.subarray(from))
  const keys = new Set(entries.map(({ key }) => key))
  const rest = comments.filter(({ above }) => above === undefined || !keys.has(above))
  if (rest.length > 0 && file.length > 0 && file.at(-1) !== LF) writer.bytes(Uint8Array.from(end))
  for (const { line } of rest) writer.bytes(line).bytes(Uint8Array.from(end))
  for (const { value } of entries) value.wipe()
  return writer.finish()
}

function holdsExactly(file: Uint8Array, decisions: readonly Decision[]): boolean {
  const { entries } = parseDotenv(file)
  const wanted = new Map(decisions.flatMap(({ entry }) => (entry ? [[entry.key, entry] as const] : [])))
  const right = entries.length === wanted.size && entries.every((entry) => isSame(entry, wanted.get(entry.key)))
  for (const { value } of entries) value.wipe()
  return right
}

function lineStart(file: Uint8Array, at: number): number {
  return file.subarray(0, at).lastIndexOf(LF) + 1
}

/** Behind the LF that ends the line of `at`, or the size of the file. */
function lineEnd(file: Uint8Array, at: number): number {
  const found = file.indexOf(LF, at)
  return found === -1 ? file.length : found + 1
}
