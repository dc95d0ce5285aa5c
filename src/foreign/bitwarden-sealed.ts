// Opens a Bitwarden export that is protected by a password: PBKDF2 or Argon2id, then AES-256-CBC with HMAC-SHA256.
// The work that the file asks for is bounded, because whoever made the file chose it. A door: the password is opened.
import { deriveArgon2, derivePbkdf2, expandKey, openCbc } from '../crypto/foreign.ts'
import { sha256, mac } from '../crypto/keys.ts'
import { equalConstantTime, utf8 } from '../lib/bytes.ts'
import { Failure } from '../lib/errors.ts'
import { printable } from '../lib/names.ts'
import type { Secret } from '../lib/secret.ts'
import type { ForeignAsk } from './importer.ts'
import type { JsonFile } from './json.ts'

/** What Bitwarden itself allows at most. */
const LIMITS = { pbkdf2: 2_000_000, passes: 10, memoryMib: 1024, lanes: 16 } as const

/** The JSON inside the export `json`, for the caller to wipe. Throws `failed` for a wrong password, and for an export that only the account that made it can open. */
export async function openBitwarden(json: JsonFile, path: string, ask: ForeignAsk): Promise<Uint8Array> {
  if (json.at(json.root, 'passwordProtected')?.kind !== 'true') {
    throw new Failure(
      'failed',
      `${printable(path)} is encrypted for one Bitwarden account, and only that account can open it`,
      { hint: 'export it again as .json, or as .json (Encrypted) with a password of its own' },
    )
  }
  const passphrase = await ask.passphrase(`Password of ${printable(path)}: `)
  let key: Uint8Array | undefined
  try {
    key = derive(json, passphrase, path)
    const check = open(json, 'encKeyValidation_DO_NOT_EDIT', key, path)
    if (check === undefined) throw new Failure('failed', `the password does not open ${printable(path)}`)
    check.fill(0)
    const plain = open(json, 'data', key, path)
    if (plain === undefined) {
      throw new Failure('corrupt', `${printable(path)} is damaged: its content does not match its checksum`)
    }
    return plain
  } finally {
    passphrase.wipe()
    key?.fill(0)
  }
}

/** 64 bytes: the key of the cipher, then the key of the checksum. */
function derive(json: JsonFile, passphrase: Secret, path: string): Uint8Array {
  const salt = utf8(json.text(json.at(json.root, 'salt')))
  const number = (name: string, most: number): number => {
    const value = Number(new TextDecoder().decode(json.value(json.at(json.root, name))) || Number.NaN)
    if (Number.isInteger(value) && value >= 1 && value <= most) return value
    throw new Failure('failed', `${printable(path)} has a ${name} that is no number from 1 to ${most}`)
  }
  const kind = new TextDecoder().decode(json.value(json.at(json.root, 'kdfType')))
  let master: Uint8Array
  if (kind === '0') master = derivePbkdf2(passphrase.reveal(), salt, number('kdfIterations', LIMITS.pbkdf2))
  else if (kind === '1') {
    const work = {
      passes: number('kdfIterations', LIMITS.passes),
      memoryKib: 1024 * number('kdfMemory', LIMITS.memoryMib),
      lanes: number('kdfParallelism', LIMITS.lanes),
    }
    master = deriveArgon2('argon2id', passphrase.reveal(), sha256(salt), work)
  } else throw new Failure('failed', `${printable(path)} has an unknown kdfType`)
  try {
    const key = new Uint8Array(64)
    for (const [at, info] of [
      [0, 'enc'],
      [32, 'mac'],
    ] as const) {
      const part = expandKey(master, utf8(info), 32)
      key.set(part, at)
      part.fill(0)
    }
    return key
  } finally {
    master.fill(0)
  }
}

/** The content of a cipher string `2.iv|text|mac` (AES-256-CBC, then HMAC-SHA256 over both), or undefined when the key is another. */
function open(json: JsonFile, name: string, key: Uint8Array, path: string): Uint8Array | undefined {
  const [kind, rest = ''] = json.text(json.at(json.root, name)).split('.', 2)
  const parts = rest.split('|').map(fromBase64)
  const [iv, content, tag] = parts
  if (kind !== '2' || parts.length !== 3 || iv?.length !== 16 || content === undefined || tag === undefined) {
    throw new Failure('failed', `${printable(path)} has a ${name} that is not encrypted in a known way`)
  }
  if (!equalConstantTime(mac(key.subarray(32), iv, content), tag)) return undefined
  return openCbc(key.subarray(0, 32), iv, content)
}

function fromBase64(text: string): Uint8Array | undefined {
  try {
    return Uint8Array.fromBase64(text)
  } catch {
    return undefined
  }
}
