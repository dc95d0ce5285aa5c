// What commands find for AI agents: the rules, the configuration of clients, and the server, each loaded when it is asked
// for.
import type { McpAccess } from '../commands/mcp-access.ts'
import type { Surroundings } from './passphrase.ts'
import { clientFile } from './mcp-clients.ts'
import { readRules } from './mcp-policy.ts'

interface Options extends Omit<Surroundings, 'directory'> {
  directory: () => string
  noAgent: boolean
  note: (text: string) => void
}

export function mcpAccess({ directory, ...options }: Options): McpAccess {
  return {
    rules: () => readRules(directory()),
    client: (name) => clientFile(name, directory(), options.environment),
    async serve(wish) {
      const { serveMcp } = await import('./mcp.ts')
      await serveMcp(wish, { ...options, directory: directory() })
    },
  }
}
