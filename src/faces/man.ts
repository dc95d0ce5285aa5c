// The manual page in roff, from the same descriptions as everything else.
import type { Description } from './description.ts'
import { fieldAbout, flagForm, flags, positionals, usage } from './command-help.ts'

/** Text that roff takes literally. */
function literal(text: string): string {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replace(/^([.'])/gm, '\\&$1')
}

/** tvault(1). `exits` are the exit codes with their meaning; `version` stands in the footer. */
export function man(
  descriptions: readonly Description[],
  exits: readonly (readonly [number, string])[],
  version: string,
): string {
  const lines = [
    `.TH TVAULT 1 "" "tvault ${version}" "User Commands"`,
    '.SH NAME',
    'tvault \\- a local\\-first secrets vault',
    '.SH SYNOPSIS',
    '.B tvault',
    '.I command',
    '[\\fIarguments\\fR] [\\fIflags\\fR]',
    '.SH COMMANDS',
  ]
  for (const description of descriptions) {
    lines.push('.SS', literal(usage(description)), literal(description.about) + '.')
    if (description.detail !== undefined) lines.push('.PP', literal(description.detail))
    for (const field of positionals(description))
      lines.push('.TP', `.I ${literal(field.placeholder ?? field.name)}`, literal(fieldAbout(field)))
    for (const field of flags(description))
      lines.push('.TP', `.B ${literal(flagForm(field).trim())}`, literal(fieldAbout(field)))
    for (const { words, about } of description.examples)
      lines.push('.PP', '.nf', `    tvault ${literal(words)}`, '.fi', literal(about))
  }
  lines.push('.SH EXIT STATUS')
  for (const [code, about] of exits) lines.push('.TP', `.B ${code}`, literal(about))
  return `${lines.join('\n')}\n`
}
