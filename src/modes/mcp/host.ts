// What the server asks of whoever holds the vault (context/mcp.ts). Types only. Everything it gets is scoped to one
// client and one command; there is no way from here to the vault without a policy.
import type { Waiting } from '../../commands/agent-access.ts'
import type { Context } from '../../commands/context.ts'
import type { Command } from '../../commands/define.ts'
import type { Act, McpRules, Principal } from '../../lib/gate.ts'
import type { Secret } from '../../lib/secret.ts'

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

/** What the owner is asked, and where the answer goes. */
export interface Question {
  waiting: Waiting['pending'][number]
  /** A yes, by the way of `tvault approvals approve`. Throws `wrong_passphrase`, `not_found`. Does not wipe it. */
  approve(passphrase: Secret): Promise<void>
  /** Throws `not_found`. */
  deny(): Promise<void>
}

/** How a question ended. */
export type Ending = 'approved' | 'denied' | 'expired' | 'over'

/** A page that is shown as long as its question waits. */
export interface PageOfQuestion {
  /** Aborts when the client says that its user wants none of it: reason `decline` or `cancel`. */
  readonly turnedDown: AbortSignal
  close(how: Ending): void
}

/** Has the client open a page for the owner. Throws `failed` when there can be none. */
export type AskByPage = (question: Question) => Promise<PageOfQuestion>

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
    wait: {
      principal: Principal
      signal: AbortSignal
      progress: (done: number, total: number) => void
      /** Absent for a client that opens no pages; the owner has other ways, which stay open. */
      byPage?: AskByPage
    },
    attempt: () => Promise<T>,
  ): Promise<T>
  sessionStatus?(principal: Principal): Promise<SessionLeft>
  /** Only asks, and returns at once; the owner decides. A page is shown until then, or until `signal` ends it. */
  sessionUnlock?(
    principal: Principal,
    purpose: string,
    page?: { byPage: AskByPage; signal: AbortSignal },
  ): Promise<{ request: string; seconds: number }>
  /** Opens the vault if nobody has to be asked, so that the first call need not wait. Never throws. */
  warm(): Promise<void>
  /** The client works in these directories (URIs): nothing outside of them is reached from now on. */
  narrow?(uris: readonly string[]): void
  /** For the owner, on standard error. */
  note(text: string): void
}
