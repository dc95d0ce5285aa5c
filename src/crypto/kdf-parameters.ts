// How much work Argon2id is given, and between which bounds. Apart from the derivation, which takes longer to load.
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
