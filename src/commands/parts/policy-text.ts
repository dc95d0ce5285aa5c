// Storing a policy: what is wrong with it is told line by line, and a policy with a fault is not stored.
import { Failure } from '../../lib/errors.ts'
import type { Context } from '../context.ts'

export interface StoredPolicy {
  revision: number
  rules: number
  changed: boolean
}

/** Stores `text` in place of the policy at `revision`, with the passphrase. Throws `failed` naming the first bad line, `conflict`. */
export async function storePolicy(context: Context, text: string, revision: number): Promise<StoredPolicy> {
  const { rules, faults } = await (await context.mcp()).parse(text, revision)
  if (faults.length > 0) throw refused(faults)
  const view = await context.unlocked()
  const stored = view.setPolicy(text, { revision })
  return { revision: stored.revision, rules: rules.own?.rules.length ?? 0, changed: true }
}

export function faultLines(faults: readonly { line: number; message: string }[]): string {
  return faults.map(({ line, message }) => `line ${line}: ${message}`).join('\n')
}

function refused(faults: readonly { line: number; message: string }[]): Failure {
  const more = faults.length === 1 ? '' : `\n${faultLines(faults.slice(1, 20))}`
  return new Failure('failed', `the policy was not stored: ${faultLines(faults.slice(0, 1))}${more}`, {
    hint: 'tvault docs policy',
  })
}
