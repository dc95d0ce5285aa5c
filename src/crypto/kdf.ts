// Passphrase to key: Argon2id (RFC 9106) with parameters that are stored in the vault header.
import { argon2Sync } from 'node:crypto'
import { Failure } from '../lib/errors.ts'

export interface KdfParameters {
  memoryKib: number
  passes: number
  lanes: number
}

export const DEFAULT_KDF: KdfParameters = { memoryKib: 65_536, passes: 3, lanes: 4 }
/** The weakest parameters that are ever used, so that a tampered header cannot weaken a vault (OWASP minimum). */
export const KDF_FLOOR: KdfParameters = { memoryKib: 19_456, passes: 2, lanes: 1 }
/** The strongest, so that a hostile header cannot exhaust the machine. */
export const KDF_CEILING: KdfParameters = { memoryKib: 2_097_152, passes: 32, lanes: 16 }

/** `parameters` when each lies between floor and ceiling and memory is at least 8 KiB per lane; throws `kind` otherwise. */
export function checkKdf(parameters: KdfParameters, kind: 'usage' | 'corrupt'): KdfParameters {
  for (const name of ['memoryKib', 'passes', 'lanes'] as const) {
    const value = parameters[name]
    if (!Number.isInteger(value) || value < KDF_FLOOR[name] || value > KDF_CEILING[name]) {
      throw new Failure(
        kind,
        `key derivation parameter ${name} must lie between ${KDF_FLOOR[name]} and ${KDF_CEILING[name]}`,
      )
    }
  }
  return parameters
}

/** `length` bytes of Argon2id over `passphrase` and `salt` (RFC 9106). */
export function derive(passphrase: Uint8Array, salt: Uint8Array, parameters: KdfParameters, length = 32): Uint8Array {
  return new Uint8Array(
    argon2Sync('argon2id', {
      message: passphrase,
      nonce: salt,
      memory: parameters.memoryKib,
      passes: parameters.passes,
      parallelism: parameters.lanes,
      tagLength: length,
    }),
  )
}
