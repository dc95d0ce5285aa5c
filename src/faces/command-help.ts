// Help of one command: usage line, what it does, arguments, flags, examples. Pure text from its description.
import type { Description, FieldDescription } from './description.ts'
import { columns, wrap } from './help.ts'

const EFFECTS: Record<Description['effect'], string> = {
  none: 'touches no secret',
  list: 'reads names, never values',
  compare: 'compares values without showing them',
  inject: 'gives values to a program',
  reveal: 'prints values',
  'write-file': 'writes values into a file',
  seal: 'encrypts values for somebody',
  write: 'changes the vault',
  destroy: 'destroys secrets',
  share: 'gives others access',
  admin: 'works on the vault as a whole',
}

/** Arguments in the order in which they are typed. */
export function positionals(description: Description): FieldDescription[] {
  return description.fields.filter(({ at }) => at !== undefined).sort((a, b) => (a.at ?? 0) - (b.at ?? 0))
}

export function flags(description: Description): FieldDescription[] {
  return description.fields.filter(({ at }) => at === undefined)
}

/** `tvault get <key> [flags]` */
export function usage(description: Description): string {
  const words = positionals(description).map((field) => {
    const name = field.placeholder ?? field.name
    const shown = field.kind === 'rest' ? `[--] <${name}> [args…]` : field.kind === 'list' ? `<${name}>…` : `<${name}>`
    return field.required ? shown : `[${shown}]`
  })
  const tail = flags(description).length > 0 ? ['[flags]'] : []
  const rest = positionals(description).some(({ kind }) => kind === 'rest')
  return ['tvault', description.path, ...(rest ? [...tail, ...words] : [...words, ...tail])].join(' ')
}

/** `-p, --project <name>` */
export function flagForm({ name, short, kind, placeholder, choices }: FieldDescription): string {
  const value = kind === 'flag' ? '' : choices === undefined ? ` <${placeholder ?? name}>` : ` <${choices.join('|')}>`
  return `${short === undefined ? '    ' : `-${short}, `}--${name}${value}`
}

export function fieldAbout({ about, fallback }: FieldDescription): string {
  return fallback === undefined ? about : `${about} (default: ${fallback})`
}

/** What `tvault <command> --help` prints. `globals` are the flags of every command. */
export function commandHelp(description: Description, globals: readonly FieldDescription[]): string {
  const own = flags(description)
  const shadowed = new Set(own.map(({ name }) => name))
  const everywhere = globals.filter(({ name }) => !shadowed.has(name))
  const words = positionals(description)
  const named = Math.max(
    0,
    ...own.map((field) => flagForm(field).length),
    ...everywhere.map((field) => flagForm(field).length),
  )
  const list = (fields: readonly FieldDescription[]) =>
    columns(fields.map((field) => [flagForm(field).padEnd(named), fieldAbout(field)]))
  return [
    `${description.about}\n\nUsage: ${usage(description)}\n`,
    description.aliases.length > 0
      ? `Also:  ${description.aliases.map((alias) => `tvault ${alias}`).join(', ')}\n`
      : '',
    description.detail === undefined ? '' : `\n${wrap(description.detail)}`,
    words.length > 0
      ? `\nArguments:\n${columns(words.map((field) => [field.placeholder ?? field.name, fieldAbout(field)]))}`
      : '',
    own.length > 0 ? `\nFlags:\n${list(own)}` : '',
    everywhere.length > 0 ? `\nFlags of every command:\n${list(everywhere)}` : '',
    description.examples.length > 0
      ? `\nExamples:\n${columns(description.examples.map(({ words: typed, about }) => [`tvault ${typed}`, about]))}`
      : '',
    `\nEffect: ${description.effect} — ${EFFECTS[description.effect]}\n`,
  ].join('')
}
