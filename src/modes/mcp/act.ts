// What a call does, as far as the policy looks at it, bound to all of its arguments: what the owner approves is this call
// and no other that looks like it.
import type { Act } from '../../lib/gate.ts'
import type { Tool } from './tool.ts'

/** The act of a call with this input; nothing for a tool that does nothing outside of the vault. */
export function actOf(tool: Tool, input: Readonly<Record<string, unknown>>, said: string | undefined): { act?: Act } {
  const act = tool.act?.(input) ?? (said === undefined ? undefined : {})
  if (!act) return {}
  const { purpose: _, ...bound } = input
  const names = Object.keys(bound).toSorted()
  const words = JSON.stringify(
    names.map((name) => [name, bound[name]]),
    plain,
  )
  const purpose = said === undefined ? {} : { purpose: said }
  return { act: { ...act, ...purpose, digest: new Bun.CryptoHasher('sha256').update(words).digest('hex') } }
}

function plain(_: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value
}
