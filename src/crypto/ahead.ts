// What other threads do for a derivation before it is asked for, while this one does something else. Nothing else is
// loaded for it: the earlier they start, the sooner the key is there.
import { core } from './core.ts'
import { DEFAULT_KDF } from './kdf-parameters.ts'
import type { KdfParameters } from './kdf-parameters.ts'

/**
 * Lets other threads get ready for the derivation of a usual vault's key, while this one opens the vault or, with
 * `warm`, while a person types. Harmless when the key is derived in another way, or never.
 */
export function expectDerivation(options?: { warm?: boolean }): void {
  core.argon2()?.prepare(DEFAULT_KDF, options)
}

/**
 * Lets them begin what `derive` (kdf.ts) will be asked for with equal arguments. Another derivation, `dropAhead` or a
 * second of time throws it away. Throws nothing: where it cannot be begun, `derive` does everything.
 */
export function deriveAhead(passphrase: Uint8Array, salt: Uint8Array, work: KdfParameters, length = 32): void {
  try {
    core.argon2()?.begin({ password: passphrase, salt }, work, length)
  } catch {
    // Said when the key is needed.
  }
}

/** Whether something was begun that nobody took. */
export function isAhead(): boolean {
  return core.argon2()?.begun ?? false
}

/** Throws away what `deriveAhead` began, if nobody took it. */
export function dropAhead(): void {
  core.argon2()?.drop()
}
