// An MCP server as a client of the agent. It is served as the AI agent that it speaks for, by rules that the agent keeps,
// and never as the owner. What only the agent can do is asked here too: the owner's word, and sessions.
import { build } from '../lib/build.ts'
import { Failure, toFailure } from '../lib/errors.ts'
import type { Asker, Effect, Principal } from '../lib/gate.ts'
import type { Answer } from '../modes/agent/approvals.ts'
import type { AgentClient } from '../modes/agent/client.ts'
import type { Guest } from '../modes/agent/guest.ts'
import type { HostCall, SessionLeft } from '../modes/mcp/host.ts'
import { agentSession } from './agent.ts'
import type { AgentSession } from './agent.ts'
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

export class AgentSide {
  readonly #options: Options

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
  async withApproval<T>(
    { principal, signal, progress }: { principal: Principal } & Pick<HostCall, 'signal' | 'progress'>,
    attempt: () => Promise<T>,
  ): Promise<T> {
    try {
      return await attempt()
    } catch (error) {
      const { code, about } = toFailure(error)
      const request = about?.['request']
      if (code !== 'approval_required' || typeof request !== 'string') throw error
      const waited = await this.#ask(principal, 'mcp', async (client) => {
        await ownersWord({
          look: async () => client.request({ op: 'permit' }, [request]) as { answer: Answer; seconds: number },
          withdraw: async () => void client.request({ op: 'withdraw' }, [request]),
          signal,
          progress,
        })
        return true
      })
      if (waited === undefined) throw error
      return attempt()
    }
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
  async askSession(principal: Principal, purpose: string): Promise<{ request: string; seconds: number }> {
    const args = [purpose.slice(0, LONGEST_NOTE)]
    const asked = await this.#ask(
      principal,
      'mcp',
      (client) => client.request({ op: 'session-request' }, args) as { request: string; seconds: number },
    )
    if (asked) return asked
    throw noOneToAsk()
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
