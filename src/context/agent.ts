// The way to the agent of a vault, for commands: a session when one runs, else nothing and the direct way. Loads neither
// vault nor store. A command that was told to go without an agent (--no-agent, TVAULT_NO_AGENT) never comes here.
import { existsSync } from 'node:fs'
import { Failure } from '../lib/errors.ts'
import type { Effect } from '../lib/gate.ts'
import type { Secret } from '../lib/secret.ts'
import { AgentClient, Unavailable } from '../modes/agent/client.ts'
import { remoteView } from '../modes/agent/remote.ts'
import { socketPath } from '../modes/agent/socket-path.ts'
import type { View } from '../vault/view.ts'

export interface AgentCaller {
  directory: string
  command: string
  effect: Effect
  interactive: boolean
  version: string
  token: Secret | undefined
  note: (text: string) => void
}

/** A session with the agent, and the vault behind it. */
export interface AgentSession {
  client: AgentClient
  view: View
}

/**
 * A session with the agent of the directory; undefined when there is none. One that is there but does not answer costs
 * a second and a note. Throws what the agent refuses with, for example `denied` for a bad token.
 */
export function agentSession(caller: AgentCaller): AgentSession | undefined {
  const { directory, command, effect, interactive, version, token, note } = caller
  const path = socketPath(directory)
  if (!existsSync(path)) return undefined
  try {
    const client = AgentClient.connect(path, {
      command,
      effect,
      interactive,
      client: { name: 'tvault', version },
      ...(token && { token }),
    })
    return { client, view: remoteView(client) }
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error
    // Nobody behind the socket is what a killed agent leaves; it is no news to anyone who did not start one.
    if (error.message !== 'nobody listens') note(`the agent is not used: ${error.message}`)
    return undefined
  }
}

/** A session or `not_found`: for the commands that are about the agent itself. */
export function demandAgent(caller: AgentCaller): AgentSession {
  const session = agentSession(caller)
  if (session) return session
  throw new Failure('not_found', 'no agent is running', { hint: 'tvault unlock starts one' })
}
