// The file `.tvault-recipients`: one recipient a line, for `seal` and for git. One bad line makes the whole file bad,
// or a typing error would quietly leave somebody out.
import { fingerprint, parseRecipient, type Recipient } from '../crypto/recipient.ts'
import { utf8 } from '../lib/bytes.ts'
import { Failure } from '../lib/errors.ts'
import { LF, trim } from './blanks.ts'

export const RECIPIENTS_FILE = '.tvault-recipients'

/** The largest such file that is read, in bytes: more than 10,000 recipients. */
export const MAX_RECIPIENTS_BYTES = 1_048_576

const HASH = 0x23
const HEAD = `# Whoever is named here can open what is sealed in this folder: one recipient a line.
# Changing this list does not take back what was sealed before.
`

/**
 * The recipients of a file, in its order, repeated ones once. Blank lines and lines that start with # count for nothing.
 * Failure `failed` that names the first bad line by its number, from 1; the line itself is not shown.
 */
export function parseRecipients(file: Uint8Array): Recipient[] {
  const found = new Map<string, Recipient>()
  let line = 1
  for (let at = 0; at < file.length; line++) {
    const end = file.indexOf(LF, at)
    const { from, to } = trim(file, at, end === -1 ? file.length : end)
    at = end === -1 ? file.length : end + 1
    if (from === to || file[from] === HASH) continue
    const recipient = parseLine(file.subarray(from, to), line)
    found.set(recipient.text, recipient)
  }
  return [...found.values()]
}

function parseLine(text: Uint8Array, line: number): Recipient {
  try {
    return parseRecipient(text.length > 100 ? '' : new TextDecoder().decode(text))
  } catch (thrown) {
    if (!(thrown instanceof Failure)) throw thrown
    throw new Failure('failed', `${RECIPIENTS_FILE} line ${line}: ${thrown.message}`, {
      hint: `correct line ${line} of the file: one recipient, no comment behind it`,
    })
  }
}

/** The recipients of a command line, each once. Failure `usage`. */
export function readRecipients(texts: readonly string[]): Recipient[] {
  return [...new Map(texts.map((text) => [parseRecipient(text).text, parseRecipient(text)])).values()]
}

/** What people compare when a recipient is confirmed: its text has no checksum. */
export function fingerprintOf(recipient: Recipient): string {
  return fingerprint(recipient)
}

/** A new file with these recipients: its head in comments, then one line for each. */
export function printRecipients(recipients: readonly Recipient[]): Uint8Array {
  return utf8(HEAD + recipients.map(({ text }) => `${text}\n`).join(''))
}

/** `file` with `recipient` in a line at its end, everything else as it was; the same bytes when it is in there already. */
export function addRecipient(file: Uint8Array, recipient: Recipient): Uint8Array {
  if (parseRecipients(file).some(({ text }) => text === recipient.text)) return file
  const last = file.length > 0 && file[file.length - 1] !== LF ? '\n' : ''
  const added = utf8(`${last}${recipient.text}\n`)
  const whole = new Uint8Array(file.length + added.length)
  whole.set(file)
  whole.set(added, file.length)
  return whole
}
