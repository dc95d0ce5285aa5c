// Changes values in a dotenv file and leaves everything else as it is: comments, order, blanks, `export`, kinds of
// quotes, line ends, lines that nobody understands. What comes out is read back before it is given out: a change that
// would alter any other entry is refused, because no rule about quotes is worth somebody's file. A door.
import { compare } from '../lib/bytes.ts'
import { Failure } from '../lib/errors.ts'
import { CR, LF, SPACE } from './blanks.ts'
import { MAX_DOTENV_BYTES } from './dotenv-files.ts'
import { printDotenvValue, type Quotes } from './dotenv-print.ts'
import { parseDotenv, UNTERMINATED, type Dotenv, type DotenvEntry } from './dotenv.ts'
import { Writer, type Printable } from './writer.ts'
import type { Secret } from '../lib/secret.ts'

const HASH = 0x23
const DOUBLE = 0x22
const SINGLE = 0x27

/**
 * The bytes of the dotenv `file` with the values of `edits`, as a Secret of the caller: a key that is there gets its
 * value in place (the last of several lines for it, the one that counts), a new one is added at the end, in the order
 * given. Wipes neither `file` nor the values. Throws `failed` when the result would not be read back as it is meant,
 * or would be larger than a dotenv file may be.
 */
export function editDotenv(file: Uint8Array, edits: readonly Printable[]): Secret {
  const before = parseDotenv(file)
  let edited: Secret | undefined
  try {
    edited = rewrite(file, before.entries, edits)
    check(edited, before, edits)
    return edited
  } catch (error) {
    edited?.wipe()
    throw error
  } finally {
    wipe(before.entries)
  }
}

function rewrite(file: Uint8Array, entries: readonly DotenvEntry[], edits: readonly Printable[]): Secret {
  const writer = new Writer()
  const places = new Map(entries.map(({ key, at }) => [key, at]))
  const present = edits.flatMap((edit) => {
    const at = places.get(edit.key)
    return at === undefined ? [] : [{ ...edit, at }]
  })
  let from = 0
  for (const { value, at } of present.sort((a, b) => a.at.from - b.at.from)) {
    writer.bytes(file.subarray(from, at.from))
    printDotenvValue(writer, value.reveal(), quotesAt(file, at))
    // A comment begins only behind a blank.
    if (file[at.to] === HASH) writer.byte(SPACE)
    from = at.to
  }
  writer.bytes(file.subarray(from))
  const added = edits.filter(({ key }) => !places.has(key))
  const lineEnd = endsWithCarriageReturns(file) ? [CR, LF] : [LF]
  if (added.length > 0 && file.length > 0 && file.at(-1) !== LF) writer.bytes(Uint8Array.from(lineEnd))
  for (const { key, value } of added) {
    writer.text(`${key}=`)
    printDotenvValue(writer, value.reveal(), 'any')
    writer.bytes(Uint8Array.from(lineEnd))
  }
  return writer.finish()
}

/** How the value at this place is written now. */
function quotesAt(file: Uint8Array, at: { from: number; to: number }): Quotes {
  if (at.from === at.to) return 'any'
  if (file[at.from] === SINGLE) return 'single'
  if (file[at.from] !== DOUBLE) return 'any'
  return file.subarray(at.from, at.to).includes(LF) ? 'double-lines' : 'double'
}

/** Whether the first line ends as on Windows. */
function endsWithCarriageReturns(file: Uint8Array): boolean {
  const end = file.indexOf(LF)
  return end > 0 && file[end - 1] === CR
}

/** Throws unless `edited` holds exactly the entries that it should. */
function check(edited: Secret, before: Dotenv, edits: readonly Printable[]): void {
  if (edited.size > MAX_DOTENV_BYTES) {
    throw new Failure('failed', `the file would have more than ${MAX_DOTENV_BYTES} bytes`, {
      hint: 'leave large values out of it; tvault run gives them to programs',
    })
  }
  const meant = new Map([...before.entries, ...edits].map(({ key, value }) => [key, value]))
  const { entries } = parseDotenv(edited.reveal())
  try {
    const wrong = entries.find(({ key, value }) => !holds(meant.get(key), value))
    if (wrong === undefined && entries.length === meant.size) return
    const [skipped] = before.notes.filter(({ message }) => message === UNTERMINATED)
    const place = skipped === undefined ? '' : `: the quote in line ${skipped.line} is never closed`
    throw new Failure('failed', `the file cannot be changed without changing other entries${place}`, {
      hint: 'correct that line first',
    })
  } finally {
    wipe(entries)
  }
}

function holds(meant: Secret | undefined, value: Secret): boolean {
  return meant !== undefined && compare(meant.reveal(), value.reveal()) === 0
}

function wipe(entries: readonly DotenvEntry[]): void {
  for (const { value } of entries) value.wipe()
}
