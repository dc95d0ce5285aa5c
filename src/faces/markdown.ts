// Markdown for README and topics: tables and one page section per command.
import type { FAILURES } from '../lib/errors.ts'
import type { Description } from './description.ts'
import { fieldAbout, flagForm, flags, positionals, usage } from './command-help.ts'

const escapeCell = (text: string) => text.replaceAll('|', '\\|').replaceAll('\n', ' ')

/** A table with a heading row. */
export function markdownTable(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map(escapeCell).join(' | ')} |\n`
  return line(headings) + line(headings.map(() => '---')) + rows.map(line).join('')
}

/** Every command with its effect, one row each. */
export function commandTable(descriptions: readonly Description[]): string {
  return markdownTable(
    ['command', 'what it does', 'effect'],
    descriptions.map((description) => [`\`${usage(description)}\``, description.about, description.effect]),
  )
}

/** The exit codes; kinds that share a code share a row each. */
export function exitCodeTable(failures: typeof FAILURES): string {
  const rows = Object.entries(failures).map(([kind, { exit, about }]) => [String(exit), `\`${kind}\``, about])
  return markdownTable(['exit', 'kind', 'when'], [['0', '', 'it worked'], ...rows])
}

/** One section per command. */
export function commandPages(descriptions: readonly Description[]): string {
  return descriptions.map(commandPage).join('\n')
}

function commandPage(description: Description): string {
  const fields = [...positionals(description), ...flags(description)]
  const rows = fields.map((field) => [
    `\`${field.at === undefined ? flagForm(field).trim() : `<${field.placeholder ?? field.name}>`}\``,
    fieldAbout(field),
  ])
  return [
    `## tvault ${description.path}\n\n${description.about}. Effect: ${description.effect}.\n\n`,
    `\`\`\`\n${usage(description)}\n\`\`\`\n`,
    description.aliases.length > 0
      ? `\nAlso: ${description.aliases.map((alias) => `\`tvault ${alias}\``).join(', ')}\n`
      : '',
    description.detail === undefined ? '' : `\n${description.detail}\n`,
    rows.length > 0 ? `\n${markdownTable(['argument or flag', 'meaning'], rows)}` : '',
    description.examples.length > 0
      ? `\n\`\`\`sh\n${description.examples.map(({ words, about }) => `tvault ${words}    # ${about}`).join('\n')}\n\`\`\`\n`
      : '',
  ].join('')
}
