// The table of tools, sorted by name, and which of them a session offers.
import { Failure } from '../../lib/errors.ts'
import { printable } from '../../lib/names.ts'
import { suggest } from '../../lib/suggest.ts'
import { EXEC_TOOLS } from './own-exec.ts'
import { FILE_TOOLS } from './own-files.ts'
import { INJECT_TOOLS } from './own-inject.ts'
import { REQUEST_TOOLS } from './own-request.ts'
import { annotations, inputSchema } from './tool.ts'
import type { Tool } from './tool.ts'
import { GROUP_TOOLS } from './tools-groups.ts'
import { PLACE_TOOLS } from './tools-places.ts'
import { SECRET_TOOLS } from './tools-secrets.ts'

export const TOOLS: readonly Tool[] = [
  ...EXEC_TOOLS,
  ...FILE_TOOLS,
  ...GROUP_TOOLS,
  ...INJECT_TOOLS,
  ...PLACE_TOOLS,
  ...REQUEST_TOOLS,
  ...SECRET_TOOLS,
].sort((a, b) => (a.name < b.name ? -1 : 1))

/** The tools that `wish` means: `core`, `full`, or names with commas between. Throws a usage failure for an unknown one. */
export function chosen(wish: string): readonly Tool[] {
  if (wish === 'full') return TOOLS
  if (wish === 'core') return TOOLS.filter(({ core }) => core)
  const names = wish.split(',').map((name) => name.trim())
  for (const name of names) {
    if (TOOLS.some((tool) => tool.name === name)) continue
    const near = suggest(
      name,
      TOOLS.map((tool) => tool.name),
    )
    throw new Failure('usage', `--tools: there is no tool ${printable(name)}`, {
      hint: near.length === 0 ? 'core, full, or names of tools' : `did you mean ${near.join(' or ')}?`,
    })
  }
  return TOOLS.filter(({ name }) => names.includes(name))
}

/** A tool as a client is told of it. */
export function described(tool: Tool): object {
  return {
    name: tool.name,
    title: tool.title,
    description: tool.about,
    inputSchema: inputSchema(tool),
    outputSchema: tool.output,
    annotations: annotations(tool),
  }
}
