// A look at the policy file for doctor: whether it is complete, so that a mistake in it shows before something obeys it.
import type { Inspection } from '../commands/context.ts'
import { lstatOrNothing } from '../lib/files.ts'
import { toFailure } from '../lib/errors.ts'
import { printable } from '../lib/names.ts'
import { policyFile } from '../lib/paths.ts'

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
