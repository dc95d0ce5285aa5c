// What commands find for AI agents: the rules, the configuration of clients, and the server, each loaded when it is asked
// for.
import { homedir } from 'node:os'
import type { McpAccess } from '../commands/mcp-access.ts'
import { placeName } from '../lib/gate.ts'
import type { Names } from '../vault/view.ts'
import type { Surroundings } from './passphrase.ts'
import { clientFile } from './mcp-clients.ts'
import { readRules } from './mcp-policy.ts'

interface Options extends Omit<Surroundings, 'directory'> {
  directory: () => string
  noAgent: boolean
  /** The vault without its key. */
  names: () => Promise<Names>
  note: (text: string) => void
}

export function mcpAccess({ directory, ...options }: Options): McpAccess {
  const policyOf = async () => (await options.names()).policy()
  return {
    async rules() {
      const names = await options.names()
      const tier2 = new Set(names.tiers().map(({ project, key }) => placeName(project, key)))
      const stored = names.policy()
      if (stored.text === '') return { ...(await readRules(directory())), tier2 }
      const [{ readPolicy }, { ownRules }] = await Promise.all([
        import('../formats/policy.ts'),
        import('../commands/policy-mcp.ts'),
      ])
      return { ...ownRules(readPolicy(stored.text, { revision: stored.revision, home: homedir() })), tier2 }
    },
    stored: policyOf,
    async parse(text, revision) {
      const [{ parsePolicy }, { ownRules }] = await Promise.all([
        import('../formats/policy.ts'),
        import('../commands/policy-mcp.ts'),
      ])
      const { policy, faults } = parsePolicy(text, { revision, home: homedir() })
      return { rules: ownRules(policy), faults }
    },
    async edit(text) {
      const { editText } = await import('./editor.ts')
      return editText(text, options.environment)
    },
    client: (name) => clientFile(name, directory(), options.environment),
    referring: () =>
      Object.entries(options.environment).flatMap(([name, value]) =>
        value?.includes('tvault://') && !name.startsWith('TVAULT_') ? [{ name, value }] : [],
      ),
    async serve(wish) {
      const { serveMcp } = await import('./mcp.ts')
      await serveMcp(wish, { ...options, directory: directory() })
    },
  }
}
