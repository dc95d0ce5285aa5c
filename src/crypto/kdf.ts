// Passphrase to key: Argon2id (RFC 9106) with parameters that are stored in the vault header.
// A derived key is nothing until the verifier of the header has accepted it.
import { Failure } from '../lib/errors.ts'
import { core } from './core.ts'
import { node } from './node.ts'
import type { KdfParameters } from './kdf-parameters.ts'

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
    const key = node().argon2Sync('argon2id', {
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
