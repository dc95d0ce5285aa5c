// Reads comma-separated values (RFC 4180) as bytes. Quotes are the only special thing, and a broken quote is refused:
// everything behind it would land in the wrong column.
import { Failure } from '../lib/errors.ts'
import { printable } from '../lib/names.ts'
import { lineOf } from './lines.ts'

const COMMA = 0x2c
const QUOTE = 0x22
const LF = 0x0a
const CR = 0x0d
const MAX_CELLS = 1_000_000

/** One record. The cells are copies that the caller wipes. */
export interface CsvRow {
  line: number
  cells: Uint8Array[]
}

/** All records of the file `path`, empty lines left out. Throws `failed` naming the line of a broken quote. */
export function parseCsv(bytes: Uint8Array, path: string): CsvRow[] {
  const rows: CsvRow[] = []
  let at = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0
  let count = 0
  const fail = (place: number, what: string): never => {
    for (const { cells } of rows) for (const cell of cells) cell.fill(0)
    throw new Failure('failed', `${printable(path)} is not valid CSV: line ${lineOf(bytes, place)}: ${what}`)
  }
  let line = 1
  while (at < bytes.length) {
    const start = at
    const cells: Uint8Array[] = []
    rows.push({ line, cells })
    for (;;) {
      if (++count > MAX_CELLS) fail(at, `more than ${MAX_CELLS} cells`)
      const end = bytes[at] === QUOTE ? closing(bytes, at) : bare(bytes, at)
      if (end === -1) fail(at, 'a quote is not closed')
      cells.push(bytes[at] === QUOTE ? unquote(bytes.subarray(at + 1, end - 1)) : bytes.slice(at, end))
      at = end
      if (bytes[at] !== COMMA) break
      at++
    }
    if (bytes[at] === CR) at++
    if (at < bytes.length && bytes[at] !== LF) fail(at, 'text stands behind a closing quote')
    at++
    if (cells.length === 1 && cells[0]!.length === 0) rows.pop()
    for (let i = start; i < at && i < bytes.length; i++) if (bytes[i] === LF) line++
  }
  return rows
}

/** Position behind the quote that closes the one at `at`, or -1. */
function closing(bytes: Uint8Array, at: number): number {
  for (let i = at + 1; i < bytes.length; i++) {
    if (bytes[i] !== QUOTE) continue
    if (bytes[i + 1] !== QUOTE) return i + 1
    i++
  }
  return -1
}

function bare(bytes: Uint8Array, at: number): number {
  let end = at
  while (end < bytes.length && bytes[end] !== COMMA && bytes[end] !== LF && bytes[end] !== CR) end++
  return end
}

function unquote(inner: Uint8Array): Uint8Array {
  const whole = new Uint8Array(inner.length)
  let size = 0
  for (let i = 0; i < inner.length; i++) {
    whole[size++] = inner[i]!
    if (inner[i] === QUOTE) i++
  }
  const cell = whole.slice(0, size)
  whole.fill(0)
  return cell
}
