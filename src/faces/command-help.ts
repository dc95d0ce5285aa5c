// Help of one command: usage line, what it does, arguments, flags, examples. Pure text from its description.
import type { Description, FieldDescription } from './description.ts'
import { GLOBAL_FLAGS } from './fields.ts'
import { PLAIN_WIDTH, columns, wrap } from './layout.ts'

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

/** Choices that would make the column of flags wider than this stand with what the flag does. */
const MOST_CHOICES = 44

/** `-p, --project <name>` */
export function flagForm(field: FieldDescription): string {
  const { name, short, kind, placeholder, choices } = field
  const words = choices === undefined || standApart(field) ? (placeholder ?? name) : choices.join('|')
  return `${short === undefined ? '    ' : `-${short}, `}--${name}${kind === 'flag' ? '' : ` <${words}>`}`
}

export function fieldAbout(field: FieldDescription): string {
  const { about, fallback, choices = [] } = field
  const all = standApart(field) ? `${about}: ${choices.join(', ')}` : about
  return fallback === undefined ? all : `${all} (default: ${fallback})`
}

function standApart({ at, choices }: FieldDescription): boolean {
  return at === undefined && choices !== undefined && choices.join('|').length > MOST_CHOICES
}

/** What `tvault <command> --help` and `tvault help <command>` print. */
export function commandHelp(description: Description, width = PLAIN_WIDTH): string {
  const { about, aliases, detail, effect, examples } = description
  const own = flags(description)
  const shadowed = new Set(own.map(({ name }) => name))
  const everywhere = GLOBAL_FLAGS.filter(({ name }) => !shadowed.has(name))
  const words = positionals(description)
  const rows = (fields: readonly FieldDescription[]) =>
    fields.map((field) => [flagForm(field), fieldAbout(field)] as const)
  const least = Math.max(...rows([...own, ...everywhere]).map(([form]) => form.length))
  const section = (title: string, body: string) => (body === '' ? '' : `\n${title}:\n${body}`)
  return [
    `${wrap(about, width)}\nUsage: ${usage(description)}\n`,
    aliases.length === 0 ? '' : wrap(`Also:  ${aliases.map((alias) => `tvault ${alias}`).join(', ')}`, width),
    detail === undefined ? '' : `\n${wrap(detail, width)}`,
    section(
      'Arguments',
      columns(
        words.map((field) => [field.placeholder ?? field.name, argumentAbout(field)]),
        { width },
      ),
    ),
    section('Flags', columns(rows(own), { width, least })),
    section('Flags of every command', columns(rows(everywhere), { width, least })),
    section(
      'Examples',
      columns(
        examples.map(({ words: typed, about: what }) => [`tvault ${typed}`, what]),
        { width },
      ),
    ),
    `\nEffect: ${effect} — ${EFFECTS[effect]}\n`,
  ].join('')
}

/** Choices of a flag stand in its form; those of an argument stand here. */
function argumentAbout(field: FieldDescription): string {
  const { choices } = field
  return choices === undefined ? fieldAbout(field) : `${fieldAbout(field)}: ${choices.join(', ')}`
}
