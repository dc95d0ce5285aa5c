// What an AI agent may do under its rules. Without rules of the owner it sees names and nothing else. The order is
// that of an answer to "why": the kind of act, the project, the key.
import { EFFECTS, placeName } from '../lib/gate.ts'
import type { Decision, Effect, McpRules, NameRules, Policy, Question } from '../lib/gate.ts'
import { namePattern } from '../lib/pattern.ts'
import type { PatternOptions } from '../lib/pattern.ts'
import { DENYING, KEYS, PROJECTS } from '../lib/name-rules.ts'
import { decideOwn, summaryOf } from './parts/policy-own.ts'

/** Holds where the owner wrote no rules. */
export const METADATA_ONLY: McpRules = {
  source: 'no policy file',
  mode: 'read-only',
  exec: false,
  redact: true,
  projects: { allow: ['**'], deny: [] },
  keys: { allow: ['**'], deny: [] },
  reads: 0,
}

/** The owner's own policy as rules; what is not `own` is there for summaries. */
export function ownRules(own: NonNullable<McpRules['own']>): McpRules {
  const source = `the policy of the vault, revision ${own.revision}`
  return { ...METADATA_ONLY, source, ...summaryOf(own), own }
}

/** Acts that no rules can allow: the first gives what others read, the second everything. */
const NEVER: Readonly<Partial<Record<Effect, string>>> = {
  share: 'an AI agent never shares: that is disclosure, and lasts',
  admin: 'an AI agent never governs the vault',
  seal: 'sealing discloses to whoever holds the key; the owner enrols recipients first, which no rule can do yet',
  'write-file': 'values are never written into files for an AI agent',
}

/** Why the kind of act is refused, or undefined. */
function refusedEffect({ mode, exec, reads, source }: McpRules, effect: Effect): string | undefined {
  if (!EFFECTS.includes(effect)) return 'unknown effects are refused'
  switch (effect) {
    case 'none':
    case 'list':
      return undefined
    case 'compare':
      return reads > 0 ? undefined : `max_reads_per_session is 0, and comparing counts as reading (${source})`
    case 'reveal':
      return reads > 0 ? undefined : `max_reads_per_session is 0 (${source})`
    case 'inject':
      return exec && mode === 'full' ? undefined : `allow_exec in access_mode full is needed (${source})`
    case 'write':
      return mode === 'read-only' ? `access_mode is read-only (${source})` : undefined
    case 'destroy':
      return mode === 'full' ? undefined : `destroying needs access_mode full (${source})`
    default:
      return NEVER[effect] ?? 'deny by default'
  }
}

type Test = (name: string) => string | undefined

/** Rules as tests, made once: the same rules are asked for every key of a list. */
const tests = new WeakMap<McpRules, { project: Test; key: Test }>()

function testsOf(rules: McpRules): { project: Test; key: Test } {
  let found = tests.get(rules)
  if (!found) {
    found = {
      project: test(rules.projects, 'projects', PROJECTS),
      key: test(rules.keys, 'secrets', KEYS),
    }
    tests.set(rules, found)
  }
  return found
}

/** Why a name is refused, or undefined. Throws a usage failure for a broken pattern. */
function test({ allow, deny }: NameRules, field: string, allowing: PatternOptions): Test {
  const denies = deny.map((pattern) => ({ pattern, matches: namePattern(pattern, DENYING) }))
  const allows = allow.map((pattern) => namePattern(pattern, allowing))
  const known = new Map<string, string | undefined>()
  const decide = (name: string): string | undefined => {
    const denied = denies.find(({ matches }) => matches(name))
    if (denied) return `${field}_deny has ${denied.pattern}`
    return allows.some((matches) => matches(name)) ? undefined : `${field}_allow has no pattern for it`
  }
  return (name) => {
    if (!known.has(name)) {
      if (known.size >= MOST_KNOWN) known.clear()
      known.set(name, decide(name))
    }
    return known.get(name)
  }
}

const MOST_KNOWN = 20_000

/** Throws a usage failure when a pattern in `rules` is broken. */
export function checkRules(rules: McpRules): McpRules {
  testsOf(rules)
  return rules
}

/** Stands for a rule where the tier of the secret has the owner asked. */
export const TIER_2 = 'tier 2'

export const MCP: Policy = {
  decide(question: Question): Decision {
    const { principal, effect, project, key } = question
    const decision = decideByRules(question)
    // Lists ask this for every name.
    if (effect === 'list' || effect === 'none' || principal.kind !== 'mcp') return decision
    if (!decision.allow || decision.approve !== undefined || project === undefined || key === undefined) return decision
    return isTier2(principal.rules, project, key) ? { ...decision, approve: TIER_2 } : decision
  },
}

/** Whether a secret may be used only with the owner's word. */
export function isTier2({ tier2 }: McpRules, project: string, key: string): boolean {
  return tier2 !== undefined && tier2.size > 0 && tier2.has(placeName(project, key))
}

function decideByRules(question: Question): Decision {
  const { principal, effect, project, key } = question
  if (principal.kind !== 'mcp') return { allow: false, rule: 'deny by default' }
  const { rules, client } = principal
  if (rules.own) return decideOwn(rules.own, { ...question, client }, Date.now())
  const refused = (rule: string): Decision => ({ allow: false, rule })
  const kind = refusedEffect(rules, effect)
  if (kind !== undefined) return refused(kind)
  const { project: ofProject, key: ofKey } = testsOf(rules)
  const where = project === undefined ? undefined : ofProject(project)
  if (where !== undefined) return refused(`${where} (${rules.source})`)
  const what = key === undefined ? undefined : ofKey(key)
  if (what !== undefined) return refused(`${what} (${rules.source})`)
  return { allow: true, rule: rules.source }
}
