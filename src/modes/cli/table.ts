// Words that only the table of all commands understands: the less usual commands, groups, aliases, mistakes, no words.
import { listed } from '../../commands/describe.ts'
import { commands } from '../../commands/index.ts'
import { call } from './call.ts'
import type { Around } from './call.ts'
import { groupPage, rootPage } from './pages.ts'
import { formOf } from './report.ts'
import { meant } from './words.ts'

/** Does what `tokens` mean; the exit code. Throws usage failures and what a command throws. */
export async function byTable(tokens: readonly string[], around: Omit<Around, 'catalog'>): Promise<number> {
  const found = meant(tokens)
  const { json } = formOf(tokens)
  if (found === 'nothing') {
    if (tokens.includes('--version')) return around.instead(['version', ...tokens.filter((t) => t !== '--version')])
    if (json) return around.instead(['help', '--json'])
    const whole = tokens.includes('--help') || tokens.includes('-h')
    await rootPage(whole ? listed(commands) : undefined)
    return 0
  }
  if ('group' in found) {
    if (json) return around.instead(['help', found.group, '--json'])
    await groupPage(found.group, listed(commands))
    return 0
  }
  return call(found.command, found.rest, { ...around, catalog: () => listed(commands) })
}
