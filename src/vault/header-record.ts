// The header as bytes. Apart from what opens it (header.ts), because it is read long before a cipher is loaded.
import { checkKdf } from '../crypto/kdf-parameters.ts'
import { concat, u32, u64, utf8 } from '../lib/bytes.ts'
import { BOX_OVERHEAD, META, damaged, frame, unframe, uuidBytes, uuidText, view } from './schema.ts'
import type { KdfParameters } from '../crypto/kdf-parameters.ts'
import type { Nanoseconds } from '../lib/time.ts'

export interface Header {
  format: 1
  /** A version 4 uuid. */
  vaultId: string
  createdAt: Nanoseconds
  suite: 'aes-256-gcm'
  kdf: KdfParameters
  /** 16 bytes, new at every rotation. */
  salt: Uint8Array
  /** Box of a fixed text under the KEK, bound to all other fields. */
  verifier: Uint8Array
}

/** Bytes of a salt. */
export const SALT_BYTES = 16
const SUITE_NUMBERS = { 'aes-256-gcm': 1 } as const
/** What the verifier proves to know the key of. */
export const PROOF = utf8('tinyvault header')
const FIELD_BYTES = 16 + 8 + 1 + 12 + SALT_BYTES

/** Everything but the verifier: id (16), created u64, suite (1), memory KiB u32, passes u32, lanes u32, salt (16). */
export function headerFields(header: Omit<Header, 'verifier'>): Uint8Array {
  const { memoryKib, passes, lanes } = header.kdf
  return concat(
    uuidBytes(header.vaultId),
    u64(header.createdAt),
    Uint8Array.of(SUITE_NUMBERS[header.suite]),
    u32(memoryKib),
    u32(passes),
    u32(lanes),
    header.salt,
  )
}

/** The record of table `meta`, row `header`: the fields above, then the verifier (44 bytes). */
export function encodeHeader(header: Header): Uint8Array {
  return frame('header', META.header, concat(headerFields(header), header.verifier))
}

/** The header in `record`. Throws `corrupt` for damage, an unknown suite, or parameters outside floor and ceiling. */
export function decodeHeader(record: Uint8Array | undefined): Header {
  if (!record) throw damaged('the vault: its header is missing; it')
  const body = unframe('header', META.header, record)
  if (body.length !== FIELD_BYTES + PROOF.length + BOX_OVERHEAD) throw damaged('the header record')
  if (body[24] !== SUITE_NUMBERS['aes-256-gcm']) throw damaged('the header record (unknown cipher suite)')
  const numbers = view(body)
  const kdf = { memoryKib: numbers.getUint32(25), passes: numbers.getUint32(29), lanes: numbers.getUint32(33) }
  return {
    format: 1,
    vaultId: uuidText(body.subarray(0, 16)),
    createdAt: numbers.getBigUint64(16),
    suite: 'aes-256-gcm',
    kdf: checkKdf(kdf, 'corrupt'),
    salt: body.slice(37, FIELD_BYTES),
    verifier: body.slice(FIELD_BYTES),
  }
}
