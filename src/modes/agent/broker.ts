// What the agent's conversations ask of whoever holds the vault (context/broker.ts): admission, handles, the lock.
// Types only. A grant is the answer to a hello and stays with its connection; nothing that a client says later widens it.
import type { Asker, Effect, TokenScope } from '../../lib/gate.ts'
import type { Peer } from '../../lib/native-socket.ts'
import type { Failure } from '../../lib/errors.ts'
import type { Secret } from '../../lib/secret.ts'
import type { Names, View } from '../../vault/view.ts'
import type { Pending } from './approvals.ts'
import type { Guest, GuestOperation } from './guest.ts'
import type { LockedOut } from './lockouts.ts'
import type { TokenInfo } from './tokens.ts'
import type { Work } from './turnstile.ts'

/** What somebody says who wants to be admitted. */
export interface Asked {
  command: string
  effect: Effect
  interactive: boolean
  peer: Peer
  /** An AI agent, by its own words. */
  mcp?: Guest
}

export interface Grant {
  asker: Asker
  /** The first eight hex digits of the token's hash; absent for who showed none. */
  tokenId?: string
  /** May unlock (which takes the passphrase), lock and end the agent. */
  governs: boolean
  /** Is given the vault; not so where a token is required and none was shown. */
  served: boolean
  /** The process of an AI agent: number and start time. */
  process?: string
  /** Showed a token of limited scope. */
  limited?: boolean
}

/** Why the vault was locked or the agent ends. */
export type Reason = 'asked' | 'idle' | 'limit' | 'resumed' | 'rotated' | 'signal' | 'gone'

export type AgentEvent = { event: 'locked' | 'unlocked' | 'stopping'; reason: Reason }

export interface AgentStatus {
  pid: number
  socket: string
  project: string
  unlocked: boolean
  uptime_seconds: number
  /** 0: no limit. */
  idle_remaining_seconds: number
  /** Uses of AI agents that wait for the owner, and clients that are locked out; told to the owner. */
  approvals_waiting?: number
  clients_locked_out?: number
}

/** AI agents at this agent: what they may ask beside the vault, and what the owner decides about them. */
export interface Guests {
  /** Throws `denied` with code `locked_out`. */
  check(grant: Grant): void
  /** Counts a call that failed, if it was a refusal or named what is not there. */
  failed(grant: Grant, failure: Failure): void
  /** What one of them asks about itself; may be a promise. Throws ProtocolFault for bad arguments. */
  ask(grant: Grant, op: GuestOperation, args: readonly unknown[]): unknown
  /** Its connection is gone. */
  left(grant: Grant): void
  list(): { pending: Pending[]; locked_out: LockedOut[] }
  /** The owner's word, with the passphrase. Throws `not_found`, `wrong_passphrase`. */
  approve(grant: Grant, id: string, passphrase: Secret, wish: { uses?: number; seconds?: number }): Promise<Pending>
  deny(grant: Grant, id: string): Pending
  /** How many clients that were locked out are let in again. */
  forgive(grant: Grant, client: string | undefined): number
}

/** What `agent token new` asks for. */
export interface TokenWish {
  label: string
  scope: TokenScope
  seconds: number
  uses: number | undefined
}

export interface Broker {
  readonly unlocked: boolean
  /** Told in the answer to a hello: version and pid. */
  readonly about: { version: string; pid: number }
  readonly guests: Guests
  /** 32 fresh bytes for a token's proof. */
  nonce(): Uint8Array
  /**
   * Who this is. `token` is what the hello says: absent for the owner, else id and proof over `nonce` (v2). Throws
   * `denied` when tokens are required, or this one is unknown, expired or used up.
   */
  admit(asked: Asked, token: unknown, nonce: Uint8Array | undefined): Grant
  /** The same for v1, where the token itself is sent. Throws `denied`. */
  admitPlain(asked: Asked, token: string, project: string | undefined): Grant
  /** Throws `denied` when the token of the grant was revoked or is over. */
  recheck(grant: Grant): void
  /** Makes sure that the newest file is open and its keys are the ones held; before anything that is not `perform`ed. */
  fresh(): void
  /** Has `work` done in its turn, on a fresh file. What is returned takes it back, and says whether it was not begun. */
  perform(work: Work): () => boolean
  /** The half that needs no key. */
  names(grant: Grant): Names
  /** Throws `locked`. */
  view(grant: Grant): View
  /** `view` if it still belongs to the present keys. */
  current(view: View | undefined): View | undefined
  /** Throws `wrong_passphrase`, and leaves everything as it is then. Does not wipe it. */
  unlock(passphrase: Secret): Promise<void>
  /** Resolves when the keys are gone. What is in the middle of replacing the file may finish that before. */
  lock(reason: Reason): Promise<void>
  stop(reason: Reason): void
  /** The idle time begins anew. */
  touch(): void
  status(grant: Grant): AgentStatus
  /** The name of the current project; empty when there is none, or the grant does not reach it. Throws nothing. */
  currentProject(grant: Grant): string
  /** A fresh token, printable, for its bearer alone; what it may do is fixed now. */
  newToken(wish: TokenWish): { token: Secret; info: TokenInfo }
  tokens(): TokenInfo[]
  /** Whether there was one with this id. */
  revokeToken(id: string): boolean
  /** Calls `hear` for every event until what it returns is called. */
  subscribe(hear: (event: AgentEvent & Record<string, unknown>) => void): () => void
}
