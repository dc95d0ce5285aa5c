// What a command may ask of the agent and of the service that starts it: types only. The context makes them
// (context/agent-access.ts).
import type { Secret } from '../lib/secret.ts'
import type { Pending } from '../modes/agent/approvals.ts'
import type { AgentStatus, TokenWish } from '../modes/agent/broker.ts'
import type { LockedOut } from '../modes/agent/lockouts.ts'
import type { TokenInfo } from '../modes/agent/tokens.ts'

/** What `agent start` was told. */
export interface AgentWish {
  /** 0: never. */
  idleSeconds: number
  limitSeconds: number
  locked: boolean
  requireToken: boolean
  tokenFile: string | undefined
  logDirectory: string | undefined
  logLevel: 'debug' | 'info' | 'warn' | 'error' | undefined
}

/** The agent of the vault directory, from outside. Everything but `serve` and `status` fails `not_found` without one. */
export interface AgentAccess {
  /** Becomes the agent; returns why it ended. */
  serve(wish: AgentWish): Promise<string>
  status(): Promise<({ running: true } & AgentStatus) | { running: false; stale_socket: boolean }>
  /** Starts one in the background when there is none, and gives it the passphrase. */
  unlock(wish: { idle: string | undefined; limit: string | undefined }): Promise<{ started: boolean; pid: number }>
  lock(): Promise<{ pid: number }>
  /** Returns when its place is free. */
  stop(): Promise<void>
  newToken(wish: TokenWish): Promise<{ token: Secret; info: TokenInfo }>
  tokens(): Promise<TokenInfo[]>
  revokeToken(id: string): Promise<boolean>
  /** What waits for the owner, and clients that are locked out. */
  approvals(): Promise<Waiting>
  /** Says yes, with the passphrase, which the caller wipes. Throws `not_found`, `wrong_passphrase`. */
  approve(id: string, passphrase: Secret, wish: { uses?: number; seconds?: number }): Promise<Pending>
  /** Throws `not_found`. */
  deny(id: string): Promise<Pending>
  /** Lets clients in again that were locked out; how many. */
  forgive(client: string | undefined): Promise<number>
  /** Makes servers for AI agents forget a key that they have of their own. Throws `failed`. */
  lockServers(): Promise<void>
  /** The service that lets the system start the agent. */
  service(): Promise<AgentService>
  /** The file of the log: the newest `lines` of it, and what is there. */
  log(options: { directory: string | undefined; lines: number; clear: boolean }): Promise<AgentLogState>
}

export interface Waiting {
  pending: readonly Pending[]
  locked_out: readonly LockedOut[]
}

/** What the service file says about how the agent is started. */
export interface ServiceWish {
  idle: string | undefined
  passphraseFile: string | undefined
  logDirectory: string | undefined
  logLevel: string | undefined
}

/** A unit of systemd or a launch agent of macOS, of this user. */
export interface AgentService {
  readonly path: string
  readonly installed: boolean
  /** The text of the file. */
  print(wish: ServiceWish): string
  /** Writes it and, when `load` is set, tells the service manager. Without one it fails and leaves nothing behind. */
  install(wish: ServiceWish, load: boolean): Promise<void>
  /** Throws `not_found` when it is not installed. */
  uninstall(): Promise<void>
  restart(): Promise<void>
}

export interface AgentLogState {
  path: string
  exists: boolean
  size_bytes: number
  lines: string[]
}
