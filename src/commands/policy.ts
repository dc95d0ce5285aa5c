// Who may do what. The owner may do everything; an identity may read what is shared with it; whoever is unknown may do
// nothing. What AI agents may do is in policy-mcp.ts.
import { EFFECTS } from '../lib/gate.ts'
import { glob } from '../lib/glob.ts'
import type { Decision, Effect, Policy, Principal, Question } from '../lib/gate.ts'
import { MCP } from './policy-mcp.ts'

const OWNER: Policy = {
  keyless: true,
  decide({ principal, effect }: Question): Decision {
    if (principal.kind !== 'owner') return { allow: false, rule: 'deny by default' }
    if (!EFFECTS.includes(effect)) return { allow: false, rule: 'unknown effects are refused' }
    return {
      allow: true,
      rule: principal.interactive ? 'the owner may do everything' : 'a script of the owner may do everything',
    }
  },
}

const READING: readonly Effect[] = ['list', 'compare', 'inject', 'reveal']

const IDENTITY: Policy = {
  keyless: true,
  decide({ principal, effect, project }: Question): Decision {
    if (principal.kind !== 'identity') return { allow: false, rule: 'deny by default' }
    if (!READING.includes(effect)) return { allow: false, rule: 'an identity may only read' }
    const shared = project !== undefined && principal.projects.includes(project)
    return shared
      ? { allow: true, rule: 'an identity may read what is shared with it' }
      : { allow: false, rule: 'an identity sees nothing but what is shared with it' }
  },
}

/** What a token may never do, whatever it was given: it reads and writes secrets, it does not govern the vault. */
const NOT_FOR_TOKENS: readonly Effect[] = ['share', 'admin', 'destroy']

const TOKEN: Policy = {
  decide({ principal, effect, project, key }: Question): Decision {
    if (principal.kind !== 'token') return { allow: false, rule: 'deny by default' }
    const { scope } = principal
    const refused = (rule: string): Decision => ({ allow: false, rule })
    if (!EFFECTS.includes(effect)) return refused('unknown effects are refused')
    if (NOT_FOR_TOKENS.includes(effect)) return refused('no token may do this')
    if (scope.effects && effect !== 'none' && effect !== 'list' && !scope.effects.includes(effect)) {
      return refused('the token is for other effects')
    }
    if (scope.project !== undefined && project !== undefined && project !== scope.project) {
      return refused('the token is for another project')
    }
    if (
      scope.keys &&
      key !== undefined &&
      !scope.keys.some((pattern) => glob(pattern.toLowerCase())(key.toLowerCase()))
    ) {
      return refused('the token is for other keys')
    }
    return { allow: true, rule: `token ${principal.id}` }
  },
}

const NOBODY: Policy = { decide: () => ({ allow: false, rule: 'deny by default' }) }

/** The policy that holds for `principal`. */
export function policyFor(principal: Principal): Policy {
  switch (principal.kind) {
    case 'owner':
      return OWNER
    case 'identity':
      return IDENTITY
    case 'token':
      return TOKEN
    case 'mcp':
      return MCP
    default:
      return NOBODY
  }
}
