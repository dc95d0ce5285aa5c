// Keys from keys: HKDF-SHA256 (RFC 5869), HMAC-SHA256 (RFC 2104), SHA-256, and the one table of domains.
import { node } from './node.ts'

/**
 * One line for each purpose that a key or a box can have. The label goes into the associated data of every box, into HKDF
 * as `info`, or in front of what an HMAC covers, so that bytes made for one purpose mean nothing for another.
 * A label is never changed (old vaults carry it) and never used for a second purpose.
 */
export const LABELS = {
  /** The fields of the vault header, as they are bound to its verifier. */
  header: 'tvault/1/header',
  /** The box in the header that only the right passphrase opens. */
  verifier: 'tvault/1/verifier',
  /** The key of a project (DEK), sealed under the key from the passphrase (KEK). */
  'wrap-dek': 'tvault/1/wrap-dek',
  /** The key of the audit chain, sealed under the KEK. */
  'wrap-audit-key': 'tvault/1/wrap-audit-key',
  /** One version of one value, sealed under the key of its project. */
  value: 'tvault/1/value',
  /** The HMAC of an audit row over the row before it. */
  'audit-chain': 'tvault/1/audit-chain',
  /** The key with which one recipient continues the audit chain, from the audit key. */
  'audit-signer': 'tvault/1/audit-signer',
  /** The mac of the recipients of a project, and its key from the key of the project. */
  recipients: 'tvault/1/recipients',
  /** The mac of an environment group, and its key from the audit key. */
  group: 'tvault/1/group',
  /** The mac of the policy for AI agents, and its key from the audit key. */
  policy: 'tvault/1/policy',
  /** The mac of what was counted against the budgets of the policy. */
  uses: 'tvault/1/uses',
  /** The mac of the list of secrets of tier 2. */
  tiers: 'tvault/1/tiers',
  /** Ephemeral key and nonce of a stanza from the key that it wraps. */
  'bound-stanza': 'tvault/1/bound-stanza',
  /** The key of one stanza from the X25519 secret, and of one version 1 file from the KEK: fixed by the peer's formats. */
  stanza: 'tvault-recipient-v1',
  'file-key': 'tvault-encrypted-env-v1',
} as const

/** `length` bytes (at most 8160, else RangeError) of HKDF-SHA256 (RFC 5869) over `key`. */
export function hkdf(key: Uint8Array, salt: Uint8Array, info: Uint8Array, length: number): Uint8Array {
  return new Uint8Array(node().hkdfSync('sha256', key, salt, info, length))
}

/** HMAC-SHA256 (RFC 2104), 32 bytes, over all parts in order. The parts run together: give them fixed sizes or lengths. */
export function mac(key: Uint8Array, ...parts: readonly Uint8Array[]): Uint8Array {
  const hmac = node().createHmac('sha256', key)
  for (const part of parts) hmac.update(part)
  return new Uint8Array(hmac.digest())
}

/** SHA-256 (FIPS 180-4), 32 bytes, over all parts in order. */
export function sha256(...parts: readonly Uint8Array[]): Uint8Array {
  const hash = node().createHash('sha256')
  for (const part of parts) hash.update(part)
  return new Uint8Array(hash.digest())
}
