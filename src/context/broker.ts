// The vault as the agent holds it: one open file, one set of keys, and the rules for when the keys go away. Every
// conversation gets its own scoped handle from here; the keys themselves never leave this process.
import { policyFor } from '../commands/policy.ts'
import { randomBytes } from '../crypto/random.ts'
import { utf8 } from '../lib/bytes.ts'
import { Failure } from '../lib/errors.ts'
import type { Asker, Principal } from '../lib/gate.ts'
import { lockMemory } from '../lib/native.ts'
import { vaultFile } from '../lib/paths.ts'
import { Secret } from '../lib/secret.ts'
import type { AgentEvent, AgentStatus, Asked, Broker, Grant, Reason, TokenWish } from '../modes/agent/broker.ts'
import type { TokenInfo, Tokens } from '../modes/agent/tokens.ts'
import { openLmdb } from '../store/lmdb.ts'
import type { Store } from '../store/store.ts'
import { TABLES } from '../vault/schema.ts'
import { Vault } from '../vault/vault.ts'
import type { Names, View } from '../vault/view.ts'

/** How often the clocks are looked at, in milliseconds. */
const TICK = 5_000
/** A wall clock that ran ahead of the monotonic one by more than this was asleep, or was set: both end the trust. */
const JUMP = 30_000
const NONCE_BYTES = 32
const TOKEN_BYTES = 32

export interface BrokerOptions {
  directory: string
  version: string
  socket: string
  lockMilliseconds: number
  /** Milliseconds without a request until the vault is locked and the agent ends; 0: never. */
  idle: number
  /** Milliseconds from unlocking until the vault is locked; 0: never. */
  limit: number
  tokens: Tokens
  requireToken: boolean
  /** Called once, when the agent is to end. */
  stopped: (reason: Reason) => void
  note: (line: string) => void
}

export class VaultBroker implements Broker {
  readonly about: { version: string; pid: number }
  readonly #options: BrokerOptions
  readonly #store: Store
  readonly #vault: Vault
  readonly #hearers = new Set<(event: AgentEvent) => void>()
  readonly #started = performance.now()
  readonly #timer: ReturnType<typeof setInterval>
  /** Counts unlockings: a handle of an earlier one is of no use. */
  #era = 0
  readonly #eras = new WeakMap<View, number>()
  #used = performance.now()
  #unlocked = 0
  #drift = Date.now() - performance.now()
  #stopping = false

  /** Opens the vault of the directory, locked. Throws what opening throws. */
  static async open(options: BrokerOptions): Promise<VaultBroker> {
    const { directory, lockMilliseconds } = options
    const tables = { tables: TABLES, lockMilliseconds }
    const store = await openLmdb(vaultFile(directory), { ...tables, mode: 'write' })
    try {
      const openCopy = (copy: string): Promise<Store> => openLmdb(copy, { ...tables, mode: 'read' })
      return new VaultBroker(store, Vault.open(store, { protect: lockMemory, openCopy }), options)
    } catch (error) {
      await store.close()
      throw error
    }
  }

  private constructor(store: Store, vault: Vault, options: BrokerOptions) {
    this.#store = store
    this.#vault = vault
    this.#options = options
    this.about = { version: options.version, pid: process.pid }
    this.#timer = setInterval(() => this.#look(), TICK)
  }

  get unlocked(): boolean {
    return this.#vault.unlocked
  }

  nonce(): Uint8Array {
    return randomBytes(NONCE_BYTES)
  }

  admit(asked: Asked, token: unknown, nonce: Uint8Array | undefined): Grant {
    if (token === undefined || token === null) return this.#owner(asked)
    const { id, proof } = token as Record<string, unknown>
    const shown =
      typeof id === 'string' && typeof proof === 'string' && /^[0-9a-f]{64}$/.test(proof) ? proof : undefined
    const known =
      shown && nonce ? this.#options.tokens.byProof(String(id), Uint8Array.fromHex(shown), nonce) : undefined
    if (known) return this.#bearer(asked, known)
    throw new Failure('denied', 'the token is unknown, over or used up', { hint: 'tvault agent token list' })
  }

  admitPlain(asked: Asked, token: string, project: string | undefined): Grant {
    if (token === '' && !this.#options.requireToken) return this.#owner(asked)
    const known = token === '' ? undefined : this.#options.tokens.byItself(token)
    // A token that nobody needs is not looked at: the peer's clients send what is in their environment.
    if (!known && !this.#options.requireToken) return this.#owner(asked)
    if (!known) throw new Failure('denied', 'token required or invalid')
    if (project !== undefined && known.scope.project !== undefined && known.scope.project !== project) {
      throw new Failure('denied', `token not in scope for project ${JSON.stringify(project)}`)
    }
    const unlimited = Object.keys(known.scope).length === 0
    return unlimited ? { ...this.#owner(asked, known.id), tokenId: known.id } : this.#bearer(asked, known)
  }

  recheck({ tokenId }: Grant): void {
    if (tokenId === undefined || this.#options.tokens.holds(tokenId)) return
    throw new Failure('denied', 'the token is over', { hint: 'ask the owner for another one' })
  }

  names(grant: Grant): Names {
    this.#fresh()
    return this.#vault.names(grant.asker)
  }

  view(grant: Grant): View {
    this.#fresh()
    if (!this.#vault.unlocked) {
      throw new Failure('locked', 'the agent is locked', { hint: 'tvault unlock' })
    }
    const view = this.#vault.view(grant.asker)
    this.#eras.set(view, this.#era)
    return view
  }

  current(view: View | undefined): View | undefined {
    this.#fresh()
    return view && this.#vault.unlocked && this.#eras.get(view) === this.#era ? view : undefined
  }

  async unlock(passphrase: Secret): Promise<void> {
    this.#store.refresh()
    this.#vault.unlock(passphrase)
    this.#era += 1
    this.#unlocked = performance.now()
    this.touch()
    this.#tell({ event: 'unlocked', reason: 'asked' })
    this.#options.note('unlocked')
  }

  lock(reason: Reason): void {
    if (!this.#vault.unlocked) return
    this.#era += 1
    this.#vault.lock()
    // Cipher contexts that used the keys are zeroed when they are collected.
    Bun.gc(true)
    this.#tell({ event: 'locked', reason })
    this.#options.note(`locked (${reason})`)
  }

  stop(reason: Reason): void {
    if (this.#stopping) return
    this.#stopping = true
    clearInterval(this.#timer)
    this.#tell({ event: 'stopping', reason })
    this.lock(reason)
    this.#options.stopped(reason)
  }

  /** Closes the file. The broker is of no use afterwards. */
  async close(): Promise<void> {
    clearInterval(this.#timer)
    this.#vault.lock()
    await this.#store.close()
  }

  touch(): void {
    this.#used = performance.now()
  }

  status(grant: Grant): AgentStatus {
    const { idle, socket } = this.#options
    const since = performance.now() - this.#used
    return {
      pid: process.pid,
      socket,
      project: this.names(grant).currentProject() || 'default',
      unlocked: this.#vault.unlocked,
      uptime_seconds: Math.floor((performance.now() - this.#started) / 1000),
      idle_remaining_seconds: idle === 0 ? 0 : Math.max(1, Math.ceil((idle - since) / 1000)),
    }
  }

  newToken({ label, scope, seconds, uses }: TokenWish): { token: Secret; info: TokenInfo } {
    const token = new Secret(
      utf8(`tvt_${randomBytes(TOKEN_BYTES).toBase64({ alphabet: 'base64url', omitPadding: true })}`),
    )
    const info = this.#options.tokens.add(token, { scope, label, expiresAt: Date.now() + seconds * 1000, uses })
    this.#options.note(`token ${info.id} made`)
    return { token, info }
  }

  tokens(): TokenInfo[] {
    return this.#options.tokens.list()
  }

  revokeToken(id: string): boolean {
    const known = this.#options.tokens.revoke(id)
    if (known) this.#options.note(`token ${id} revoked`)
    return known
  }

  subscribe(hear: (event: AgentEvent) => void): () => void {
    this.#hearers.add(hear)
    return () => this.#hearers.delete(hear)
  }

  #owner({ command, effect, interactive, peer }: Asked, tokenId?: string): Grant {
    if (this.#options.requireToken && tokenId === undefined) {
      throw new Failure('denied', 'this agent serves only who shows a token', { hint: 'set TVAULT_AGENT_TOKEN' })
    }
    return { asker: this.#asker({ kind: 'owner', interactive }, { command, effect, interactive, peer }, tokenId) }
  }

  #bearer(asked: Asked, { id, scope }: { id: string; scope: Extract<Principal, { kind: 'token' }>['scope'] }): Grant {
    return { asker: this.#asker({ kind: 'token', id, scope }, asked, id), tokenId: id }
  }

  #asker(principal: Principal, { command, effect, peer }: Asked, tokenId: string | undefined): Asker {
    const via = {
      via: 'agent',
      peer_pid: peer.pid,
      peer_uid: peer.uid,
      ...(tokenId !== undefined && { token_id: tokenId }),
    }
    return { principal, command, effect, policy: policyFor(principal), via }
  }

  /** Looks whether another process replaced the file, and whether it still has the header of our keys. */
  #fresh(): void {
    this.#store.refresh()
    if (this.#vault.unlocked && !this.#vault.belongs()) this.lock('rotated')
  }

  #look(): void {
    const now = performance.now()
    const { idle, limit } = this.#options
    const drift = Date.now() - now
    const jumped = drift - this.#drift > JUMP
    this.#drift = drift
    if (jumped) this.lock('resumed')
    if (limit > 0 && this.#vault.unlocked && now - this.#unlocked >= limit) this.lock('limit')
    if (idle > 0 && now - this.#used >= idle) this.stop('idle')
  }

  #tell(event: AgentEvent): void {
    for (const hear of this.#hearers) hear(event)
  }
}
