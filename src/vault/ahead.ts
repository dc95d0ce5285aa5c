// Begins with the key of a vault that is not open yet.
import { deriveAhead } from '../crypto/ahead.ts'
import { decodeHeader } from './header-record.ts'
import type { Secret } from '../lib/secret.ts'
import type { Header } from './header-record.ts'

/**
 * A door: begins the derivation that `deriveKek` (header.ts) will end, for the header in `record`. Anything that is no
 * header begins nothing. Does not wipe `passphrase`.
 */
export function deriveKekAhead(passphrase: Secret, record: Uint8Array | undefined): void {
  let header: Header
  try {
    header = decodeHeader(record)
  } catch {
    return
  }
  deriveAhead(passphrase.reveal(), header.salt, header.kdf)
}
