// For whom something is sealed: the recipients of the command line, else those of the file that is committed for it.
import { join } from 'node:path'
import type { Recipient } from '../../crypto/recipient.ts'
import { listed } from '../../faces/table.ts'
import { Failure } from '../../lib/errors.ts'
import { escaped } from '../../lib/names.ts'

export const RECIPIENT_FIELD = {
  kind: 'list',
  placeholder: 'recipient',
  about: 'Who may open it (tvault1…); may be given several times',
} as const

/**
 * The recipients in `typed`, or without any those of `.tvault-recipients` at the top of the git work tree, outside of
 * one in the current folder. Failure `usage` when there is no such file, `failed` for a bad line in it, `denied` when
 * the file is somebody else's: whoever writes it decides who can read.
 */
export async function recipientsFor(
  typed: readonly string[] | undefined,
): Promise<{ recipients: Recipient[]; from: string | undefined }> {
  const { MAX_RECIPIENTS_BYTES, RECIPIENTS_FILE, parseRecipients, readRecipients } =
    await import('../../formats/recipients-file.ts')
  if (typed !== undefined) return { recipients: readRecipients(typed), from: undefined }
  const [{ workTree }, { lstatOrNothing, readFound }] = await Promise.all([
    import('../../lib/repository.ts'),
    import('../../lib/files.ts'),
  ])
  const path = join(workTree(process.cwd()) ?? process.cwd(), RECIPIENTS_FILE)
  if (!lstatOrNothing(path)) {
    throw new Failure('usage', `no recipient is named, and there is no ${escaped(path)}`, {
      hint: 'name one with --recipient; tvault identity list shows yours',
    })
  }
  const { bytes, uid } = readFound(path, MAX_RECIPIENTS_BYTES, { followLink: false })
  if (uid !== process.geteuid?.() && uid !== 0) {
    throw new Failure('denied', `${escaped(path)} belongs to somebody else`, {
      hint: 'look at it, then name the recipients with --recipient',
    })
  }
  const recipients = parseRecipients(bytes)
  if (recipients.length > 0) return { recipients, from: path }
  throw new Failure('usage', `${escaped(path)} names no recipient`, { hint: 'name one with --recipient' })
}

/** Recipients as JSON shows them. */
export async function recipientData(
  recipients: readonly Recipient[],
): Promise<{ recipient: string; fingerprint: string }[]> {
  const { fingerprintOf } = await import('../../formats/recipients-file.ts')
  return recipients.map((recipient) => ({ recipient: recipient.text, fingerprint: fingerprintOf(recipient) }))
}

/** Lines for a note: one recipient each, with its fingerprint. */
export function recipientLines(recipients: readonly { recipient: string; fingerprint: string }[]): string {
  return listed(recipients.map((one) => `${one.recipient} (${one.fingerprint})`)).join('\n')
}
