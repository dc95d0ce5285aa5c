// Where AI clients keep the list of their servers, and how tvault is started from there.
import { homedir } from 'node:os'
import { isAbsolute, join } from 'node:path'
import type { McpClientFile } from '../commands/mcp-access.ts'
import { Failure } from '../lib/errors.ts'
import { defaultDirectory } from '../lib/paths.ts'
import type { Environment } from '../lib/paths.ts'
import { ownWords } from '../lib/program.ts'

/** The file of `client`, for a vault in `directory`. Throws a usage failure for one that is not known. */
export function clientFile(client: string, directory: string, environment: Environment): McpClientFile {
  const home = environment['HOME'] || homedir()
  const named = environment['XDG_CONFIG_HOME']
  const config = named && isAbsolute(named) ? named : join(home, '.config')
  const desktop = process.platform === 'darwin' ? join(home, 'Library', 'Application Support') : config
  const about = { program: ownWords(), isDefaultVault: directory === defaultDirectory({ HOME: home }) }
  switch (client) {
    case 'claude':
      return { path: '.mcp.json', format: 'mcpServers', ...about }
    case 'claude-desktop':
      return { path: join(desktop, 'Claude', 'claude_desktop_config.json'), format: 'mcpServers', ...about }
    case 'cursor':
      return { path: join(home, '.cursor', 'mcp.json'), format: 'mcpServers', ...about }
    case 'codex':
      return { path: join(home, '.codex', 'config.toml'), format: 'toml', ...about }
    case 'vscode':
      return { path: join('.vscode', 'mcp.json'), format: 'servers', ...about }
    default:
      throw new Failure('usage', 'the configuration of this client is not known')
  }
}
