// The header: what a passphrase must open before anything else is believed. Its checksum tells damage (`corrupt`)
// from a wrong passphrase; its verifier is sealed under the KEK and bound to every other field, so a header that
// somebody changed, weaker parameters for example, never opens.
import { seal, unseal } from '../crypto/aead.ts'
import { DEFAULT_KDF, checkKdf } from '../crypto/kdf-parameters.ts'
import { derive } from '../crypto/kdf.ts'
import { randomBytes, uuid } from '../crypto/random.ts'
import { equalConstantTime } from '../lib/bytes.ts'
import { Failure } from '../lib/errors.ts'
import { headerBinding } from './boxes.ts'
import { PROOF, SALT_BYTES, headerFields } from './header-record.ts'
import type { KdfParameters } from '../crypto/kdf-parameters.ts'
import type { Secret } from '../lib/secret.ts'
import type { Nanoseconds } from '../lib/time.ts'
import type { Header } from './header-record.ts'

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
  return { header: { ...bare, verifier: seal(bare.suite, kek, PROOF, headerBinding(headerFields(bare))) }, kek }
}

/**
 * The header of a vault that keeps the salt, and so the KEK, of the one it is made from: what was derived from that
 * KEK stays readable. The parameters must lie between floor and ceiling, else `corrupt`.
 */
export function keptHeader(kek: Uint8Array, from: Pick<Header, 'vaultId' | 'createdAt' | 'kdf' | 'salt'>): Header {
  const { vaultId, createdAt, kdf, salt } = from
  const bare = { format: 1, vaultId, createdAt, suite: 'aes-256-gcm', kdf: checkKdf(kdf, 'corrupt'), salt } as const
  return { ...bare, verifier: seal(bare.suite, kek, PROOF, headerBinding(headerFields(bare))) }
}

/** The 32-byte KEK, which the caller wipes. Throws `wrong_passphrase` when the verifier does not accept it. */
export function openHeader(header: Header, passphrase: Secret): Uint8Array {
  const kek = deriveKek(passphrase, header)
  const proof = unseal(header.suite, kek, header.verifier, headerBinding(headerFields(header)))
  if (proof && equalConstantTime(proof, PROOF)) return kek
  kek.fill(0)
  throw new Failure('wrong_passphrase', 'the passphrase does not open this vault')
}

/** A door: the passphrase goes into the key derivation and nowhere else. The caller wipes the 32-byte KEK. */
export function deriveKek(passphrase: Secret, header: { salt: Uint8Array; kdf: KdfParameters }): Uint8Array {
  return derive(passphrase.reveal(), header.salt, header.kdf)
}
