// Tells an AI client how to start `tvault mcp`. The old file is kept beside the new one; there is no passphrase in it,
// because whatever stands there is read by the client and by what the client runs.
import { resolve } from 'node:path'
import { text, utf8 } from '../../lib/bytes.ts'
import { Failure, systemCode } from '../../lib/errors.ts'
import { printable } from '../../lib/names.ts'
import type { Context } from '../context.ts'
import { define } from '../define.ts'
import { CLIENTS } from '../mcp-access.ts'

const MAX_BYTES = 16 << 20

export default define({
  path: 'mcp install',
  about: 'Let an AI client start the server for AI agents',
  detail:
    'Writes an entry called tinyvault into the configuration of the client: claude (.mcp.json of this directory), ' +
    'claude-desktop, cursor, codex, vscode (.vscode/mcp.json of this directory). Everything else in the file stays, and ' +
    'the old file is kept with .before-tvault at its end. The key comes from the agent after tvault unlock.',
  effect: 'none',
  on: ['cli'],
  holdsKeys: false,
  input: {
    client: { kind: 'choice', choices: CLIENTS, required: true, about: 'Whose configuration' },
    tools: { kind: 'text', placeholder: 'set', about: 'core, full, or names of tools', fallback: 'full' },
    root: {
      kind: 'list',
      placeholder: 'dir',
      complete: 'file',
      about: 'Directories for its programs and dotenv files',
    },
    'dry-run': { kind: 'flag', about: 'Only show what would be written' },
  },
  examples: [
    { words: 'mcp install --client claude --dry-run', about: 'Shows the entry' },
    { words: 'mcp install --client cursor --tools core', about: 'With the short list of tools' },
  ],
  async run(context, { client, tools, root = [], 'dry-run': dryRun }) {
    const { path, format, program, isDefaultVault } = (await context.mcp()).client(client)
    const [command = 'tvault', ...words] = program
    const args = [
      ...words,
      'mcp',
      ...(tools === undefined ? [] : ['--tools', tools]),
      ...root.flatMap((directory) => ['--root', resolve(directory)]),
      ...(isDefaultVault ? [] : ['--vault', context.globals.directory]),
    ]
    const { withServer } = await import('../../formats/mcp-clients.ts')
    const old = await readOrNothing(context, path)
    const { text: fresh, added, removed } = withServer(format, old, { name: 'tinyvault', command, args })
    const changed = fresh !== old
    const kept = old !== undefined && changed ? `${path}.before-tvault` : undefined
    if (!dryRun && changed) {
      if (kept !== undefined && old !== undefined) await context.writeFile(kept, old, { overwrite: true })
      await context.writeFile(path, fresh, { overwrite: true, parents: true })
    }
    return { client, path, kept, added, removed, changed, dryRun }
  },
  human({ client, path, kept, added, removed, changed, dryRun }, style) {
    const lines = [...removed.map((line) => style.bad(`- ${line}`)), ...added.map((line) => style.ok(`+ ${line}`))]
    const shown = `${path}\n${lines.map((line) => `${line}\n`).join('')}`
    if (dryRun) return shown
    if (!changed) return { note: `${client} starts tvault mcp already` }
    const before = kept === undefined ? '' : `\nThe old file: ${kept}`
    return {
      out: shown,
      note: `${client} starts tvault mcp from now on; start it anew, and run tvault unlock.${before}`,
    }
  },
  json: ({ client, path, kept, added, changed, dryRun }) => ({
    client,
    path,
    ...(kept !== undefined && { backup: kept }),
    entry: added,
    changed: changed && !dryRun,
  }),
})

async function readOrNothing(context: Context, path: string): Promise<string | undefined> {
  let bytes: Uint8Array
  try {
    bytes = await context.readFile(path, { maxBytes: MAX_BYTES })
  } catch (error) {
    if (error instanceof Failure && systemCode(error.cause) === 'ENOENT') return undefined
    throw error
  }
  const found = text(bytes)
  if (found !== undefined && utf8(found).length === bytes.length) return found
  throw new Failure('failed', `${printable(path)} is not UTF-8 text`)
}
