// Where the agent of a vault listens: one name for both sides, without what the server needs.
import { join } from 'node:path'

/** The socket in the vault `directory`. */
export const socketPath = (directory: string): string => join(directory, 'agent.sock')
