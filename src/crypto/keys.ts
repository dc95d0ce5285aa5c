// Keys from keys: HKDF-SHA256 (RFC 5869), HMAC-SHA256 (RFC 2104), and the one table of domain labels.
import { createHash, createHmac, hkdfSync } from 'node:crypto'

/** One line per domain. A label is never reused for a second purpose. */
export const LABELS = {
  header: 'tvault/1/header',
  verifier: 'tvault/1/verifier',
  'wrap-dek': 'tvault/1/wrap-dek',
  'wrap-audit-key': 'tvault/1/wrap-audit-key',
  value: 'tvault/1/value',
  'audit-chain': 'tvault/1/audit-chain',
} as const

export function subkey(key: Uint8Array, label: keyof typeof LABELS, length = 32): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', key, new Uint8Array(0), LABELS[label], length))
}

export function mac(key: Uint8Array, ...parts: readonly Uint8Array[]): Uint8Array {
  const hmac = createHmac('sha256', key)
  for (const part of parts) hmac.update(part)
  return new Uint8Array(hmac.digest())
}

export function sha256(...parts: readonly Uint8Array[]): Uint8Array {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return new Uint8Array(hash.digest())
}
