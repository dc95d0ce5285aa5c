// Several environments in one sealed file: dotenv text between marker lines. TinyVault 0.23 writes values as they are,
// so that a value over several lines can look like a marker; ours are quoted and cannot. Whatever is not clearly one
// section after the other is refused, and no name ever stands for more than its own section.
import { text } from '../lib/bytes.ts'
import { Failure } from '../lib/errors.ts'
import { printable } from '../lib/names.ts'
import { Secret } from '../lib/secret.ts'
import { LF } from './blanks.ts'
import { writeMarshal } from './marshal.ts'
import { Writer, type Printable } from './writer.ts'

const START = new TextEncoder().encode('--- tvault-env:')
const STOP = new TextEncoder().encode(' ---')
const LAST = new TextEncoder().encode('--- end ---')

export interface Section {
  name: string
  /** Where its text stands, line ends at its end left out, as the peer does. */
  from: number
  to: number
}

/** The body of a sealed file with one section for each, in order. Failure `usage` for a name that no marker can hold. */
export function printSections(sections: readonly { name: string; entries: readonly Printable[] }[]): Secret {
  const writer = new Writer()
  for (const { name, entries } of sections) {
    if (!fitsMarker(name)) throw new Failure('usage', `${printable(name)} cannot be the name of a section`)
    writer.bytes(START).text(name).bytes(STOP).byte(LF)
    writeMarshal(writer, entries)
  }
  return writer.bytes(LAST).byte(LF).finish()
}

/** Whether an environment of this name can stand in a marker line: it is not empty and has no line end. */
export function fitsMarker(name: string): boolean {
  return name !== '' && !/[\r\n]/.test(name)
}

/**
 * The sections of an opened file, in its order; undefined when it does not begin with a marker. Failure `failed` when
 * it does, and is not a plain sequence of sections: the end is missing, something follows it, or a name comes twice.
 */
export function readSections(body: Uint8Array): Section[] | undefined {
  const sections: Section[] = []
  let ended = false
  for (let at = 0; at < body.length;) {
    const found = body.indexOf(LF, at)
    const end = found === -1 ? body.length : found
    const line = body.subarray(at, end)
    const name = markerName(line)
    if (at === 0 && name === undefined) return undefined
    if (ended && line.length > 0) throw unclear('something stands behind its end')
    const open = sections.at(-1)
    if (name !== undefined) {
      if (sections.some((section) => section.name === name)) throw unclear(`section ${printable(name)} comes twice`)
      sections.push({ name, from: end + 1, to: end + 1 })
    } else if (startsWith(line, START)) throw unclear('a marker line is damaged')
    else if (startsWith(line, LAST)) {
      if (line.length > LAST.length) throw unclear('its end is damaged')
      ended = true
    } else if (open !== undefined && line.length > 0) open.to = end
    at = end + 1
  }
  if (sections.length === 0) return undefined
  if (!ended) throw unclear('its end is missing')
  return sections
}

/** The text of section `name` of an opened file, as a Secret of the caller. Failure `usage` names those that exist. */
export function pickSection(body: Secret, name: string): Secret {
  const bytes = body.reveal()
  const sections = readSections(bytes)
  if (sections === undefined) {
    throw new Failure('usage', 'the file has no sections', { hint: 'leave --section out to see all of it' })
  }
  const section = sections.find((candidate) => candidate.name === name)
  if (section !== undefined) return new Secret(bytes.slice(section.from, section.to))
  throw new Failure('usage', `no section ${printable(name)} in the file`, {
    hint: `it has: ${sections.map((candidate) => printable(candidate.name)).join(', ')}`,
  })
}

/**
 * Whether a value holds what TinyVault 0.23 takes for a marker: it looks for the mark anywhere in the file, also inside
 * of quotes, and dotenv text has no way to write it otherwise. Ours looks at whole lines.
 */
export function holdsMarker(value: Secret): boolean {
  const bytes = Buffer.from(value.reveal().buffer, value.reveal().byteOffset, value.size)
  return bytes.includes(START) || bytes.includes(LAST)
}

/** The name in a marker line, or undefined when it is none. */
function markerName(line: Uint8Array): string | undefined {
  if (line.length <= START.length + STOP.length || !startsWith(line, START)) return undefined
  if (!startsWith(line.subarray(line.length - STOP.length), STOP)) return undefined
  return text(line.subarray(START.length, line.length - STOP.length))
}

function startsWith(bytes: Uint8Array, start: Uint8Array): boolean {
  return bytes.length >= start.length && start.every((byte, i) => bytes[i] === byte)
}

function unclear(what: string): Failure {
  return new Failure('failed', `the sections of the file are not clear: ${what}`, {
    hint: 'TinyVault 0.23 does not quote values over several lines; seal it again with this program',
  })
}
