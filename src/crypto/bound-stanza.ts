// Stanzas that can be told from each other by whoever holds the wrapped key. They have the form of all stanzas; but the
// ephemeral key and the nonce come from the wrapped key and the recipient, not from the generator. So a holder of the key
// can make the stanza of any recipient again and compare: it says to whom a file is sealed, which the form does not.
import { utf8 } from '../lib/bytes.ts'
import { KEY_SIZE, NONCE_SIZE } from './aead.ts'
import { LABELS, hkdf } from './keys.ts'
import { wrapWith } from './recipient.ts'
import type { Recipient } from './recipient.ts'

/**
 * The one bound stanza of `key` (32 random bytes that wrap nothing else and were never used before, else RangeError or
 * worse) for `to`, 93 bytes. This is the construction of Fujisaki and Okamoto (CRYPTO 1999): the randomness of an
 * encryption is a hash of what is encrypted. To others it is worth as much as a stanza with drawn randomness, because
 * `key` has 256 bits that they cannot guess. To holders of `key` it tells more: whether a given recipient is among
 * those of the file. Where the list of recipients is no secret, as in git, that is what it is for.
 */
export function boundStanza(key: Uint8Array, to: Recipient): Uint8Array {
  const drawn = hkdf(key, to.publicKey, utf8(LABELS['bound-stanza']), KEY_SIZE + NONCE_SIZE)
  try {
    return wrapWith(drawn.subarray(0, KEY_SIZE), drawn.subarray(KEY_SIZE), key, to)
  } finally {
    drawn.fill(0)
  }
}
