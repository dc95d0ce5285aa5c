// Archives whose bytes follow from what is in them: names in the order given, one time for all, root as the owner,
// nothing of the machine. tar.gz (POSIX ustar), zip (APPNOTE 6.3, deflated), and ar for debs (deb(5)).
import { deflateRawSync, gzipSync } from 'node:zlib'
import { concat, utf8 } from '../../src/lib/bytes.ts'

export interface Entry {
  name: string
  bytes: Uint8Array
  /** Permission bits. */
  mode: number
}

const BLOCK = 512
const LEVEL = 6

/** A ustar archive in gzip. `time` in seconds since 1970. Folders are entries whose names end with `/`. */
export function tarGz(entries: readonly Entry[], time: number): Uint8Array {
  const packed = gzipSync(concat(...tarParts(entries, time)), { level: LEVEL })
  // The header says which system packed it (RFC 1952): unknown.
  packed[9] = 255
  return packed
}

function tarParts(entries: readonly Entry[], time: number): Uint8Array[] {
  const parts = entries.flatMap(({ name, bytes, mode }) => [
    tarHeader(name, bytes.length, mode, time),
    bytes,
    new Uint8Array((BLOCK - (bytes.length % BLOCK)) % BLOCK),
  ])
  return [...parts, new Uint8Array(2 * BLOCK)]
}

function tarHeader(name: string, size: number, mode: number, time: number): Uint8Array {
  if (utf8(name).length > 100) throw new Error(`the name is too long for an archive: ${name}`)
  const block = new Uint8Array(BLOCK)
  const put = (at: number, text: string): void => block.set(utf8(text), at)
  const octal = (value: number, digits: number): string => `${value.toString(8).padStart(digits, '0')}\0`
  put(0, name)
  put(100, octal(mode, 7))
  put(108, octal(0, 7))
  put(116, octal(0, 7))
  put(124, octal(size, 11))
  put(136, octal(time, 11))
  put(148, ' '.repeat(8))
  put(156, name.endsWith('/') ? '5' : '0')
  put(257, 'ustar\x0000')
  put(265, 'root')
  put(297, 'root')
  const sum = block.reduce((total, byte) => total + byte, 0)
  put(148, `${sum.toString(8).padStart(6, '0')}\0 `)
  return block
}

/** A zip archive. The format knows no zone, so the time is written as UTC. */
export function zip(entries: readonly Entry[], time: number): Uint8Array {
  const local: Uint8Array[] = []
  const central: Uint8Array[] = []
  let at = 0
  for (const { name, bytes, mode } of entries) {
    const folder = name.endsWith('/')
    const packed = folder ? new Uint8Array(0) : deflateRawSync(bytes, { level: LEVEL })
    const common = zipCommon(name, bytes, packed, folder ? 0 : 8, time)
    const head = record(30, [0x04034b50], [4, 20])
    head.set(common, 6)
    const entry = record(46, [0x02014b50], [4, (3 << 8) | 20], [6, 20])
    entry.set(common, 8)
    const view = new DataView(entry.buffer)
    view.setUint32(38, (((folder ? 0o040000 : 0o100000) | mode) << 16) >>> 0, true)
    view.setUint32(42, at, true)
    local.push(head, utf8(name), packed)
    central.push(entry, utf8(name))
    at += head.length + utf8(name).length + packed.length
  }
  const directory = concat(...central)
  const end = record(22, [0x06054b50], [8, entries.length], [10, entries.length])
  new DataView(end.buffer).setUint32(12, directory.length, true)
  new DataView(end.buffer).setUint32(16, at, true)
  return concat(...local, directory, end)
}

/** Flags to length of name, which the local and the central header have in common; 22 bytes. */
function zipCommon(name: string, bytes: Uint8Array, packed: Uint8Array, method: number, time: number): Uint8Array {
  const common = new Uint8Array(22)
  const view = new DataView(common.buffer)
  const date = new Date(time * 1000)
  const NAMES_ARE_UTF8 = 0x0800
  view.setUint16(0, NAMES_ARE_UTF8, true)
  view.setUint16(2, method, true)
  view.setUint16(4, (date.getUTCHours() << 11) | (date.getUTCMinutes() << 5) | (date.getUTCSeconds() >> 1), true)
  view.setUint16(6, ((date.getUTCFullYear() - 1980) << 9) | ((date.getUTCMonth() + 1) << 5) | date.getUTCDate(), true)
  view.setUint32(8, Bun.hash.crc32(bytes), true)
  view.setUint32(12, packed.length, true)
  view.setUint32(16, bytes.length, true)
  view.setUint16(20, utf8(name).length, true)
  return common
}

/** `size` bytes with a signature at 0 and 16-bit numbers at the places given. */
function record(size: number, [signature]: [number], ...numbers: readonly [number, number][]): Uint8Array {
  const bytes = new Uint8Array(size)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, signature, true)
  for (const [place, number] of numbers) view.setUint16(place, number, true)
  return bytes
}

/** An ar archive with the members of a deb. */
export function ar(members: readonly { name: string; bytes: Uint8Array }[], time: number): Uint8Array {
  const parts = members.flatMap(({ name, bytes }) => [
    utf8(
      `${name.padEnd(16)}${String(time).padEnd(12)}${'0'.padEnd(6)}${'0'.padEnd(6)}${'100644'.padEnd(8)}${String(bytes.length).padEnd(10)}\`\n`,
    ),
    bytes,
    utf8(bytes.length % 2 === 0 ? '' : '\n'),
  ])
  return concat(utf8('!<arch>\n'), ...parts)
}
