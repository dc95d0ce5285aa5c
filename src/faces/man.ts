// The manual page in roff, from the same descriptions as everything else.
import { FAILURES } from '../lib/errors.ts'
import type { Description } from './description.ts'
import { GLOBAL_FLAGS } from './fields.ts'
import { fieldAbout, flagForm, flags, positionals, usage } from './command-help.ts'

/** Text that roff takes literally; characters beyond ASCII by their number, whatever encoding it expects. */
function literal(text: string): string {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replace(/^([.'])/gm, '\\&$1')
    .replace(/[^\0-\x7f]/gu, (c) => `\\[u${c.codePointAt(0)?.toString(16).toUpperCase().padStart(4, '0')}]`)
}

/** tvault(1); `version` stands in the footer. */
export function man(descriptions: readonly Description[], version: string): string {
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
  lines.push('.SH OPTIONS', 'These stand before or after the other words of every command.')
  for (const field of GLOBAL_FLAGS)
    lines.push('.TP', `.B ${literal(flagForm(field).trim())}`, literal(fieldAbout(field)))
  lines.push('.SH EXIT STATUS', '.TP', '.B 0', 'it worked')
  for (const { exit, about } of Object.values(FAILURES)) lines.push('.TP', `.B ${exit}`, literal(about))
  return `${lines.join('\n')}\n`
}
