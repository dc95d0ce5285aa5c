// Makes a vault. Nothing is asked before it is known that the place is free, and of two that race one wins.
import { KDF_FIELDS, kdfGiven } from '../faces/fields.ts'
import { Failure } from '../lib/errors.ts'
import { escaped } from '../lib/names.ts'
import { define } from './define.ts'

export default define({
  path: 'init',
  about: 'Create a vault',
  detail:
    'Makes the directory, the vault and the project "default". The passphrase is asked for twice, or comes from ' +
    'TVAULT_PASSPHRASE, TVAULT_PASSPHRASE_COMMAND or TVAULT_PASSPHRASE_FILE. Nobody can restore a lost passphrase.',
  effect: 'admin',
  on: ['cli'],
  holdsKeys: true,
  input: {
    force: { kind: 'flag', about: 'Accept a weak passphrase' },
    ...KDF_FIELDS,
  },
  examples: [
    { words: 'init', about: 'A vault in ~/.tvault' },
    { words: 'init --vault ./secrets --kdf-memory 256MiB', about: 'Elsewhere, with a costlier key derivation' },
  ],
  async run(context, input) {
    const kdf = kdfGiven(input)
    const { state } = await context.inspect({ deep: false })
    if (state !== 'absent') throw exists(context.globals.directory)
    const passphrase = await context.passphrase('new', { force: input.force })
    try {
      const { directory, header } = await context.create(passphrase, kdf)
      return { directory, vaultId: header.vaultId, kdf: header.kdf }
    } finally {
      passphrase.wipe()
    }
  },
  human: ({ directory }, style) => ({
    out: `${style.ok(`Vault created at ${escaped(directory)}`)}\n`,
    note: [
      '',
      'Next steps:',
      '  tvault set KEY          Set a secret (the value is asked for)',
      '  tvault get KEY          Get a secret',
      '  tvault import .env      Take over a .env file',
      '  tvault run <command>    Run with secrets as env vars',
    ].join('\n'),
  }),
  json: ({ directory, vaultId, kdf }) => ({
    vault_dir: directory,
    vault_id: vaultId,
    project: 'default',
    kdf: { memory_kib: kdf.memoryKib, passes: kdf.passes, lanes: kdf.lanes },
    changed: true,
  }),
})

function exists(directory: string): Failure {
  return new Failure('conflict', `vault already exists at ${escaped(directory)}`, {
    hint: 'tvault status shows what is there; --vault DIR names another place',
  })
}
