// The words of the gate (decision D6): who asks, what a command does to secrets, and what the policy answers.
// Everything that lets a value leave the vault is described with these types and nothing else.

/** What a command does to secrets, from harmless to grave. Unknown effects do not exist: the type is closed. */
export const EFFECTS = [
  'none',
  'list',
  'compare',
  'inject',
  'reveal',
  'write-file',
  'seal',
  'write',
  'destroy',
  'share',
  'admin',
] as const

export type Effect = (typeof EFFECTS)[number]

/**
 * Who asks. `interactive`: a person sits at a terminal that can answer questions. An identity opened the vault without
 * the passphrase: `recipients` are its public keys (tvault1…), `projects` the names of what is shared with them.
 */
export type Principal =
  | { kind: 'owner'; interactive: boolean }
  | { kind: 'identity'; recipients: readonly string[]; projects: readonly string[] }
  | { kind: 'token'; id: string; scope: TokenScope }
  | { kind: 'mcp'; client: string; version: string; rules: McpRules }

/** What a token of the agent may do; what is absent is not limited. */
export interface TokenScope {
  project?: string
  /** Globs over names of keys, without regard to case. */
  keys?: readonly string[]
  effects?: readonly Effect[]
}

/** Globs over names, as lib/pattern.ts reads them. What is denied stays denied, whatever is allowed. */
export interface NameRules {
  allow: readonly string[]
  deny: readonly string[]
}

/** What an AI agent may do. There is no rule for more than that: to share, to govern, to edit the rules. */
export interface McpRules {
  /** Where they stand, for explanations: the name of a file, or that there is none. */
  source: string
  mode: 'read-only' | 'read-write' | 'full'
  /** Run programs with secrets in them; counts only in mode `full`. */
  exec: boolean
  redact: boolean
  projects: NameRules
  keys: NameRules
  /** How many values one session may be told or may compare; 0: none. */
  reads: number
}

/** How a principal is written in an audit row: `owner`, `owner (script)`, `identity tvault1…`, `mcp editor 1.2`. */
export function principalName(principal: Principal): string {
  if (principal.kind === 'mcp') return `mcp ${plainWord(principal.client)} ${plainWord(principal.version)}`
  if (principal.kind === 'token') return `token ${principal.id}`
  if (principal.kind === 'identity') return `${IDENTITY_PREFIX}${principal.recipients.join(' ')}`
  return principal.interactive ? 'owner' : 'owner (script)'
}

/** What a client says of itself, in signs that cannot be read as anything else by who reads the log. */
function plainWord(said: string): string {
  return said.replace(/[^A-Za-z0-9._@/+-]+/g, '_').slice(0, 40) || 'unknown'
}

/** The public key (tvault1…) that a row's principal names, or undefined when it is no identity. */
export function namedRecipient(name: string): string | undefined {
  return name.startsWith(IDENTITY_PREFIX) ? name.slice(IDENTITY_PREFIX.length) : undefined
}

const IDENTITY_PREFIX = 'identity '

/** One question to the policy. Without `key` it is about the project, without `project` about the vault. */
export interface Question {
  principal: Principal
  command: string
  effect: Effect
  project?: string
  key?: string
}

/** The answer and the rule that gave it, so that `explain` and the audit row can name it. */
export interface Decision {
  allow: boolean
  rule: string
}

export interface Policy {
  decide(question: Question): Decision
}

/** Who asks, bound to one command: what a scoped vault handle carries. */
export interface Asker {
  principal: Principal
  command: string
  effect: Effect
  policy: Policy
  /** Said in every audit row: by which way, for which process. */
  via?: Readonly<Record<string, string | number>>
}
