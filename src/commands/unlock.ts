// Tries the passphrase. Nothing stays unlocked afterwards, and it says so.
import { define } from './define.ts'

export default define({
  path: 'unlock',
  about: 'Check that the passphrase opens the vault',
  detail:
    'The key is forgotten at once: every command that needs it asks again, or takes it from TVAULT_PASSPHRASE and its kin.',
  effect: 'admin',
  on: ['cli'],
  holdsKeys: true,
  input: {},
  examples: [{ words: 'unlock', about: 'Exit code 6 means: wrong passphrase' }],
  async run(context) {
    const { vaultId } = (await context.vault()).summary()
    return { passphrase_valid: true, stays_unlocked: false, vault_id: vaultId }
  },
  human: (_, style) => ({
    out: `${style.ok('Vault unlocked')}\n`,
    note: 'The passphrase is right. Nothing stays unlocked: the next command needs it again.',
  }),
})
