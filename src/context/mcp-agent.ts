// An MCP server as a client of the agent. It is served as the AI agent that it speaks for, by rules that the agent keeps,
// and never as the owner. What only the agent can do is asked here too: the owner's word, and sessions.
import { build } from '../lib/build.ts'
import { Failure, toFailure } from '../lib/errors.ts'
import type { Asker, Effect, Principal } from '../lib/gate.ts'
import type { Answer } from '../modes/agent/approvals.ts'
import type { AgentClient } from '../modes/agent/client.ts'
import { DECLINED } from '../modes/agent/guest.ts'
import type { Guest } from '../modes/agent/guest.ts'
import type { AskByPage, Host, HostCall, PageOfQuestion, SessionLeft } from '../modes/mcp/host.ts'
import { agentSession } from './agent.ts'
import type { AgentCaller, AgentSession } from './agent.ts'
import { ownersWord } from './mcp-approval.ts'
import type { Taken } from './passphrase.ts'
import { noOneToAsk } from './permits.ts'

/** What the agent takes of a client's words. */
const LONGEST_CLIENT = 200
const LONGEST_NOTE = 300
const UNKNOWN: Guest = { client: 'unknown', version: '', act: {}, notes: {} }

interface Options {
  directory: string
  taken: Taken
  noAgent: boolean
  note: (text: string) => void
}

/** The client's way to end a wait, and the page beside it. */
type Wait = Parameters<NonNullable<Host['withApproval']>>[0]
type Page = Parameters<NonNullable<Host['sessionUnlock']>>[2]

export class AgentSide {
  readonly #options: Options
  /** Requests for which a page is shown: the same question again shows no second one. */
  readonly #shown = new Set<string>()
  /** Waits that nobody waits for. */
  readonly #following = new Set<Promise<unknown>>()

  constructor(options: Options) {
    this.#options = options
  }

  /** A session for one command of an AI agent, when an agent runs and has the key. The caller closes it. */
  session(
    { command, effect, act = {}, principal }: Asker,
    audit: HostCall['audit'],
  ): Promise<AgentSession | undefined> {
    const notes = Object.fromEntries(Object.entries(audit).map(([name, said]) => [name, said.slice(0, LONGEST_NOTE)]))
    return this.#open(command, effect, { ...clientOf(principal), act, notes })
  }

  /** Whether there is an agent that has the key. */
  async runs(): Promise<boolean> {
    const session = await this.#open('mcp', 'none', UNKNOWN)
    session?.close()
    return session !== undefined
  }

  /** Tells the agent of a refusal before it was asked; false when there is none. */
  async refused(principal: Principal, said: { command: string; tool: string; rule: string }): Promise<boolean> {
    const { command, tool, rule } = said
    const told = await this.#ask(principal, command, (client) => {
      client.request({ op: 'refused' }, [rule.slice(0, LONGEST_NOTE), tool])
      return true
    })
    return told === true
  }

  /** Host.withApproval. */
  async withApproval<T>(wait: Wait, attempt: () => Promise<T>): Promise<T> {
    try {
      return await attempt()
    } catch (error) {
      const { code, about } = toFailure(error)
      const request = about?.['request']
      if (code !== 'approval_required' || typeof request !== 'string') throw error
      if (!(await this.#awaitWord(request, wait))) throw error
      return attempt()
    }
  }

  /** Returns true after the owner's yes, false when there is no agent. Throws like `ownersWord`. */
  async #awaitWord(request: string, { principal, signal, progress, byPage }: Wait): Promise<boolean> {
    const waited = await this.#ask(principal, 'mcp', async (client) => {
      const page = byPage && (await this.#show(request, byPage))
      try {
        await ownersWord({
          look: async () => client.request({ op: 'permit' }, [request]) as { answer: Answer; seconds: number },
          withdraw: async (declined) =>
            void client.request({ op: 'withdraw' }, declined ? [request, DECLINED] : [request]),
          ...{ page, signal, progress },
        })
      } finally {
        if (page) this.#shown.delete(request)
      }
      return true
    })
    return waited === true
  }

  /** The page for a request that waits; undefined when there is one already, or none can be had. */
  async #show(request: string, byPage: AskByPage): Promise<PageOfQuestion | undefined> {
    if (this.#shown.has(request)) return undefined
    this.#shown.add(request)
    try {
      const { decisions } = await import('./agent-access.ts')
      const owner = decisions(() => this.#owner())
      const waiting = (await owner.approvals()).pending.find(({ id }) => id === request)
      if (!waiting) throw new Failure('not_found', 'no such request waits')
      return await byPage({
        waiting,
        approve: async (passphrase) => void (await owner.approve(request, passphrase, {})),
        deny: async () => void (await owner.deny(request)),
      })
    } catch (error) {
      this.#options.note(`tvault mcp: no page for the owner: ${toFailure(error).message}`)
      this.#shown.delete(request)
      return undefined
    }
  }

  /** Who sits before the page: the owner, as in a terminal. A token of the server is none of theirs. */
  #owner(): AgentCaller {
    const { directory, note } = this.#options
    const by = { command: 'mcp page', effect: 'admin', interactive: false } as const
    return { ...by, directory, version: build.version, token: () => undefined, note }
  }

  /** Host.sessionStatus. */
  async status(principal: Principal): Promise<SessionLeft> {
    const left = await this.#ask(
      principal,
      'mcp',
      (client) => client.request({ op: 'session-status' }, []) as SessionLeft,
    )
    return left ? { ...left, agent: true } : { locked: true, uses_left: 0, seconds_left: 0, pending: 0, agent: false }
  }

  /** Host.sessionUnlock. Throws `denied` without an agent. */
  async askSession(principal: Principal, purpose: string, page: Page): Promise<{ request: string; seconds: number }> {
    const args = [purpose.slice(0, LONGEST_NOTE)]
    const asked = await this.#ask(
      principal,
      'mcp',
      (client) => client.request({ op: 'session-request' }, args) as { request: string; seconds: number },
    )
    if (!asked) throw noOneToAsk()
    if (page) this.#follow(asked.request, { principal, progress: () => undefined, ...page })
    return asked
  }

  /** Shows the page of a session until it is over. */
  #follow(request: string, wait: Wait): void {
    if (this.#shown.has(request)) return
    const following = this.#awaitWord(request, wait)
      // What was decided is told by the state of the session.
      .catch(() => undefined)
      .finally(() => this.#following.delete(following))
    this.#following.add(following)
  }

  /** Resolves when no page is shown any more for nobody. */
  async settled(): Promise<void> {
    await Promise.all(this.#following)
  }

  /** What `act` gives for a session of `principal`; undefined without an agent that has the key. */
  async #ask<T>(
    principal: Principal,
    command: string,
    act: (client: AgentClient) => T | Promise<T>,
  ): Promise<T | undefined> {
    const session = await this.#open(command, 'none', { ...clientOf(principal), act: {}, notes: {} })
    if (!session?.client) return undefined
    try {
      return await act(session.client)
    } finally {
      session.close()
    }
  }

  async #open(command: string, effect: Effect, guest: Guest): Promise<AgentSession | undefined> {
    const { noAgent, directory, taken, note } = this.#options
    if (noAgent) return undefined
    const token = (): ReturnType<typeof taken.copy> => taken.copy('TVAULT_AGENT_TOKEN')
    const asking = { command, effect, guest, interactive: false, version: build.version }
    const session = await agentSession({ ...asking, directory, token, note })
    // One that speaks only v1 gives whole values and knows nothing else.
    if (session?.client && session.unlocked) return session
    session?.close()
    return undefined
  }
}

/** The client that a principal is. Throws `internal` for somebody else. */
export function clientOf(principal: Principal): { client: string; version: string } {
  if (principal.kind !== 'mcp') throw new Failure('internal', 'a call of somebody who is no AI agent')
  const { client, version } = principal
  return { client: client.slice(0, LONGEST_CLIENT), version: version.slice(0, LONGEST_CLIENT) }
}
