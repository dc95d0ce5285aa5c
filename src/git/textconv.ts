// What `git diff` and `git log -p` show of a sealed blob: its plaintext to whom it is sealed, to others one line that
// changes whenever the blob does. What is not sealed, such as a file of the work tree, is shown as it is.
import { sha256 } from '../crypto/keys.ts'
import { Secret } from '../lib/secret.ts'
import { findOpener } from './filter.ts'
import type { Surroundings } from './filter.ts'
import { OpenedBlob, sealedForm } from './seal.ts'

/** The text for `bytes`, which the caller wipes. It takes `bytes` over. */
export async function textOf(around: Surroundings, bytes: Uint8Array): Promise<Secret> {
  const form = sealedForm(bytes)
  if (form === undefined) return new Secret(bytes)
  const opener = form.version === 2 ? await findOpener(around) : undefined
  const opened = opener?.open(bytes)
  if (opened instanceof OpenedBlob) return opened.take()
  const whom = form.version === 1 ? 'with the key of a vault' : `to ${form.stanzas} recipient(s)`
  const id = sha256(bytes).toHex().slice(0, 12)
  return Secret.fromText(`(sealed by tvault ${whom}, ${bytes.length} bytes, ${id})\n`)
}
