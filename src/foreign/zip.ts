// Takes one file out of a ZIP archive (PKWARE APPNOTE 6.3.10), in memory: nothing is extracted, so no path in it means
// anything. What the directory promises is checked against what comes out, and a bomb is refused before it goes off.
import { inflateRawSync } from 'node:zlib'
import { Failure } from '../lib/errors.ts'
import { printable } from '../lib/names.ts'

/** The largest file that is taken out, in bytes. */
const MAX_INFLATED_BYTES = 67_108_864
/** JSON text shrinks to a tenth; a hundredth would already be strange. */
const MAX_RATIO = 200
const MAX_FILES = 100_000

const END = 0x06054b50
const DIRECTORY = 0x02014b50
const LOCAL = 0x04034b50
const END_SIZE = 22
const DIRECTORY_SIZE = 46
const LOCAL_SIZE = 30
const ENCRYPTED = 1
const STORED = 0
const DEFLATED = 8

interface Member {
  name: string
  flags: number
  method: number
  crc: number
  packed: number
  size: number
  at: number
}

/** Whether the bytes begin like an archive with a file in it. */
export function looksLikeZip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x50 && bytes[1] === 0x4b && bytes[2] === 3 && bytes[3] === 4
}

/** Names of the files in the archive `path`. Throws `failed` when its directory is damaged. */
export function zipNames(bytes: Uint8Array, path: string): string[] {
  return directory(bytes, path).map(({ name }) => name)
}

/**
 * Content of the file `name`, for the caller to wipe. Throws `failed` when it is missing, there twice, encrypted, packed
 * in another way than by deflate, bigger than 64 MiB or 200 times its packed size, or not what the directory says.
 */
export function readZip(bytes: Uint8Array, name: string, path: string): Uint8Array {
  const fail = refusal(path)
  const [member, ...others] = directory(bytes, path).filter((one) => one.name === name)
  if (member === undefined) return fail(`there is no ${name} in it`)
  if (others.length > 0) return fail(`${name} is in it twice`)
  if ((member.flags & ENCRYPTED) !== 0) return fail(`${name} is encrypted`)
  const bomb = member.size > 1_048_576 && member.size > member.packed * MAX_RATIO
  if (member.size > MAX_INFLATED_BYTES || bomb) return fail(`${name} would unpack to ${member.size} bytes`)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  if (member.at + LOCAL_SIZE > bytes.length || view.getUint32(member.at, true) !== LOCAL) {
    return fail(`the head of ${name} is not at offset ${member.at}`)
  }
  const from = member.at + LOCAL_SIZE + view.getUint16(member.at + 26, true) + view.getUint16(member.at + 28, true)
  if (from + member.packed > bytes.length) return fail(`${name} ends behind the end of the file`)
  const content = unpack(bytes.subarray(from, from + member.packed), member, fail)
  if (content.length === member.size && Bun.hash.crc32(content) === member.crc) return content
  content.fill(0)
  return fail(`${name} is damaged: its checksum does not match`)
}

function unpack(packed: Uint8Array, { name, method, size }: Member, fail: (why: string) => never): Uint8Array {
  if (method === STORED) return packed.slice()
  if (method !== DEFLATED) return fail(`${name} is packed by method ${method}, which is not known here`)
  try {
    const inflated = inflateRawSync(packed, { maxOutputLength: Math.max(1, size) })
    return new Uint8Array(inflated.buffer, inflated.byteOffset, inflated.length)
  } catch {
    return fail(`${name} is damaged: it cannot be unpacked`)
  }
}

function refusal(path: string): (why: string) => never {
  return (why) => {
    throw new Failure('failed', `${printable(path)} is not a usable ZIP archive: ${printable(why)}`)
  }
}

function directory(bytes: Uint8Array, path: string): Member[] {
  const fail = refusal(path)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const end = endRecord(view)
  if (end === -1) return fail('it has no directory; it may be cut off')
  const count = view.getUint16(end + 10, true)
  let at = view.getUint32(end + 16, true)
  if (count > MAX_FILES || count === 0xffff || at === 0xffffffff) return fail('it is too big')
  const members: Member[] = []
  for (let i = 0; i < count; i++) {
    if (at + DIRECTORY_SIZE > end || view.getUint32(at, true) !== DIRECTORY) {
      return fail(`its directory is damaged at offset ${at}`)
    }
    const nameSize = view.getUint16(at + 28, true)
    const next = at + DIRECTORY_SIZE + nameSize + view.getUint16(at + 30, true) + view.getUint16(at + 32, true)
    if (next > end) return fail(`its directory is damaged at offset ${at}`)
    members.push({
      name: new TextDecoder().decode(bytes.subarray(at + DIRECTORY_SIZE, at + DIRECTORY_SIZE + nameSize)),
      flags: view.getUint16(at + 8, true),
      method: view.getUint16(at + 10, true),
      crc: view.getUint32(at + 16, true),
      packed: view.getUint32(at + 20, true),
      size: view.getUint32(at + 24, true),
      at: view.getUint32(at + 42, true),
    })
    at = next
  }
  return members
}

/** Offset of the end record (APPNOTE 4.3.16), whose comment reaches to the end of the file; -1 when there is none. */
function endRecord(view: DataView): number {
  const first = Math.max(0, view.byteLength - END_SIZE - 0xffff)
  for (let at = view.byteLength - END_SIZE; at >= first; at--) {
    if (view.getUint32(at, true) === END && at + END_SIZE + view.getUint16(at + 20, true) === view.byteLength) return at
  }
  return -1
}
