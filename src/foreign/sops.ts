// Files of SOPS whose data key is encrypted with age: AES-256-GCM for each value, bound to its place by the names on the
// way to it, and one checksum over all of them. No value is given out before the checksum has matched.
import { parseDotenv } from '../formats/dotenv.ts'
import { openGcm } from '../crypto/foreign.ts'
import { concat, equalConstantTime, toHex, utf8 } from '../lib/bytes.ts'
import { Failure } from '../lib/errors.ts'
import { printable } from '../lib/names.ts'
import type { Secret } from '../lib/secret.ts'
import { loadAge } from './age.ts'
import { collect } from './collect.ts'
import type { ForeignAsk, Importer } from './importer.ts'
import { readSops, sopsLayout } from './sops-file.ts'
import type { SopsFile } from './sops-file.ts'

const SEALED = /^ENC\[AES256_GCM,data:(.*),iv:(.+),tag:(.+),type:(str|int|float|bool|bytes|comment|time)\]$/s
const SEALED_HEAD = utf8('ENC[AES256_GCM,')
/** What the checksum starts with when it covers encrypted values only: SHA-256 of `sops`. */
const ENCRYPTED_ONLY = 'sops'

export const sops: Importer = {
  format: 'sops',
  about: 'a file of SOPS, encrypted with age (YAML, JSON or dotenv)',
  isClear: () => false,

  recognise: ({ bytes }) => sopsLayout(bytes) !== undefined,

  async read({ bytes, path }, ask) {
    const file = readSops(bytes, path)
    const plain: { parts: readonly string[]; value: Uint8Array; sealed: boolean }[] = []
    const key = await dataKey(file, path, ask)
    try {
      for (const { path: names, parts, value } of file.leaves) {
        const sealed = isSealed(value)
        plain.push({ parts, sealed, value: sealed ? unseal(value, key, `${names.join(':')}:`, parts, path) : value })
      }
      checkMac(file, plain, key, path)
      return await collect((collector) => {
        for (const { parts, value } of plain) {
          const source = parts.join('.')
          const taken = (file.layout === 'dotenv' ? unquoted(value) : undefined) ?? value.slice()
          if (parts.length === 1) collector.takeNamed(parts[0]!, taken, source)
          else collector.take(parts, taken as Uint8Array, source)
        }
      })
    } finally {
      key.fill(0)
      for (const { value } of plain) value.fill(0)
    }
  },
}

/** The key of the file, from the first age stanza that one of the identities opens. */
async function dataKey(file: SopsFile, path: string, ask: ForeignAsk): Promise<Uint8Array> {
  if (file.grouped) {
    throw new Failure('failed', `${printable(path)} splits its key over key groups, which is not supported`, {
      hint: 'sops decrypt FILE > .env, then tvault import .env',
    })
  }
  if (file.age.length === 0) {
    throw new Failure('failed', `${printable(path)} is not encrypted with age (other keys of SOPS are not supported)`, {
      hint: 'sops decrypt FILE > .env, then tvault import .env',
    })
  }
  const age = await loadAge(path, ask)
  for (const stanza of file.age) {
    const key = await age.open(utf8(stanza))
    if (key?.length === 32) return key
    key?.fill(0)
  }
  throw new Failure('failed', `none of the identities opens ${printable(path)}`, {
    hint: '--key-file with the identity of one of its recipients',
  })
}

function isSealed(value: Uint8Array): boolean {
  return SEALED_HEAD.every((byte, index) => value[index] === byte)
}

/** The plaintext of `ENC[AES256_GCM,data:…,iv:…,tag:…,type:…]`, for the caller to wipe. */
function unseal(
  sealed: Uint8Array,
  key: Uint8Array,
  associated: string,
  parts: readonly string[],
  path: string,
): Uint8Array {
  const found = SEALED.exec(new TextDecoder().decode(sealed))
  const [content, iv, tag] = (found?.slice(1, 4) ?? []).map(fromBase64)
  const plain = content && iv && tag && openGcm(key, iv, content, tag, utf8(associated))
  if (plain !== undefined) return plain
  throw new Failure(
    'corrupt',
    `${printable(path)} is damaged: the value of ${printable(parts.join('.'))} does not open`,
  )
}

/** The checksum of SOPS: SHA-512 over the plaintexts in the order of the file, in upper-case hex, sealed under the time. */
function checkMac(
  file: SopsFile,
  plain: readonly { value: Uint8Array; sealed: boolean }[],
  key: Uint8Array,
  path: string,
): void {
  const hash = new Bun.CryptoHasher('sha512')
  if (file.macOnlyEncrypted) hash.update(new Bun.CryptoHasher('sha256').update(ENCRYPTED_ONLY).digest())
  for (const { value, sealed } of plain) if (sealed || !file.macOnlyEncrypted) hash.update(value)
  const expected = unseal(utf8(file.mac), key, file.lastModified, ['sops.mac'], path)
  if (equalConstantTime(expected, utf8(toHex(new Uint8Array(hash.digest())).toUpperCase()))) return
  throw new Failure('corrupt', `${printable(path)} was changed: its checksum (MAC) does not match its values`)
}

/** A value that a dotenv file has in quotes, as a dotenv reader takes it; undefined for one without quotes. */
function unquoted(value: Uint8Array): Secret | undefined {
  const [first] = value
  if (value.length < 2 || (first !== 0x22 && first !== 0x27) || value.at(-1) !== first) return undefined
  const line = concat(utf8('A='), value)
  const { entries, notes } = parseDotenv(line)
  line.fill(0)
  const [entry] = entries
  if (entries.length === 1 && notes.length === 0) return entry?.value
  for (const { value: part } of entries) part.wipe()
  return undefined
}

function fromBase64(text: string): Uint8Array | undefined {
  try {
    return Uint8Array.fromBase64(text)
  } catch {
    return undefined
  }
}
