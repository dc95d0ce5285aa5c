// One answer to "is it locked?" for status and doctor: locked means that reading a value would need a passphrase now.
import { Failure } from '../../lib/errors.ts'
import type { Context } from '../context.ts'

export interface AgentState {
  running: boolean
  /** It has the key, and this caller may use it. */
  accessible: boolean
}

/** What the agent of the vault directory would do for this caller. Throws nothing that the agent says. */
export async function agentState(context: Context): Promise<AgentState> {
  try {
    const agent = await context.agent()
    const state = await agent.status()
    return { running: state.running, accessible: state.running && state.unlocked && !context.globals.noAgent }
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    // It answered, and refused: a token is required, or it is another one's.
    return { running: true, accessible: false }
  }
}
