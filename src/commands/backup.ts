// A consistent copy of the vault in one file, taken while others may go on writing, and read back before it counts.
import { resolve } from 'node:path'
import { Failure } from '../lib/errors.ts'
import { isSameFile, lstatOrNothing } from '../lib/files.ts'
import { escaped } from '../lib/names.ts'
import { vaultFile } from '../lib/paths.ts'
import { toSize } from '../lib/quantities.ts'
import type { Context } from './define.ts'
import { define } from './define.ts'

export default define({
  path: 'backup',
  about: 'Copy the vault into one file',
  detail:
    'The copy is encrypted as the vault is and opens with the same passphrase. An existing file is replaced only if it ' +
    'is an earlier backup of this vault, or with --force.',
  effect: 'admin',
  on: ['cli'],
  holdsKeys: false,
  input: {
    path: { kind: 'text', at: 0, required: true, about: 'The file to write', complete: 'file', placeholder: 'file' },
    force: { kind: 'flag', about: 'Replace whatever file is there' },
  },
  examples: [{ words: 'backup ~/vault-backup.db', about: 'Prints size and SHA-256' }],
  async run(context, { path: typed, force }) {
    const path = resolve(typed)
    const names = await context.names()
    const overwrite = await mayReplace(context, path, { force, vaultId: names.summary().vaultId })
    return { path: typed, ...(await names.backup(path, { overwrite })) }
  },
  human: ({ path, bytes, secrets, sha256 }, style) => ({
    out: `${style.ok(`Vault backed up to ${escaped(path)}`)}\n`,
    note: `${secrets} secret(s), ${toSize(bytes)} (${bytes} bytes)\nsha256 ${sha256}`,
  }),
  json: ({ path, bytes, secrets, sha256 }) => ({ path, bytes, secrets, sha256, changed: true }),
})

/** Whether there is a file to replace. Throws `conflict` when it must stay. */
async function mayReplace(
  context: Context,
  path: string,
  { force, vaultId }: { force: boolean; vaultId: string },
): Promise<boolean> {
  if (isSameFile(path, vaultFile(context.globals.directory))) {
    throw new Failure('conflict', 'that is the vault itself', { hint: 'name a file outside the vault directory' })
  }
  if (!lstatOrNothing(path)) return false
  if (force) return true
  const found = await context.restore(path, { dryRun: true }).catch(() => undefined)
  if (found?.vaultId === vaultId) return true
  throw new Failure('conflict', `${escaped(path)} exists and is not a backup of this vault`, {
    hint: '--force replaces it',
  })
}
