// A new passphrase for the vault. The present one is checked before the new one is asked for, and the old wrapped
// keys leave the file.
import { KDF_FIELDS, kdfGiven } from '../../faces/fields.ts'
import { define } from '../define.ts'

export default define({
  path: 'key rotate',
  about: 'Change the passphrase',
  detail:
    'Every project key is wrapped anew into a fresh file, which replaces the old one in one step. Without a terminal ' +
    'the new passphrase comes from TVAULT_NEW_PASSPHRASE, TVAULT_NEW_PASSPHRASE_COMMAND or TVAULT_NEW_PASSPHRASE_FILE. ' +
    'Backups made earlier still open with the old passphrase.',
  effect: 'admin',
  on: ['cli'],
  holdsKeys: true,
  input: {
    force: { kind: 'flag', about: 'Accept a weak passphrase' },
    ...KDF_FIELDS,
  },
  examples: [
    { words: 'key rotate', about: 'Asks for the present and the new passphrase' },
    { words: 'key rotate --kdf-memory 256MiB', about: 'With a costlier key derivation as well' },
  ],
  async run(context, input) {
    const kdf = kdfGiven(input)
    const view = await context.vault()
    const passphrase = await context.passphrase('new', { force: input.force })
    try {
      const { projects } = await view.rotate(passphrase, kdf, context.progress('checking'))
      return { projects, changed: true }
    } finally {
      passphrase.wipe()
    }
  },
  human: (_, style) => ({
    out: `${style.ok('Passphrase rotated successfully')}\n`,
    note: 'Backups made before still open with the old passphrase.',
  }),
})
