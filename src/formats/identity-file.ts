// The file of one identity, `identities/<name>.key`: two lines of comment and the private key. The peer reads and
// writes the same three lines, so its wording is part of the format.
import { Identity } from '../crypto/recipient.ts'
import { Failure } from '../lib/errors.ts'
import { Secret } from '../lib/secret.ts'
import { LF, trim } from './blanks.ts'
import { Writer } from './writer.ts'

/** The largest such file that is read, in bytes. */
export const MAX_IDENTITY_BYTES = 65_536

const HASH = 0x23

/**
 * The identity in a file: the first line that is neither blank nor a comment; what follows it does not count. `file`
 * stays the caller's to wipe. Failure `failed`, never with a part of the file.
 */
export function parseIdentityFile(file: Uint8Array): Identity {
  for (let at = 0; at < file.length;) {
    const found = file.indexOf(LF, at)
    const end = found === -1 ? file.length : found
    const { from, to } = trim(file, at, end)
    if (from < to && file[from] !== HASH) return parsePrivate(file.subarray(from, to))
    at = end + 1
  }
  throw new Failure('failed', 'there is no private key in the file')
}

/** The identity in `text`, blanks around it forgiven. Failure `failed`, never with a part of it. */
export function parsePrivate(text: Uint8Array): Identity {
  const { from, to } = trim(text, 0, text.length)
  const copy = new Secret(text.slice(from, to))
  try {
    return Identity.parse(copy)
  } finally {
    copy.wipe()
  }
}

/** The file of `identity` under `name`, which follows the rule of names and so needs no quoting. The caller wipes it. */
export function printIdentityFile(name: string, identity: Identity): Secret {
  const writer = new Writer()
    .text(`# tvault identity "${name}" — KEEP SECRET, never commit or share this file\n`)
    .text(`# recipient: ${identity.recipient.text}\n`)
  return withPrivate(writer, identity)
}

/** The private key as a line of its own. The caller wipes it. */
export function printPrivate(identity: Identity): Secret {
  return withPrivate(new Writer(), identity)
}

function withPrivate(writer: Writer, identity: Identity): Secret {
  const text = identity.export()
  try {
    return writer.bytes(text.reveal()).byte(LF).finish()
  } finally {
    text.wipe()
  }
}
