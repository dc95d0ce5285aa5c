// Help that is printed without running a command.
import type { Command } from '../../commands/define.ts'
import { describe } from '../../commands/describe.ts'
import { commandHelp } from '../../faces/command-help.ts'
import type { Description } from '../../faces/description.ts'
import { groupHelp, rootHelp, shortHelp } from '../../faces/help.ts'
import { PLAIN_WIDTH } from '../../faces/layout.ts'
import { out } from '../../lib/out.ts'

/** What `tvault` says without a word, in short or with all commands. */
export async function rootPage(catalog: readonly Description[] | undefined): Promise<void> {
  out(catalog === undefined ? shortHelp(await width()) : rootHelp(catalog, await width()))
}

/** The commands that begin with `group`. */
export async function groupPage(group: string, catalog: readonly Description[]): Promise<void> {
  const members = catalog.filter(({ path }) => path.startsWith(`${group} `))
  out(groupHelp(group, members, await width()))
}

/** One command with its flags. */
export async function commandPage(command: Command): Promise<void> {
  out(commandHelp(describe(command), await width()))
}

/** Columns of the terminal that help is printed to. Help must also work where the system library does not load. */
async function width(): Promise<number> {
  try {
    const { terminalSize } = await import('../../lib/native.ts')
    return terminalSize(1)?.columns || PLAIN_WIDTH
  } catch {
    return PLAIN_WIDTH
  }
}
