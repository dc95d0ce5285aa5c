// A consistent copy of the vault in one file, taken while others may go on writing, and read back before it counts.
import { resolve } from 'node:path'
import { Failure } from '../lib/errors.ts'
import { escaped } from '../lib/names.ts'
import { vaultFile } from '../lib/paths.ts'
import { toSize } from '../lib/quantities.ts'
import type { Context } from './context.ts'
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
    // Before the vault is opened: looking into another file closes it again.
    const found = await present(context, path)
    const names = await context.names()
    if (found !== undefined && !force && found.vaultId !== names.summary().vaultId) {
      throw new Failure('conflict', `${escaped(typed)} exists and is not a backup of this vault`, {
        hint: 'name another file, or replace this one with --force',
      })
    }
    return { path: typed, ...(await names.backup(path, { overwrite: found !== undefined })) }
  },
  human: ({ path, bytes, secrets, sha256 }, style) => ({
    out: `${style.ok(`Vault backed up to ${escaped(path)}`)}\n`,
    note: `${secrets} secret(s), ${toSize(bytes)} (${bytes} bytes)\nsha256 ${sha256}`,
  }),
  json: ({ path, bytes, secrets, sha256 }) => ({ path, bytes, secrets, sha256, changed: true }),
})

/** What lies at `path`: undefined for nothing, no `vaultId` for something that is no vault. */
async function present(context: Context, path: string): Promise<{ vaultId?: string } | undefined> {
  const { checkOutside, isSameFile, lstatOrNothing } = await import('../lib/files.ts')
  const live = vaultFile(context.globals.directory)
  if (isSameFile(path, live) || isSameFile(path, `${live}-lock`)) {
    throw new Failure('conflict', 'that is the vault itself', { hint: 'name a file outside the vault directory' })
  }
  // Identities, configuration and policy lie there, and --force would replace them.
  checkOutside(path, context.globals.directory)
  if (!lstatOrNothing(path)) return undefined
  return context.restore(path, { dryRun: true, structureOnly: true }).catch(() => ({}))
}
