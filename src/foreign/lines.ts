// Lines of a file, for messages and for formats that are made of lines.
const LF = 0x0a
const CR = 0x0d

/** The line, from 1, in which the byte at `offset` stands. */
export function lineOf(bytes: Uint8Array, offset: number): number {
  let line = 1
  for (let at = bytes.indexOf(LF); at !== -1 && at < offset; at = bytes.indexOf(LF, at + 1)) line++
  return line
}

/** Offsets of all line ends. */
export function lineEnds(bytes: Uint8Array): number[] {
  const ends: number[] = []
  for (let at = bytes.indexOf(LF); at !== -1; at = bytes.indexOf(LF, at + 1)) ends.push(at)
  return ends
}

/** The lines of a file in order, each without its end (LF or CR LF), as views into `bytes`. */
export function* linesOf(bytes: Uint8Array): Generator<{ line: number; bytes: Uint8Array }> {
  let line = 1
  for (let at = 0; at < bytes.length; line++) {
    const found = bytes.indexOf(LF, at)
    const end = found === -1 ? bytes.length : found
    yield { line, bytes: bytes.subarray(at, end > at && bytes[end - 1] === CR ? end - 1 : end) }
    at = end + 1
  }
}
