// Decrypts a sealed file of either version; which one it is stands in its head. A section is what was asked for or an
// error, never more.
import { Failure } from '../lib/errors.ts'
import { printable } from '../lib/names.ts'
import type { Secret } from '../lib/secret.ts'
import type { Context } from './context.ts'
import { define } from './define.ts'
import { OPEN_FIELDS, handOver, openForIdentity, outputPath, plainData, readInput } from './parts/streams.ts'

export default define({
  path: 'decrypt-env',
  about: 'Decrypt a file that encrypt-env, seal or env seal made',
  detail:
    'Prints what is inside, in the clear. A file for recipients (version 2) needs an identity, see `tvault open`; one ' +
    'that was made without recipients (version 1) needs the vault it was made in and its passphrase of that time. ' +
    '--section takes one environment out of a file that holds several.',
  effect: 'reveal',
  on: ['cli'],
  holdsKeys: true,
  input: {
    ...OPEN_FIELDS,
    section: { kind: 'text', placeholder: 'environment', about: 'Only this environment of a file from env seal' },
    force: { kind: 'flag', about: 'Write binary to a terminal' },
  },
  examples: [
    { words: 'decrypt-env .env.encrypted', about: 'Prints the file as it was' },
    { words: 'decrypt-env --in all.sealed --section preview -o .env', about: 'One environment of several' },
  ],
  async run(context, input) {
    const file = outputPath(input.out)
    if (input.section === '') throw new Failure('usage', '--section is empty', { hint: 'leave it out to see all' })
    const { bytes } = await readInput(context, input)
    const { pickSection } = await import('../formats/sections.ts')
    const whole = await decrypted(context, bytes, input.identity)
    if (input.section === undefined) return handOver(context, file, whole, input)
    try {
      return await handOver(context, file, pickSection(whole, input.section), input)
    } finally {
      whole.wipe()
    }
  },
  human: ({ file, size, content }) =>
    file === undefined ? content : { note: `Wrote ${size} bytes to ${printable(file)}` },
  json: plainData,
})

async function decrypted(context: Context, blob: Uint8Array, identity: string | undefined): Promise<Secret> {
  const { fileSalt, openWithFileKey, sealedVersion } = await import('../formats/sealed.ts')
  if (sealedVersion(blob) !== 1) return openForIdentity(context, blob, { name: identity, command: 'decrypt-env' })
  if (identity !== undefined) {
    throw new Failure('usage', 'the file is sealed with a passphrase (version 1): an identity does not open it', {
      hint: 'leave --identity out',
    })
  }
  const salt = fileSalt(blob)
  const view = await context.vault()
  const key = view.fileKey(salt)
  try {
    return openWithFileKey(blob, key)
  } finally {
    key.wipe()
  }
}
