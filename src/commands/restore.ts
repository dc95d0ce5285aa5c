// Puts a backup in the place of the vault. The file is checked before anybody is asked, what it holds is shown, and
// the vault that is replaced stays beside the new one.
import { resolve } from 'node:path'
import { YES_FIELD } from '../faces/fields.ts'
import { Failure } from '../lib/errors.ts'
import { escaped } from '../lib/names.ts'
import { toHuman, toRfc3339 } from '../lib/time.ts'
import type { Restored } from './context.ts'
import { define } from './define.ts'

export default define({
  path: 'restore',
  about: 'Put a backup in place of the vault',
  detail: 'Asks first when there is a vault. The replaced vault is kept under another name in the vault directory.',
  effect: 'admin',
  on: ['cli'],
  holdsKeys: true,
  input: {
    path: { kind: 'text', at: 0, required: true, about: 'The backup', complete: 'file', placeholder: 'file' },
    yes: YES_FIELD,
    'dry-run': { kind: 'flag', about: 'Only check the backup and show what it holds' },
  },
  examples: [
    { words: 'restore ~/vault-backup.db --dry-run', about: 'Look at a backup' },
    { words: 'restore ~/vault-backup.db', about: 'Asks, then restores' },
  ],
  async run(context, { path: typed, yes, 'dry-run': dryRun }) {
    const path = resolve(typed)
    const found = await context.restore(path, { dryRun: true })
    if (dryRun) return { path: typed, restored: false, ...found }
    const present = await context.inspect({ deep: false })
    if (!yes && present.state !== 'absent') {
      context.note(`The backup holds ${contents(found)}.`)
      context.note(context.style.warn('This will overwrite the current vault database.'))
      if (!(await context.ask.confirm('Restore from backup?'))) {
        throw new Failure('cancelled', 'canceled, nothing was restored', { hint: '-y restores without asking' })
      }
    }
    return { path: typed, restored: true, ...(await context.restore(path, { dryRun: false })) }
  },
  human(result, style) {
    const { path, restored, kept } = result
    if (!restored) return `${style.ok(`${escaped(path)} holds ${contents(result)}`)}\n`
    return {
      out: `${style.ok(`Vault restored from ${escaped(path)}`)}\n`,
      note: `It holds ${contents(result)}.${kept === undefined ? '' : `\nThe vault before it is kept: ${escaped(kept)}`}`,
    }
  },
  json: ({ path, restored, vaultId, projects, secrets, newest, verified, kept }) => ({
    path,
    vault_id: vaultId,
    projects,
    secrets,
    newest: newest === undefined ? null : toRfc3339(newest),
    verified,
    ...(kept !== undefined && { kept }),
    changed: restored,
  }),
})

function contents({ vaultId, projects, secrets, newest, verified }: Restored): string {
  const change = newest === undefined ? '' : `, newest change ${toHuman(newest)}`
  return `vault ${vaultId.slice(0, 8)}: ${projects} project(s), ${secrets} secret(s)${change} (${verified} verified)`
}
