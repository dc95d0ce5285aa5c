// What the server asks of whoever holds the vault (context/mcp.ts). Types only. Everything it gets is scoped to one
// client and one command; there is no way from here to the vault without a policy.
import type { Context } from '../../commands/context.ts'
import type { Command } from '../../commands/define.ts'
import type { Act, McpRules, Principal } from '../../lib/gate.ts'

export interface HostCall {
  command: Command
  principal: Principal
  /** The project that the client named or chose. */
  project: string | undefined
  progress: (done: number, total: number) => void
  /** What the rows of the audit log say in addition. */
  audit: Readonly<Record<string, string>>
  /** The client takes the call back, or is gone. */
  signal: AbortSignal
  /** The rest of the call does not need the vault: the next one may begin. */
  leave: () => void
  /** What is done with the values, for rules that are about that. */
  act?: Act
}

/** What a session of tier 2 has left; bound to the client and this server. */
export interface SessionLeft {
  locked: boolean
  uses_left: number
  seconds_left: number
  pending: number
  /** Whether an agent runs, without which nobody can approve. */
  agent: boolean
}

/** The surroundings of one call. `meant` is the project it was about, once the command has asked. */
export interface CallContext {
  context: Context
  meant(): string
}

export interface Host {
  readonly version: string
  /** Throws `failed` for a policy file that is broken and counts. Quick: the vault is not opened without need. */
  checkRules(): Promise<void>
  /** The rules of now, and whether they changed since the last question. Throws `failed` for a broken policy. */
  rules(): Promise<{ rules: McpRules; changed: boolean }>
  context(call: HostCall): Promise<CallContext>
  /** Writes down that a call was refused before it came to the vault. Never throws. */
  refused(call: { command: string; tool: string; principal: Principal; rule: string }): Promise<void>
  /**
   * Does `attempt`; when it ends with `approval_required`, waits for the owner's word and does it once more. Throws
   * `denied` (approval_denied, approval_expired, approval_required when nobody can be asked), `cancelled`.
   */
  withApproval?<T>(
    wait: { principal: Principal; signal: AbortSignal; progress: (done: number, total: number) => void },
    attempt: () => Promise<T>,
  ): Promise<T>
  sessionStatus?(principal: Principal): Promise<SessionLeft>
  /** Only asks; the owner decides. */
  sessionUnlock?(principal: Principal, purpose: string): Promise<{ request: string; seconds: number }>
  /** Opens the vault if nobody has to be asked, so that the first call need not wait. Never throws. */
  warm(): Promise<void>
  /** The client works in these directories (URIs): nothing outside of them is reached from now on. */
  narrow?(uris: readonly string[]): void
  /** For the owner, on standard error. */
  note(text: string): void
}
