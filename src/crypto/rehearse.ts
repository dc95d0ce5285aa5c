// Runs the ciphers once over nothing, for when there is time before they are needed: the first use of each loads and
// compiles what all later ones only call.
import { KEY_SIZE, seal, unseal } from './aead.ts'
import { mac } from './keys.ts'

/** Takes some milliseconds in a fresh process, and microseconds later. Changes nothing. */
export function rehearseCiphers(): void {
  const key = new Uint8Array(KEY_SIZE)
  const nothing = new Uint8Array(KEY_SIZE)
  unseal('aes-256-gcm', key, seal('aes-256-gcm', key, nothing, nothing), nothing)
  mac(key, nothing)
}
