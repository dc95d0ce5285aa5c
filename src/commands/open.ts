// Opens a sealed file with an identity. No vault and no passphrase are needed, so this is what a server or CI runs.
import { Failure } from '../lib/errors.ts'
import { printable } from '../lib/names.ts'
import { define } from './define.ts'
import { OPEN_FIELDS, handOver, openForIdentity, outputPath, plainData, readInput } from './parts/streams.ts'

export default define({
  path: 'open',
  about: 'Open a sealed file with an identity',
  detail:
    'Prints what is inside, in the clear. Tries the identity of --identity alone; without it that of TVAULT_IDENTITY, ' +
    'the key in TVAULT_IDENTITY_KEY, and every identity beside the vault. Files that were sealed with the passphrase ' +
    '(version 1) are for `tvault decrypt-env`.',
  effect: 'reveal',
  on: ['cli'],
  holdsKeys: true,
  input: {
    ...OPEN_FIELDS,
    force: { kind: 'flag', about: 'Write binary to a terminal' },
  },
  examples: [
    { words: 'open .env.encrypted -o .env', about: 'A file of mode 0600' },
    { words: 'open --in .env.encrypted --identity ci', about: 'With one identity and no other' },
  ],
  async run(context, input) {
    const file = outputPath(input.out)
    const { bytes } = await readInput(context, input)
    const { sealedVersion } = await import('../formats/sealed.ts')
    if (sealedVersion(bytes) === 1) {
      throw new Failure('failed', 'the file is sealed with a passphrase (version 1), not to an identity', {
        hint: 'tvault decrypt-env',
      })
    }
    const content = await openForIdentity(context, bytes, { name: input.identity, command: 'open' })
    return handOver(context, file, content, input)
  },
  human: ({ file, content }) => (file === undefined ? content : { note: `Opened → ${printable(file)}` }),
  json: plainData,
})
