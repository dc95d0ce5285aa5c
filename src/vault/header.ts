// The header: what a passphrase must open before anything else is believed. Its checksum tells damage (`corrupt`)
// from a wrong passphrase; its verifier is sealed under the KEK and bound to every other field, so a header that
// somebody changed, weaker parameters for example, never opens.
import { seal, unseal } from '../crypto/aead.ts'
import { DEFAULT_KDF, checkKdf, derive } from '../crypto/kdf.ts'
import { randomBytes, uuid } from '../crypto/random.ts'
import { concat, equalConstantTime, u32, u64, utf8 } from '../lib/bytes.ts'
import { Failure } from '../lib/errors.ts'
import { headerBinding } from './boxes.ts'
import { BOX_OVERHEAD, META, damaged, frame, unframe, uuidBytes, uuidText, view } from './schema.ts'
import type { KdfParameters } from '../crypto/kdf.ts'
import type { Secret } from '../lib/secret.ts'
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

const SALT_BYTES = 16
const SUITE_NUMBERS = { 'aes-256-gcm': 1 } as const
const PROOF = utf8('tinyvault header')
const FIELD_BYTES = 16 + 8 + 1 + 12 + SALT_BYTES

/** Everything but the verifier: id (16), created u64, suite (1), memory KiB u32, passes u32, lanes u32, salt (16). */
function fields(header: Omit<Header, 'verifier'>): Uint8Array {
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
  return frame('header', META.header, concat(fields(header), header.verifier))
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

/**
 * A header for a new passphrase, with a fresh salt, and its 32-byte KEK, which the caller wipes. `from` is the vault
 * whose passphrase changes; without it a new vault begins. Throws `usage` for an empty passphrase or bad parameters.
 */
export function newHeader(
  passphrase: Secret,
  kdf: Partial<KdfParameters>,
  from: { vaultId: string; createdAt: Nanoseconds } | { createdAt: Nanoseconds },
): { header: Header; kek: Uint8Array } {
  if (passphrase.size === 0) throw new Failure('usage', 'the passphrase is empty')
  const bare: Omit<Header, 'verifier'> = {
    format: 1,
    vaultId: 'vaultId' in from ? from.vaultId : uuid(),
    createdAt: from.createdAt,
    suite: 'aes-256-gcm',
    kdf: checkKdf({ ...DEFAULT_KDF, ...kdf }, 'usage'),
    salt: randomBytes(SALT_BYTES),
  }
  const kek = deriveKek(passphrase, bare)
  return { header: { ...bare, verifier: seal(bare.suite, kek, PROOF, headerBinding(fields(bare))) }, kek }
}

/**
 * The header of a vault that keeps the salt, and so the KEK, of the one it is made from: what was derived from that
 * KEK stays readable. The parameters must lie between floor and ceiling, else `corrupt`.
 */
export function keptHeader(kek: Uint8Array, from: Pick<Header, 'vaultId' | 'createdAt' | 'kdf' | 'salt'>): Header {
  const { vaultId, createdAt, kdf, salt } = from
  const bare = { format: 1, vaultId, createdAt, suite: 'aes-256-gcm', kdf: checkKdf(kdf, 'corrupt'), salt } as const
  return { ...bare, verifier: seal(bare.suite, kek, PROOF, headerBinding(fields(bare))) }
}

/** The 32-byte KEK, which the caller wipes. Throws `wrong_passphrase` when the verifier does not accept it. */
export function openHeader(header: Header, passphrase: Secret): Uint8Array {
  const kek = deriveKek(passphrase, header)
  const proof = unseal(header.suite, kek, header.verifier, headerBinding(fields(header)))
  if (proof && equalConstantTime(proof, PROOF)) return kek
  kek.fill(0)
  throw new Failure('wrong_passphrase', 'the passphrase does not open this vault')
}

/** A door: the passphrase goes into the key derivation and nowhere else. The caller wipes the 32-byte KEK. */
export function deriveKek(passphrase: Secret, header: { salt: Uint8Array; kdf: KdfParameters }): Uint8Array {
  return derive(passphrase.reveal(), header.salt, header.kdf)
}
