// A look at the policy file for doctor: whether it is complete, so that a mistake in it shows before something obeys it.
import { homedir } from 'node:os'
import type { Inspection } from '../commands/context.ts'
import { lstatOrNothing } from '../lib/files.ts'
import { toFailure } from '../lib/errors.ts'
import { printable } from '../lib/names.ts'
import { policyFile } from '../lib/paths.ts'
import type { Vault } from '../vault/vault.ts'

/** The check `mcp policy`. Never throws. */
export async function policyCheck(directory: string): Promise<Inspection['checks'][number]> {
  const name = 'mcp policy'
  const path = policyFile(directory)
  try {
    if (!lstatOrNothing(path)) return { name, status: 'info', detail: 'no policy file' }
    const { readRules } = await import('./mcp-policy.ts')
    await readRules(directory)
    return { name, status: 'ok', detail: printable(path) }
  } catch (error) {
    const { message } = toFailure(error)
    return { name, status: 'fail', detail: message.includes(path) ? message : `${printable(path)}: ${message}` }
  }
}

/** The policy in the vault, if there is one. Without the key its mac is not checked. Never throws. */
export async function ownPolicyCheck(vault: Vault): Promise<Inspection['checks'][number][]> {
  const name = 'policy'
  try {
    const row = vault.policy()?.row
    if (!row || row.text === '') return []
    const { readPolicy } = await import('../formats/policy.ts')
    const { rules } = readPolicy(row.text, { revision: row.revision, home: homedir() })
    return [{ name, status: 'ok', detail: `revision ${row.revision}, ${rules.length} rules` }]
  } catch (error) {
    return [{ name, status: 'fail', detail: `${toFailure(error).message}; tvault policy edit` }]
  }
}
