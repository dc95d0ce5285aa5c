// The outer header of a KDBX 4 file: which format it is, and how much work its key derivation asks for. It is
// authenticated only after the key was derived, so its numbers are judged before anything is done with them.
import { Failure } from '../lib/errors.ts'
import { printable } from '../lib/names.ts'

const SIGNATURE = [0x03, 0xd9, 0xa2, 0x9a, 0x67, 0xfb, 0x4b, 0xb5]
const OLD_SIGNATURE = [0x03, 0xd9, 0xa2, 0x9a, 0x65, 0xfb, 0x4b, 0xb5]
const FIRST_FIELD = 12
const KDF_PARAMETERS = 11
const MAX_FIELDS = 64

/** Ids of the derivations, as they stand in the file, in hex. */
const AES = 'c9d9f39a628a4460bf740d08c18a4fea'
const ARGON2 = new Set(['ef636ddf8c29444b91f7a9a403e30a0c', '9e298b1956db4773b23dfc3ec6f0a1e6'])

/** What a strong machine does in a minute. */
const MAX_MEMORY_BYTES = 2 ** 31
const MAX_LANES = 64
/** Memory times passes. */
const MAX_FILLED_BYTES = 2 ** 36
const MAX_ROUNDS = 100_000_000
/** Argon2 1.3; the older version is not built in. */
const ARGON2_VERSION = 0x13

/** Whether the file begins like a KeePass database, of any age. */
export function looksLikeKdbx(bytes: Uint8Array): boolean {
  return [SIGNATURE, OLD_SIGNATURE].some((signature) => signature.every((byte, index) => bytes[index] === byte))
}

/** Throws `failed` unless the file is KDBX 4 and its key derivation is within bounds, `corrupt` when the header is damaged. */
export function checkKdbx(bytes: Uint8Array, path: string): void {
  if (!looksLikeKdbx(bytes)) throw new Failure('failed', `${printable(path)} is not a KeePass database`)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  if (bytes[4] !== SIGNATURE[4] || bytes.length < FIRST_FIELD || view.getUint16(10, true) !== 4) {
    throw new Failure('failed', `${printable(path)} is a KeePass database, but not of format KDBX 4`, {
      hint: 'in KeePassXC: Database, Security, Encryption Settings, format KDBX 4; then save it',
    })
  }
  const parameters = kdfParameters(bytes, view)
  if (parameters === undefined) throw damaged(path)
  const id = parameters.get('$UUID')?.toHex()
  const number = (name: string): number => {
    const value = parameters.get(name)
    if (value?.length === 4) return new DataView(value.buffer, value.byteOffset).getUint32(0, true)
    if (value?.length === 8) return Number(new DataView(value.buffer, value.byteOffset).getBigUint64(0, true))
    throw damaged(path)
  }
  if (id === AES) {
    if (number('R') > MAX_ROUNDS) throw tooMuch(path, `${number('R')} rounds`)
  } else if (id !== undefined && ARGON2.has(id)) {
    if (number('V') !== ARGON2_VERSION) {
      throw new Failure('failed', `${printable(path)} uses an old version of Argon2, which is not supported`)
    }
    const [memory, passes, lanes] = [number('M'), number('I'), number('P')]
    if (memory > MAX_MEMORY_BYTES || lanes > MAX_LANES || memory * passes > MAX_FILLED_BYTES) {
      throw tooMuch(path, `${memory} bytes of memory, ${passes} passes, ${lanes} lanes`)
    }
  } else throw new Failure('failed', `${printable(path)} uses a key derivation that is not known here`)
}

/** Names and raw values of the dictionary in field 11, or undefined when the header does not hold together. */
function kdfParameters(bytes: Uint8Array, view: DataView): Map<string, Uint8Array> | undefined {
  let at = FIRST_FIELD
  for (let fields = 0; fields < MAX_FIELDS && at + 5 <= bytes.length; fields++) {
    const id = bytes[at]
    const size = view.getUint32(at + 1, true)
    at += 5
    if (at + size > bytes.length || id === 0) return undefined
    if (id === KDF_PARAMETERS) return dictionary(bytes.subarray(at, at + size))
    at += size
  }
  return undefined
}

/** A variant dictionary: version (2), then type (1), name and value, each with its size (4), ended by type 0. */
function dictionary(bytes: Uint8Array): Map<string, Uint8Array> | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const found = new Map<string, Uint8Array>()
  let at = 2
  while (at < bytes.length && bytes[at] !== 0) {
    const parts: Uint8Array[] = []
    at += 1
    for (let part = 0; part < 2; part++) {
      if (at + 4 > bytes.length) return undefined
      const size = view.getUint32(at, true)
      at += 4
      if (at + size > bytes.length) return undefined
      parts.push(bytes.subarray(at, at + size))
      at += size
    }
    const name = new TextDecoder().decode(parts[0])
    if (found.has(name)) return undefined
    found.set(name, parts[1]!)
  }
  return found
}

function damaged(path: string): Failure {
  return new Failure('corrupt', `${printable(path)} is damaged: its header does not hold together`)
}

function tooMuch(path: string, work: string): Failure {
  return new Failure('failed', `the key derivation of ${printable(path)} asks for too much: ${work}`, {
    hint: 'set a smaller key transformation in KeePass and save it',
  })
}
