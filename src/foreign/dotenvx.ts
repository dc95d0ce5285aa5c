// A dotenv file of dotenvx: values `encrypted:…` are ECIES boxes to the public key in the file, and the private keys are
// in .env.keys beside it. Values that are not encrypted come over as they are.
import { MAX_DOTENV_BYTES } from '../formats/dotenv-files.ts'
import { parseDotenv } from '../formats/dotenv.ts'
import type { DotenvEntry } from '../formats/dotenv.ts'
import { Failure } from '../lib/errors.ts'
import { printable } from '../lib/names.ts'
import { collect } from './collect.ts'
import { loadEcies } from './ecies.ts'
import type { ForeignAsk, Importer } from './importer.ts'

const KEYS_FILE = '.env.keys'
const PREFIX = new TextEncoder().encode('encrypted:')
/** Each is tried for each value. */
const MAX_KEYS = 100
const PUBLIC_KEY = /^DOTENV_PUBLIC_KEY(?:_|$)/
const PRIVATE_KEY = /^DOTENV_PRIVATE_KEY(?:_|$)/

export const dotenvx: Importer = {
  format: 'dotenvx',
  about: 'a dotenv file encrypted by dotenvx',
  isClear: () => false,

  recognise({ bytes }) {
    if (bytes.length > MAX_DOTENV_BYTES || indexOf(bytes, PREFIX) === -1) return false
    const { entries } = parseDotenv(bytes)
    const found = entries.some((entry) => isSealed(valueOf(bytes, entry)))
    for (const { value } of entries) value.wipe()
    return found
  },

  async read({ bytes, path }, ask) {
    if (bytes.length > MAX_DOTENV_BYTES) {
      throw new Failure('failed', `${printable(path)} exceeds the limit of ${MAX_DOTENV_BYTES} bytes`)
    }
    const { entries, notes } = parseDotenv(bytes)
    const untaken = new Set(entries.map(({ value }) => value))
    const keys: Uint8Array[] = []
    try {
      keys.push(...privateKeys(path, ask))
      const ecies = await loadEcies()
      return await collect((collector) => {
        for (const entry of entries) {
          const { key, line } = entry
          const value = valueOf(bytes, entry)
          if (PUBLIC_KEY.test(key)) collector.ignore(key, `${path}:${line}`, 'a public key is no secret')
          else if (!isSealed(value)) {
            untaken.delete(entry.value)
            collector.takeNamed(key, entry.value, key)
          } else {
            const box = fromBase64(value.subarray(PREFIX.length))
            const plain = box && firstOf(keys, (one) => ecies.open(box, one))
            if (plain === undefined) throw notOpened(key, line, box === undefined)
            collector.takeNamed(key, plain, key)
          }
        }
        for (const { line, kind, message, key } of notes) {
          if (kind === 'skipped') collector.leaveOut(key ?? 'a line', `${path}:${line}`, message)
        }
      })
    } finally {
      for (const key of keys) key.fill(0)
      for (const value of untaken) value.wipe()
    }

    function notOpened(key: string, line: number, malformed: boolean): Failure {
      const where = `${printable(path)}:${line}`
      if (malformed) return new Failure('failed', `${where}: the value of ${key} is not base64`)
      return new Failure('failed', `${where}: none of the private keys opens the value of ${key}`, {
        hint: `--key-file PATH/${KEYS_FILE}`,
      })
    }
  },
}

/** The private keys in --key-file, or in .env.keys beside the file; a line may hold several, after a rotation. */
function privateKeys(path: string, ask: ForeignAsk): Uint8Array[] {
  const given = ask.keyFile()
  const bytes = given?.bytes ?? ask.beside(KEYS_FILE)
  if (bytes === undefined) {
    throw new Failure('failed', `there is no ${KEYS_FILE} beside ${printable(path)}, and no --key-file is given`, {
      hint: `--key-file PATH/${KEYS_FILE}`,
    })
  }
  const { entries } = parseDotenv(bytes)
  try {
    const keys = entries
      .filter(({ key }) => PRIVATE_KEY.test(key))
      .flatMap((entry) => new TextDecoder().decode(valueOf(bytes, entry)).split(','))
      .flatMap((text) => (/^[0-9a-f]{64}$/i.test(text.trim()) ? [Uint8Array.fromHex(text.trim())] : []))
    if (keys.length > 0 && keys.length <= MAX_KEYS) return keys
    throw new Failure(
      'failed',
      `${printable(given?.path ?? KEYS_FILE)} holds ${keys.length === 0 ? 'no line DOTENV_PRIVATE_KEY…=' : `more than ${MAX_KEYS} keys`}`,
    )
  } finally {
    for (const { value } of entries) value.wipe()
    bytes.fill(0)
  }
}

/** The bytes between the quotes of an entry, escapes as they stand: neither a box nor a key has any. */
function valueOf(file: Uint8Array, { at }: DotenvEntry): Uint8Array {
  const quoted = file[at.from] === 0x22 || file[at.from] === 0x27
  return file.slice(quoted ? at.from + 1 : at.from, quoted ? at.to - 1 : at.to)
}

function isSealed(value: Uint8Array): boolean {
  return PREFIX.every((byte, index) => value[index] === byte)
}

function fromBase64(text: Uint8Array): Uint8Array | undefined {
  try {
    return Uint8Array.fromBase64(new TextDecoder().decode(text))
  } catch {
    return undefined
  }
}

function firstOf<T, R>(all: readonly T[], find: (one: T) => R | undefined): R | undefined {
  for (const one of all) {
    const found = find(one)
    if (found !== undefined) return found
  }
  return undefined
}

function indexOf(bytes: Uint8Array, part: Uint8Array): number {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).indexOf(part)
}
