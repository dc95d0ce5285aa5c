// Encrypts the bytes of a file: to recipients (version 2), or with a key that only this vault can make (version 1).
import { Failure } from '../lib/errors.ts'
import { printable } from '../lib/names.ts'
import { Secret } from '../lib/secret.ts'
import type { Context } from './context.ts'
import { define } from './define.ts'
import { RECIPIENT_FIELD, recipientData, recipientLines, recipientsFor } from './parts/recipients.ts'
import {
  INPUT_FIELDS,
  inputPath,
  outputPath,
  readInput,
  refuseTerminal,
  sealedData,
  writeSealed,
} from './parts/streams.ts'

export default define({
  path: 'encrypt-env',
  about: 'Encrypt a file to recipients, or with the vault',
  detail:
    'Every byte is kept, comments too. With --recipient no passphrase is needed, and any recipient can open it. ' +
    'Without, the file opens in this vault only, and not after the passphrase was changed. The result goes to ' +
    '<file>.encrypted unless --out says otherwise; the original stays where it is. An existing file is replaced when ' +
    'it is a sealed one; anything else only with --overwrite.',
  effect: 'seal',
  on: ['cli'],
  holdsKeys: true,
  input: {
    ...INPUT_FIELDS,
    recipient: { ...RECIPIENT_FIELD, short: 'r' },
    out: {
      kind: 'text',
      short: 'o',
      placeholder: 'file',
      complete: 'file',
      about: 'File to write (- for standard output); default: <file>.encrypted',
    },
    overwrite: { kind: 'flag', about: 'Replace the file whatever it is' },
    force: { kind: 'flag', about: 'Encrypt what is encrypted already; write binary to a terminal' },
  },
  examples: [
    {
      words: 'encrypt-env .env --recipient tvault1...',
      about: 'Makes .env.encrypted for one recipient',
    },
    { words: 'encrypt-env --in .env --out env.sealed', about: 'For this vault and its passphrase' },
  ],
  async run(context, input) {
    const path = inputPath(context, input)
    if (path === undefined && input.out === undefined) {
      throw new Failure('usage', 'standard input has no name to make one from: --out is required', {
        hint: 'add -o FILE, or -o - for standard output',
      })
    }
    const file = outputPath(input.out ?? `${path ?? ''}.encrypted`)
    refuseTerminal(context, file, input.force)
    const recipients = input.recipient === undefined ? [] : (await recipientsFor(input.recipient)).recipients
    const { bytes: plain } = await readInput(context, input)
    const { sealedVersion } = await import('../formats/sealed.ts')
    const content = new Secret(plain)
    try {
      if (sealedVersion(plain) !== undefined && !input.force) {
        throw new Failure('conflict', 'the file is encrypted already', { hint: '--force encrypts it once more' })
      }
      const bytes = await sealed(context, content, recipients)
      const replaceable = (old: Uint8Array): boolean => sealedVersion(old) !== undefined
      if (file !== undefined) await writeSealed(context, file, bytes, { overwrite: input.overwrite, replaceable })
      return { file, version: recipients.length > 0 ? 2 : 1, recipients: await recipientData(recipients), bytes }
    } finally {
      content.wipe()
    }
  },
  human: ({ file, recipients, bytes }) => ({
    ...(file === undefined && { out: bytes }),
    note: [
      ...(file === undefined ? [] : [`Wrote ${bytes.length} bytes to ${printable(file)}`]),
      ...(recipients.length > 0 ? [`For ${recipients.length} recipient(s):`, recipientLines(recipients)] : []),
    ].join('\n'),
  }),
  json: ({ file, version, recipients, bytes }) => ({
    version,
    recipients,
    ...sealedData(file, bytes),
  }),
})

type Recipients = Awaited<ReturnType<typeof recipientsFor>>['recipients']

/** Version 2 for `recipients`, or version 1 when there are none. */
async function sealed(context: Context, content: Secret, recipients: Recipients): Promise<Uint8Array> {
  const { newSalt, sealToRecipients, sealWithFileKey } = await import('../formats/sealed.ts')
  if (recipients.length > 0) return sealToRecipients(content, recipients)
  const view = await context.vault()
  const salt = newSalt()
  const key = view.fileKey(salt)
  try {
    return sealWithFileKey(content, salt, key)
  } finally {
    key.wipe()
  }
}
