// Who may do what. The owner may do everything; whoever is unknown may do nothing. Policies of other principals
// (MCP clients, agent tokens, identities) join here with their modes.
import { EFFECTS } from '../lib/gate.ts'
import type { Decision, Policy, Principal, Question } from '../lib/gate.ts'

const OWNER: Policy = {
  decide({ principal, effect }: Question): Decision {
    if (principal.kind !== 'owner') return { allow: false, rule: 'deny by default' }
    if (!EFFECTS.includes(effect)) return { allow: false, rule: 'unknown effects are refused' }
    return {
      allow: true,
      rule: principal.interactive ? 'the owner may do everything' : 'a script of the owner may do everything',
    }
  },
}

const NOBODY: Policy = { decide: () => ({ allow: false, rule: 'deny by default' }) }

/** The policy that holds for `principal`. */
export function policyFor(principal: Principal): Policy {
  return principal.kind === 'owner' ? OWNER : NOBODY
}
