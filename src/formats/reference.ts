// References to secrets inside dotenv values: `${tvault://KEY}`, `${tvault://PROJECT/KEY}`. They are found and replaced
// in bytes, in one pass: what was put in is never looked at again, so a value cannot pull in another one. A door.
import { text, utf8 } from '../lib/bytes.ts'
import { Failure } from '../lib/errors.ts'
import { printable } from '../lib/names.ts'
import type { Secret } from '../lib/secret.ts'
import { LF, SPACE, type Span } from './blanks.ts'
import { Writer } from './writer.ts'

/** One reference. It is a name, not a value, and may be shown. */
export interface Reference {
  /** Undefined for the current project. */
  project: string | undefined
  key: string
  /** As it stands in the file, without `${` and `}`. */
  text: string
  /** Where it stands in the value, with `${` and `}`. */
  at: Span
}

const OPEN = [0x24, 0x7b]
const CLOSE = 0x7d
const SCHEME = 'tvault://'
const SCHEME_BYTES = utf8(SCHEME)

/** Whether anything in `value` begins like a reference, well formed or not. */
export function holdsReference(value: Secret): boolean {
  return spansIn(value.reveal()).length > 0
}

/**
 * The references in `value`, in their order. `where` is how the place is called in messages. Throws `failed` for one
 * that is malformed: empty, with a blank or a line end, or without a key.
 */
export function referencesIn(value: Secret, where: string): Reference[] {
  const bytes = value.reveal()
  return spansIn(bytes).map((at) => {
    const inside = text(bytes.subarray(at.from + OPEN.length, at.to - 1))
    if (inside === undefined) throw malformed(where, `${SCHEME}…`, 'it is not UTF-8 text')
    return { ...parseReference(inside, where), text: inside, at }
  })
}

/** `value` with what `find` gives in the place of every reference, as a Secret of the caller. Wipes neither. */
export function replaceReferences(
  value: Secret,
  references: readonly Reference[],
  find: (reference: Reference) => Secret,
): Secret {
  const bytes = value.reveal()
  const writer = new Writer()
  let from = 0
  for (const reference of references) {
    writer.bytes(bytes.subarray(from, reference.at.from)).bytes(find(reference).reveal())
    from = reference.at.to
  }
  return writer.bytes(bytes.subarray(from)).finish()
}

/** Where a `${` opens that a `}` closes, with `tvault://` right inside. One look at every byte, whatever they are. */
function spansIn(bytes: Uint8Array): Span[] {
  const spans: Span[] = []
  for (let from = openAfter(bytes, 0); from >= 0;) {
    const close = bytes.indexOf(CLOSE, from)
    if (close < 0) break
    if (startsWithScheme(bytes, from + OPEN.length, close)) spans.push({ from, to: close + 1 })
    from = openAfter(bytes, close + 1)
  }
  return spans
}

function openAfter(bytes: Uint8Array, start: number): number {
  for (let at = bytes.indexOf(OPEN[0]!, start); at >= 0; at = bytes.indexOf(OPEN[0]!, at + 1)) {
    if (bytes[at + 1] === OPEN[1]) return at
  }
  return -1
}

function startsWithScheme(bytes: Uint8Array, from: number, to: number): boolean {
  return to - from >= SCHEME_BYTES.length && SCHEME_BYTES.every((byte, i) => bytes[from + i] === byte)
}

function parseReference(inside: string, where: string): { project: string | undefined; key: string } {
  const body = inside.slice(SCHEME.length)
  if (body === '' || body.includes(String.fromCharCode(SPACE)) || body.includes(String.fromCharCode(LF))) {
    throw malformed(where, inside, 'empty or contains whitespace')
  }
  // A project may have slashes in its name, a key never.
  const slash = body.lastIndexOf('/')
  if (slash < 0) return { project: undefined, key: body }
  const project = body.slice(0, slash)
  const key = body.slice(slash + 1)
  if (key === '') throw malformed(where, inside, 'missing key segment after project')
  return { project: project === '' || project === 'current' ? undefined : project, key }
}

function malformed(where: string, inside: string, reason: string): Failure {
  return new Failure('failed', `${where}: invalid tvault reference "${printable(inside)}": ${reason}`, {
    hint: 'write ${tvault://KEY} or ${tvault://PROJECT/KEY}',
  })
}
