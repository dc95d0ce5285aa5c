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
  /** How many values one session may be told or may compare; 0: none; -1: the own policy counts. */
  reads: number
  /** The owner's own policy of the vault, which then decides alone; the other members only sum it up. */
  own?: OwnPolicy
  /** The secrets of tier 2, as `placeName` writes them: whatever the rules allow needs the owner's word in addition. */
  tier2?: ReadonlySet<string>
}

/** A secret of a project as one text. A key has no `/`, so no two secrets have the same. */
export function placeName(project: string, key: string): string {
  return `${project}/${key}`
}

/** What is done with a value, as far as a policy may look at it. */
export interface Act {
  /** The program and its words. */
  argv?: readonly string[]
  /** Where the program starts. */
  directory?: string
  /** Where a request goes: `name` or `name:port`. */
  host?: string
  /** Absolute path of the file that is written. */
  file?: string
  /** What for, as the client says. */
  purpose?: string
  /** SHA-256 of all arguments but the purpose: an approval is for these and no others. */
  digest?: string
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
  act?: Act
}

/** The answer and the rule that gave it, so that `explain` and the audit row can name it. */
export interface Decision {
  allow: boolean
  rule: string
  /** The rule that has the owner asked first. */
  approve?: string
  /** What it is counted against, for this client; `name` is the rule. */
  budgets?: { name: string; budgets: readonly Budget[] }
  /** Of a program only its end may be told; it gets no network. */
  output?: 'exit'
  network?: 'none'
}

export interface Policy {
  decide(question: Question): Decision
  /** It never looks at the key: what it says of a project holds for every key of it. */
  readonly keyless?: true
}

/** Who asks, bound to one command: what a scoped vault handle carries. */
export interface Asker {
  principal: Principal
  command: string
  effect: Effect
  policy: Policy
  act?: Act
  /** Said in every audit row: by which way, for which process. */
  via?: Readonly<Record<string, string | number>>
}

// The owner's own policy for AI agents as it is after reading (formats/policy.ts). Rules that deny come before all others,
// and what no rule allows is refused.

/** What a rule is about: an effect, or `generate`, which is to store a value that nobody is told. */
export type RuleEffect = Effect | 'generate'

/** So many uses within a window that begins with the first one. */
export interface Budget {
  /** `reads`: values that are told or compared. `runs`: uses that tell no value. */
  kind: 'reads' | 'runs'
  count: number
  seconds: number
}

export interface OwnRule {
  verdict: 'allow' | 'deny' | 'approve'
  name: string
  /** The line on which it begins, from 1. */
  line: number
  /** Globs; an empty list stands for everything. */
  clients: readonly string[]
  projects: readonly string[]
  keys: readonly string[]
  effects: readonly RuleEffect[]
  /** Programs with their words, each a glob; a last `**` is any number of words. */
  commands: readonly (readonly string[])[]
  /** Absolute paths below which a program starts. */
  directories: readonly string[]
  /** `name` or `name:port`; `*.name` is every name below it. */
  hosts: readonly string[]
  /** Globs over absolute paths of files that values are written into. */
  files: readonly string[]
  /** The client has to say what for. */
  purpose: boolean
  /** Of a program only its end is told. */
  output: 'exit' | undefined
  network: 'none' | undefined
  /** Milliseconds since 1970: not before, and not from then on. */
  from: number | undefined
  until: number | undefined
  budgets: readonly Budget[]
}

export interface OwnPolicy {
  /** Counts the changes, from 1. */
  revision: number
  rules: readonly OwnRule[]
  /** How long an approval of a session holds, and how long a request waits. */
  session: { uses: number; seconds: number; wait: number }
}
