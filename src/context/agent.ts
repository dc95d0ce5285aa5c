// The way to the agent of a vault, for commands: a session when one runs, else nothing and the direct way. Loads neither
// vault nor store. A command that was told to go without an agent (--no-agent, TVAULT_NO_AGENT) never comes here.
import { existsSync } from 'node:fs'
import { Failure } from '../lib/errors.ts'
import type { Effect } from '../lib/gate.ts'
import type { Secret } from '../lib/secret.ts'
import { AgentClient, Nobody, SpeaksPlain, Unavailable } from '../modes/agent/client.ts'
import type { PlainClient } from '../modes/agent/plain-client.ts'
import type { Guest } from '../modes/agent/guest.ts'
import { remoteView } from '../modes/agent/remote.ts'
import { socketPath } from '../modes/agent/socket-path.ts'
import type { View } from '../vault/view.ts'

export interface AgentCaller {
  directory: string
  command: string
  effect: Effect
  interactive: boolean
  version: string
  /** Asks for an AI agent, and is served as one. */
  guest?: Guest
  /** The token to show, as a Secret of its own. */
  token: () => Secret | undefined
  note: (text: string) => void
}

/** A session with the agent, and the vault behind it. */
export interface AgentSession {
  view: View
  /** Whether it has the key. */
  unlocked: boolean
  /** Our agent; absent for one that speaks protocol v1 only. */
  client?: AgentClient
  plain?: PlainClient
  close(): void
}

/**
 * A session with the agent of the directory; undefined when there is none. One that is there but does not answer costs
 * a second and a note. Throws what the agent refuses with, for example `denied` for a bad token.
 */
export async function agentSession(caller: AgentCaller): Promise<AgentSession | undefined> {
  const { directory, command, effect, interactive, version, guest, note } = caller
  const path = socketPath(directory)
  if (!existsSync(path)) return undefined
  const token = caller.token()
  try {
    const client = AgentClient.connect(path, {
      command,
      effect,
      interactive,
      client: { name: 'tvault', version },
      ...(guest && { principal: { kind: 'mcp', ...guest } }),
      ...(token && { token }),
    })
    return { client, view: remoteView(client), unlocked: client.unlocked, close: () => client.close() }
  } catch (error) {
    if (error instanceof SpeaksPlain) return plainSession(path, caller)
    if (!(error instanceof Unavailable)) throw error
    // Nobody behind the socket is no news to anyone who did not start an agent.
    if (!(error instanceof Nobody)) note(`the agent is not used: ${error.message}`)
    return undefined
  } finally {
    token?.wipe()
  }
}

/** Only with one that really answers: it is asked how it is, which costs nothing. */
async function plainSession(path: string, { token, note }: AgentCaller): Promise<AgentSession | undefined> {
  const { PlainClient, plainView } = await import('../modes/agent/plain-client.ts')
  const plain = new PlainClient(path, token())
  if (plain.lives()) return { plain, view: plainView(plain), unlocked: true, close: () => plain.close() }
  plain.close()
  note('the agent is not used: it does not answer')
  return undefined
}

/** One request of a conversation of its own. An agent that speaks only v1 is asked by `plainly`, or cannot do it. */
export async function requestOf(
  caller: AgentCaller,
  op: string,
  args: readonly unknown[] = [],
  plainly?: (plain: PlainClient) => unknown,
): Promise<unknown> {
  const session = await demandAgent(caller)
  try {
    if (session.client) return session.client.request({ op }, args)
    if (session.plain && plainly) return plainly(session.plain)
    throw new Failure('failed', 'the agent that runs here is one of TinyVault 0.23, which cannot do this', {
      hint: 'tvault agent stop ends it',
    })
  } finally {
    session.close()
  }
}

/** A session or `not_found`. */
async function demandAgent(caller: AgentCaller): Promise<AgentSession> {
  const session = await agentSession(caller)
  if (session) return session
  throw new Failure('not_found', 'no agent is running', { hint: 'tvault unlock starts one' })
}
