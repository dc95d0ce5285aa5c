// Passphrase to key: Argon2id (RFC 9106) with parameters that are stored in the vault header.
// A derived key is nothing until the verifier of the header has accepted it.
import { argon2Sync } from 'node:crypto'
import { Failure } from '../lib/errors.ts'
import { core } from './core.ts'

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

/** `parameters` when each lies between floor and ceiling; throws `kind` otherwise. So every lane has over 1 MiB. */
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

/**
 * `length` bytes (4 … 1024) of Argon2id over `passphrase` and `salt` (8 bytes or more; RFC 9106 section 3.1). The WASM
 * core works where it can run compiled and get the memory, node:crypto everywhere else; the key is the same. The caller
 * wipes passphrase and key; no other copy is left. Throws RangeError for parameters that Argon2id does not know and
 * `failed` when the memory cannot be had at all.
 */
export function derive(passphrase: Uint8Array, salt: Uint8Array, parameters: KdfParameters, length = 32): Uint8Array {
  const { memoryKib, passes, lanes } = parameters
  if (salt.length < 8) throw new RangeError('a salt has 8 bytes or more')
  if (lanes < 1 || passes < 1 || memoryKib < 8 * lanes) throw new RangeError('argon2 parameter out of range')
  return byCore(passphrase, salt, parameters, length) ?? byNode(passphrase, salt, parameters, length)
}

function byCore(password: Uint8Array, salt: Uint8Array, work: KdfParameters, length: number): Uint8Array | undefined {
  try {
    return core.argon2()?.derive({ password, salt }, work, length)
  } catch (error) {
    // The memory could not grow: node:crypto takes it from elsewhere, and says no itself if it must.
    if (error instanceof RangeError) return undefined
    throw error
  }
}

function byNode(password: Uint8Array, salt: Uint8Array, work: KdfParameters, length: number): Uint8Array {
  try {
    const key = argon2Sync('argon2id', {
      message: password,
      nonce: salt,
      memory: work.memoryKib,
      passes: work.passes,
      parallelism: work.lanes,
      tagLength: length,
    })
    return new Uint8Array(key.buffer, key.byteOffset, key.length)
  } catch (cause) {
    const hint = `it takes ${Math.ceil(work.memoryKib / 1024)} MiB of free memory`
    throw new Failure('failed', 'the key could not be derived from the passphrase', { hint, cause })
  }
}
