// AI agents at the agent process: their rules, what waits for the owner, and who asked for too much. All of it but the
// rules and the budgets is in memory, and gone when the vault is locked.
import { Failure } from '../lib/errors.ts'
import type { Asker } from '../lib/gate.ts'
import { principalName } from '../lib/gate.ts'
import { printable } from '../lib/names.ts'
import { Approvals } from '../modes/agent/approvals.ts'
import type { Pending, Use } from '../modes/agent/approvals.ts'
import type { Asked, Grant, Guests } from '../modes/agent/broker.ts'
import { ProtocolFault } from '../modes/agent/frames.ts'
import { DECLINED } from '../modes/agent/guest.ts'
import type { GuestOperation } from '../modes/agent/guest.ts'
import { Lockouts } from '../modes/agent/lockouts.ts'
import type { LockedOut } from '../modes/agent/lockouts.ts'
import { unheard } from '../modes/agent/turnstile.ts'
import type { Work } from '../modes/agent/turnstile.ts'
import type { Secret } from '../lib/secret.ts'
import type { Vault } from '../vault/vault.ts'
import type { View } from '../vault/view.ts'
import { GuestRedaction } from './guest-redaction.ts'
import { McpGate } from './mcp-gate.ts'
import { DEFAULT_TERMS } from './permits.ts'

const MOST_REFUSALS = 40
const LONGEST_RULE = 200
const MOST_PROJECTS = 100
/** Failures of this kind are no search. */
const NO_SEARCH = ['approval_required', 'approval_denied', 'budget_exhausted', 'locked_out']

export interface GuestsOptions {
  directory: string
  random: (size: number) => Uint8Array
  vault: () => Vault
  perform: (work: Work) => unknown
  /** Throws `wrong_passphrase`. */
  prove: (passphrase: Secret) => Promise<void>
  /** For the log of the agent. */
  note: (line: string) => void
  /** Shows the owner that something waits; best effort. */
  notify: (title: string, words: string) => void
  now?: () => number
}

export class AgentGuests implements Guests {
  readonly #options: GuestsOptions
  readonly #gate: McpGate
  readonly #approvals: Approvals
  readonly #lockouts: Lockouts
  readonly #redacting: GuestRedaction

  static async open(options: GuestsOptions): Promise<AgentGuests> {
    const { random, note, notify, now = () => performance.now() } = options
    const asked = ({ client, command, id }: Pending): void => {
      note(`${printable(client)} waits for the owner: ${command} (${id})`)
      notify('tvault: an AI agent waits', `${plain(client)} asks for ${command}. Decide with: tvault approvals`)
    }
    const approvals = new Approvals({ now, random, asked })
    return new AgentGuests(options, await McpGate.load(options.directory, approvals), approvals, now)
  }

  private constructor(options: GuestsOptions, gate: McpGate, approvals: Approvals, now: () => number) {
    this.#options = options
    this.#gate = gate
    this.#approvals = approvals
    this.#lockouts = new Lockouts({ now, most: MOST_REFUSALS, told: (locked) => this.#lockedOut(locked) })
    this.#redacting = new GuestRedaction(gate, options)
  }

  /** Who an AI agent is, with the rules of now. Throws `failed` and `corrupt` for a policy that is no use. */
  asker({ command, effect, mcp }: Asked, via: Readonly<Record<string, string | number>>): Asker {
    const { client, version, act, notes } = mcp!
    return this.#gate.asker(this.#options.vault(), {
      ...{ client, version, command, effect, act },
      via: { ...notes, via: 'mcp', ...via },
    })
  }

  /** Has it judged by the rules of now. */
  renew({ asker }: Grant): void {
    this.#gate.renew(this.#options.vault(), asker)
  }

  names({ asker }: Grant): ReturnType<McpGate['names']> {
    return this.#gate.names(this.#options.vault(), asker)
  }

  view({ asker, process = '' }: Grant): View {
    return this.#gate.view(this.#options.vault(), asker, process)
  }

  left(grant: Grant): void {
    this.#redacting.left(grant)
  }

  /** Nothing is approved any more. */
  clear(): void {
    this.#gate.redactions.wipe()
    this.#approvals.clear()
    this.#gate.forget()
  }

  check(grant: Grant): void {
    const { client, process } = who(grant)
    this.#lockouts.check(client, process)
  }

  failed(grant: Grant, { kind, code }: Failure): void {
    const isSearch = kind === 'denied' || kind === 'not_found'
    if (!isSearch || (code !== undefined && NO_SEARCH.includes(code))) return
    const { client, process } = who(grant)
    this.#lockouts.refused(client, process)
  }

  /** One that happened before the agent was asked. */
  #refused(grant: Grant, rule: string, tool: string): void {
    const { client, process } = who(grant)
    this.#write(grant, { rule: printable(rule.slice(0, LONGEST_RULE)), ...(tool !== '' && { tool: printable(tool) }) })
    this.#lockouts.refused(client, process)
  }

  ask(grant: Grant, op: GuestOperation, args: readonly unknown[]): unknown {
    const [first, second, third] = args
    const mine = who(grant)
    switch (op) {
      case 'permit':
        return this.#approvals.answer(text(first), mine)
      case 'withdraw':
        return this.#withdraw(grant, text(first), second === DECLINED)
      case 'session-status':
        return this.#approvals.session(mine)
      case 'session-request':
        return this.#approvals.askSession(this.#use(grant, text(first)), this.#terms(grant))
      case 'refused':
        return this.#refused(grant, text(first) || 'refused', text(second))
      case 'redact-begin':
        return this.#redacting.begin(grant, texts(first))
      case 'redact':
        return this.#redacting.pass(grant, first, second, third)
    }
  }

  #withdraw(grant: Grant, id: string, declined: boolean): void {
    const waited = this.#approvals.withdraw(id, who(grant), declined)
    if (waited && declined) this.#write(grant, { rule: 'declined at the client', request: id })
  }

  counts(): { approvals_waiting: number; clients_locked_out: number } {
    const { pending, locked_out: out } = this.list()
    return { approvals_waiting: pending.length, clients_locked_out: out.length }
  }

  list(): { pending: Pending[]; locked_out: LockedOut[] } {
    return { pending: this.#approvals.list(), locked_out: this.#lockouts.list() }
  }

  async approve(
    grant: Grant,
    id: string,
    passphrase: Secret,
    wish: { uses?: number; seconds?: number },
  ): Promise<Pending> {
    await this.#options.prove(passphrase)
    const done = this.#approvals.approve(id, wish)
    this.#write(grant, { ...decided(done), decision: 'approved' })
    return done
  }

  deny(grant: Grant, id: string): Pending {
    const done = this.#approvals.deny(id)
    this.#write(grant, { ...decided(done), decision: 'refused' })
    return done
  }

  forgive(_: Grant, client: string | undefined): number {
    return this.#lockouts.forgive(client)
  }

  #use(grant: Grant, purpose: string): Use {
    const { principal } = grant.asker
    const version = principal.kind === 'mcp' ? principal.version : ''
    const rest = { command: 'session', effect: 'inject', project: '', keys: [], rule: '' } as const
    return { ...who(grant), version, ...rest, act: { purpose } }
  }

  #terms({ asker }: Grant): typeof DEFAULT_TERMS {
    const { principal } = asker
    return (principal.kind === 'mcp' && principal.rules.own?.session) || DEFAULT_TERMS
  }

  #lockedOut({ client, refusals }: LockedOut): void {
    const { note, notify } = this.#options
    note(`${printable(client)} is locked out: ${refusals} refusals within a minute`)
    notify('tvault: an AI agent is locked out', `${plain(client)} was refused ${refusals} times within a minute`)
  }

  /** A row in the name of who asks, with the next commit. While the vault is locked nothing can be written. */
  #write({ asker }: Grant, metadata: Readonly<Record<string, string>>): void {
    const vault = this.#options.vault()
    if (asker.principal.kind === 'mcp') this.#options.perform(unheard(() => vault.refused(asker, metadata)))
    else this.#options.perform(unheard(() => vault.approved(asker, metadata)))
  }
}

function who({ asker, process = '' }: Grant): { client: string; process: string } {
  if (asker.principal.kind === 'mcp') return { client: asker.principal.client, process }
  throw new Failure('denied', `${principalName(asker.principal)} is no AI agent`)
}

function decided({ id, kind, client, command, project, keys }: Pending): Record<string, string> {
  const about = { request: id, kind, client: printable(client), for: command }
  return { ...about, ...(keys.length > 0 && { on: printable(`${project}: ${keys.slice(0, 20).join(' ')}`) }) }
}

function text(value: unknown): string {
  if (typeof value === 'string' && value.length <= 4096) return value
  throw new ProtocolFault('an argument that is no text')
}

function texts(value: unknown): string[] {
  if (Array.isArray(value) && value.length <= MOST_PROJECTS) return value.map(text)
  throw new ProtocolFault('an argument that is no list of texts')
}

/** For a notification: what a client says of itself, in signs that mean nothing. */
function plain(said: string): string {
  return said.replace(/[^A-Za-z0-9._ -]+/g, '_').slice(0, 40)
}
