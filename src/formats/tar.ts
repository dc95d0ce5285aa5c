// Reads tar archives (POSIX.1-1988 ustar) in memory: what a release consists of. Regular files and directories only;
// anything else, and any name that leads out of the archive, is refused as a whole.
import { latin1 } from '../lib/bytes.ts'
import { Failure } from '../lib/errors.ts'

const BLOCK = 512
const corrupt = (what: string): Failure => new Failure('corrupt', `the archive is damaged: ${what}`)

/** The regular files in `archive` by their names, as views of it. Throws `corrupt`. */
export function readTar(archive: Uint8Array): Map<string, Uint8Array> {
  const files = new Map<string, Uint8Array>()
  for (let at = 0; ;) {
    const header = archive.subarray(at, at + BLOCK)
    if (header.length < BLOCK) throw corrupt('it has no end')
    if (header.every((byte) => byte === 0)) return files
    checkSum(header)
    const prefix = field(header, 345, 155)
    const name = `${prefix}${prefix === '' ? '' : '/'}${field(header, 0, 100)}`
    if (name.startsWith('/') || name.includes('\\') || name.split('/').includes('..')) throw corrupt('a name leads out')
    const size = octal(header, 124)
    const kind = field(header, 156, 1)
    if (kind !== '' && kind !== '0' && kind !== '5') throw corrupt('it holds more than files')
    if (at + BLOCK + size > archive.length) throw corrupt('a file is cut off')
    if (kind !== '5') {
      if (files.has(name)) throw corrupt('a name is there twice')
      files.set(name, archive.subarray(at + BLOCK, at + BLOCK + size))
    }
    at += BLOCK + Math.ceil(size / BLOCK) * BLOCK
  }
}

function field(header: Uint8Array, at: number, size: number): string {
  const text = latin1(header.subarray(at, at + size))
  const end = text.indexOf('\0')
  return end < 0 ? text : text.slice(0, end)
}

/** A number of at most twelve octal digits. */
function octal(header: Uint8Array, at: number): number {
  const digits = field(header, at, 12).trim()
  if (!/^[0-7]+$/.test(digits)) throw corrupt('a size is no number')
  return Number.parseInt(digits, 8)
}

/** The sum of all bytes of a header, those of the sum counted as blanks. */
function checkSum(header: Uint8Array): void {
  let sum = 8 * 0x20
  header.forEach((byte, index) => {
    if (index < 148 || index >= 156) sum += byte
  })
  const said = Number.parseInt(field(header, 148, 8).trim(), 8)
  if (said !== sum) throw corrupt('a header does not add up')
}
