// The vault as the agent holds it: one open file, one set of keys, and the rules for when the keys go away. Every
// conversation gets its own scoped handle from here; the keys themselves never leave this process.
import { utf8 } from '../lib/bytes.ts'
import { Failure } from '../lib/errors.ts'
import { lockMemory, sleptMilliseconds } from '../lib/native.ts'
import { vaultFile } from '../lib/paths.ts'
import { Secret } from '../lib/secret.ts'
import type { AgentEvent, AgentStatus, Asked, Broker, Grant, Reason, TokenWish } from '../modes/agent/broker.ts'
import type { TokenInfo, Tokens } from '../modes/agent/tokens.ts'
import { Turnstile } from '../modes/agent/turnstile.ts'
import type { Work } from '../modes/agent/turnstile.ts'
import type { Store } from '../store/store.ts'
import type { Vault } from '../vault/vault.ts'
import type { Names, View } from '../vault/view.ts'
import { Admission } from './admission.ts'
import { AgentGuests } from './agent-guests.ts'

/** How often the clocks are looked at when nobody asks anything, in milliseconds. */
const TICK = 5_000
/**
 * Longer sleep ends the trust. So does a wall clock that ran ahead of ours by so much: it was set, or a virtual machine
 * was stopped, which its own clocks do not notice.
 */
const JUMP = 30_000
const NONCE_BYTES = 32
const TOKEN_BYTES = 32

export interface BrokerOptions {
  directory: string
  version: string
  socket: string
  /** How long a request waits for the write lock of another process. */
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
  /** Whether clients can still find the agent; asked from time to time. */
  reachable?: () => boolean
  /** Shows the owner that an AI agent waits for a word. */
  notify?: (title: string, words: string) => void
  /** How long the machine has slept since it started, in milliseconds; the kernel's answer by default. */
  slept?: () => number
}

export class VaultBroker implements Broker {
  readonly about: { version: string; pid: number }
  /** Set once, right after construction. */
  guests!: AgentGuests
  readonly #admission: Admission
  readonly #options: BrokerOptions
  readonly #store: Store
  /** Another one on the same file, locked. */
  readonly #openVault: () => Vault
  readonly #random: (size: number) => Uint8Array
  readonly #turnstile: Turnstile
  readonly #hearers = new Set<(event: AgentEvent) => void>()
  readonly #started = performance.now()
  readonly #eras = new WeakMap<View, number>()
  #vault: Vault
  #timer: ReturnType<typeof setTimeout> | undefined
  /** Counts unlockings: a handle of an earlier one is of no use. */
  #era = 0
  #used = performance.now()
  #unlockedAt = 0
  #drift = Date.now() - performance.now()
  readonly #slept: () => number
  #sleptBefore: number
  /** Locked as soon as what replaces the file is done; to everybody else it is locked already. */
  #locking: Promise<void> | undefined
  #forgetting = false
  #stopping = false

  /** Opens the vault of the directory, locked. Throws what opening throws. */
  static async open(options: BrokerOptions): Promise<VaultBroker> {
    const [{ openLmdb }, { TABLES }, { Vault }, { randomBytes }] = await Promise.all([
      import('../store/lmdb.ts'),
      import('../vault/schema.ts'),
      import('../vault/vault.ts'),
      import('../crypto/random.ts'),
    ])
    // The event loop must not stand still over somebody's lock: the turnstile waits, the store does not.
    const tables = { tables: TABLES, lockMilliseconds: 0 }
    const store = await openLmdb(vaultFile(options.directory), { ...tables, mode: 'write' })
    try {
      const openCopy = async (copy: string): Promise<Store> =>
        (await import('../store/aside.ts')).openAside(copy, tables)
      const open = (): Vault => Vault.open(store, { protect: lockMemory, openCopy })
      const broker = new VaultBroker(store, open, randomBytes, options)
      const { directory, note, notify = () => undefined } = options
      broker.guests = await AgentGuests.open({
        ...{ directory, note, notify, random: randomBytes },
        vault: () => broker.#vault,
        perform: (work) => broker.perform(work),
        prove: (passphrase) => broker.prove(passphrase),
      })
      return broker
    } catch (error) {
      await store.close()
      throw error
    }
  }

  private constructor(
    store: Store,
    openVault: () => Vault,
    random: (size: number) => Uint8Array,
    options: BrokerOptions,
  ) {
    this.#store = store
    this.#openVault = openVault
    this.#random = random
    this.#vault = openVault()
    this.#options = options
    this.#admission = new Admission(options.tokens, options.requireToken, (asked, via) => this.guests.asker(asked, via))
    this.#turnstile = new Turnstile(
      { together: (act) => this.#together(act), alone: () => this.#alone() },
      options.lockMilliseconds,
    )
    this.about = { version: options.version, pid: process.pid }
    this.#slept = options.slept ?? sleptMilliseconds
    this.#sleptBefore = this.#slept()
    this.#wind()
  }

  get unlocked(): boolean {
    return this.#vault.unlocked && !this.#locking
  }

  nonce(): Uint8Array {
    return this.#random(NONCE_BYTES)
  }

  admit(asked: Asked, token: unknown, nonce: Uint8Array | undefined): Grant {
    return this.#admission.admit(asked, token, nonce)
  }

  admitPlain(asked: Asked, token: string, project: string | undefined): Grant {
    return this.#admission.admitPlain(asked, token, project)
  }

  recheck(grant: Grant): void {
    const { tokenId } = grant
    if (tokenId !== undefined && !this.#options.tokens.holds(tokenId)) {
      throw new Failure('denied', 'the token is over', { hint: 'ask the owner for another one' })
    }
    if (!isGuest(grant)) return
    this.guests.check(grant)
    this.guests.renew(grant)
  }

  fresh(): void {
    this.#look()
    this.#store.refresh()
    if (this.#vault.unlocked && !this.#vault.belongs()) void this.lock('rotated')
  }

  perform(work: Work): () => boolean {
    return this.#turnstile.add(work)
  }

  names(grant: Grant): Names {
    return isGuest(grant) ? this.guests.names(grant) : this.#vault.names(grant.asker)
  }

  view(grant: Grant): View {
    if (!this.unlocked) throw new Failure('locked', 'the agent is locked', { hint: 'tvault unlock' })
    const view = isGuest(grant) ? this.guests.view(grant) : this.#vault.view(grant.asker)
    this.#eras.set(view, this.#era)
    return view
  }

  current(view: View | undefined): View | undefined {
    return view && this.unlocked && this.#eras.get(view) === this.#era ? view : undefined
  }

  /** Throws `wrong_passphrase` for one that is not this vault's. Does not wipe it. */
  async prove(passphrase: Secret): Promise<void> {
    const another = this.#openVault()
    try {
      another.unlock(passphrase)
    } finally {
      another.lock()
    }
  }

  async unlock(passphrase: Secret): Promise<void> {
    while (this.#turnstile.alone) await this.#turnstile.alone
    if (this.#stopping) throw new Failure('locked', 'the agent is ending')
    this.#store.refresh()
    // Beside the present one: a wrong passphrase must not take the key away from everybody.
    const fresh = this.#openVault()
    fresh.unlock(passphrase)
    this.#turnstile.flush()
    this.#vault.lock()
    this.#vault = fresh
    this.#era += 1
    this.#unlockedAt = performance.now()
    this.#used = performance.now()
    clearTimeout(this.#timer)
    this.#wind()
    this.#tell({ event: 'unlocked', reason: 'asked' })
    this.#options.note('unlocked')
  }

  lock(reason: Reason): Promise<void> {
    if (this.#locking) return this.#locking
    if (!this.#vault.unlocked || this.#forgetting) return Promise.resolve()
    const { alone } = this.#turnstile
    if (!alone) {
      this.#forget(reason)
      return Promise.resolve()
    }
    // Keys that go away in the middle would leave half of the work undone; nobody is given anything from now on.
    this.#locking = alone.then(() => {
      this.#locking = undefined
      this.#forget(reason)
    })
    return this.#locking
  }

  stop(reason: Reason): void {
    if (this.#stopping) return
    this.#stopping = true
    clearTimeout(this.#timer)
    this.#tell({ event: 'stopping', reason })
    void this.lock(reason).then(() => this.#options.stopped(reason))
  }

  /** The keys go away at once, whatever is going on: for a process that ends. */
  wipe(): void {
    this.#vault.lock()
  }

  /** Closes the file. The broker is of no use afterwards. */
  async close(): Promise<void> {
    clearTimeout(this.#timer)
    this.wipe()
    await this.#store.close()
  }

  touch(): void {
    this.#look()
    this.#used = performance.now()
  }

  status(grant: Grant): AgentStatus {
    const { idle, socket } = this.#options
    const since = performance.now() - this.#used
    return {
      pid: process.pid,
      socket,
      project: this.currentProject(grant) || (grant.served ? 'default' : ''),
      unlocked: this.unlocked,
      uptime_seconds: Math.floor((performance.now() - this.#started) / 1000),
      idle_remaining_seconds: idle === 0 ? 0 : Math.max(1, Math.ceil((idle - since) / 1000)),
      ...(grant.asker.principal.kind === 'owner' && this.guests.counts()),
    }
  }

  currentProject(grant: Grant): string {
    try {
      this.fresh()
      return grant.served ? this.names(grant).currentProject() : ''
    } catch {
      // How the agent is must be said even when its file is gone or damaged.
      return ''
    }
  }

  newToken({ label, scope, seconds, uses }: TokenWish): { token: Secret; info: TokenInfo } {
    const token = new Secret(
      utf8(`tvt_${this.#random(TOKEN_BYTES).toBase64({ alphabet: 'base64url', omitPadding: true })}`),
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

  #together(act: () => void): boolean {
    const release = this.#store.reserve()
    if (!release) return false
    try {
      this.fresh()
      this.#store.commit(act)
      return true
    } finally {
      release()
    }
  }

  #alone(): (() => void) | undefined {
    const release = this.#store.reserve()
    if (!release) return undefined
    try {
      this.fresh()
      return release
    } catch (error) {
      release()
      throw error
    }
  }

  #forget(reason: Reason): void {
    this.#forgetting = true
    this.#turnstile.flush()
    this.#forgetting = false
    this.#era += 1
    this.guests.clear()
    this.#vault.lock()
    // Cipher contexts that used the keys are zeroed when they are collected.
    Bun.gc(true)
    this.#tell({ event: 'locked', reason })
    this.#options.note(`locked (${reason})`)
  }

  /** Ends the trust that has run out. Before every act, and by the timer. */
  #look(): void {
    if (this.#stopping) return
    const now = performance.now()
    const { idle, limit } = this.#options
    const drift = Date.now() - now
    const slept = this.#slept()
    const jumped = drift - this.#drift > JUMP || slept - this.#sleptBefore > JUMP
    this.#drift = drift
    this.#sleptBefore = slept
    if (jumped) void this.lock('resumed')
    if (limit > 0 && this.#vault.unlocked && now - this.#unlockedAt >= limit) void this.lock('limit')
    if (idle > 0 && now - this.#used >= idle) this.stop('idle')
  }

  /** Looks again when the next thing runs out, but not too late after the machine slept. */
  #wind(): void {
    const now = performance.now()
    const { idle, limit } = this.#options
    const due = [TICK]
    if (idle > 0) due.push(idle - (now - this.#used))
    if (limit > 0 && this.#vault.unlocked) due.push(limit - (now - this.#unlockedAt))
    this.#timer = setTimeout(
      () => {
        this.#look()
        // An agent that nobody finds would hold the key and could not be told to let go.
        if (this.#options.reachable?.() === false) this.stop('gone')
        if (!this.#stopping) this.#wind()
      },
      Math.max(10, Math.min(...due)),
    )
  }

  #tell(event: AgentEvent): void {
    for (const hear of this.#hearers) hear(event)
  }
}

function isGuest({ asker }: Grant): boolean {
  return asker.principal.kind === 'mcp'
}
