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

/** Who asks. `interactive`: a person sits at a terminal that can answer questions. */
export type Principal = { kind: 'owner'; interactive: boolean }

/** How a principal is written in an audit row, for example `owner` or `owner (script)`. */
export function principalName(principal: Principal): string {
  return principal.interactive ? 'owner' : 'owner (script)'
}

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
}
