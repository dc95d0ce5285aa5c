// Words to typed input. The only file that knows cac. cac turns `007` into 7, '' into 0 and `--no-x` into x = false, so
// values go through it behind a NUL byte (which no argument can contain) and flags under made-up names; both come out
// as they were typed. A word that may be a mistyped secret is never repeated in an error.
import { cac } from 'cac'
import type { Command, Field, Fields, Input } from '../../commands/define.ts'
import { GLOBAL_FIELDS } from '../../faces/fields.ts'
import { Failure } from '../../lib/errors.ts'
import { Secret } from '../../lib/secret.ts'
import { suggest } from '../../lib/suggest.ts'
import { parseMoment } from '../../lib/time.ts'

const SHIELD = '\0'

export interface Parsed {
  /** Help was asked for; the rest was not looked at. */
  help: boolean
  input: Input<Fields>
  globals: Input<typeof GLOBAL_FIELDS>
}

interface Flag {
  name: string
  field: Field
}

/** What `tokens` (all words after the command's own) mean for `command`. Throws usage failures. */
export function parseArguments(command: Command, tokens: readonly string[]): Parsed {
  const fields: Fields = { ...GLOBAL_FIELDS, ...command.input }
  const sorted = sortTokens(command, fields, tokens)
  if (sorted.help) return { help: true, input: {}, globals: {} as Parsed['globals'] }
  const { given, words } = throughCac(
    Object.keys(fields).filter((name) => isFlag(fields[name])),
    sorted,
  )

  const values: Record<string, unknown> = {}
  for (const [name, field] of Object.entries(fields)) {
    if (field.kind === 'rest') values[name] = sorted.rest
    else if (field.at !== undefined) values[name] = fromWords(name, field, words)
    else values[name] = fromFlag(name, field, given(name))
    requireValue(command, name, field, values[name])
  }
  refuseExtraWords(command, words)

  const part = (names: object) =>
    Object.fromEntries(Object.entries(values).filter(([name]) => Object.hasOwn(names, name)))
  return { help: false, input: part(command.input) as Input<Fields>, globals: part(GLOBAL_FIELDS) as Parsed['globals'] }
}

/**
 * Whether `token` consists of flags of every command (or of `more`), and whether the next token is the value of the
 * last of them; undefined when it does not. For finding the words of a command, before it is known which it is.
 */
export function globalFlag(token: string, more: Fields = {}): { takesNext: boolean } | undefined {
  const flags: Fields = { ...GLOBAL_FIELDS, ...more }
  const long = /^--([a-z-]+)(=.*)?$/s.exec(token)
  if (long) {
    const field = Object.hasOwn(flags, long[1] ?? '') ? flags[long[1] ?? ''] : undefined
    return field && { takesNext: field.kind !== 'flag' && long[2] === undefined }
  }
  for (let at = 1; at < token.length; at++) {
    const field = Object.values(flags).find(({ short }) => short === token[at])
    if (field === undefined) return undefined
    const last = at === token.length - 1
    if (field.kind !== 'flag') return { takesNext: last }
    if (last || token[at + 1] === '=') return { takesNext: false }
  }
  return undefined
}

interface Sorted {
  help: boolean
  flags: { name: string; value: string }[]
  words: string[]
  rest: string[]
}

function isFlag(field: Field | undefined): field is Field {
  return field !== undefined && field.at === undefined && field.kind !== 'rest'
}

/** Tells flags with their values from words. Everything unknown is refused here. */
function sortTokens(command: Command, fields: Fields, tokens: readonly string[]): Sorted {
  const sorted: Sorted = { help: false, flags: [], words: [], rest: [] }
  const restAt = Object.values(fields).find(({ kind }) => kind === 'rest')?.at
  const queue = [...tokens]
  for (let token = queue.shift(); token !== undefined; token = queue.shift()) {
    if (token === '--') {
      if (restAt === undefined) sorted.words.push(...queue)
      else sorted.rest.push(...queue)
      return sorted
    }
    if (!token.startsWith('-') || token === '-') {
      if (sorted.words.length === restAt) {
        sorted.rest.push(token, ...queue)
        return sorted
      }
      sorted.words.push(token)
      continue
    }
    const found = token.startsWith('--') ? [long(command, fields, token)] : short(command, fields, token)
    for (const { flag, attached } of found) {
      const value = attached ?? (flag.field.kind === 'flag' ? 'true' : queue.shift())
      if (value === undefined) throw new Failure('usage', `--${flag.name} needs a value`, { hint: helpHint(command) })
      if (flag.name === 'help' && value === 'true') return { ...sorted, help: true }
      sorted.flags.push({ name: flag.name, value })
    }
  }
  return sorted
}

/** Sends flags and words through cac and takes off what protected them: the values of a flag by its name, and the words. */
function throughCac(names: readonly string[], sorted: Sorted): { given: (name: string) => string[]; words: string[] } {
  const cli = cac('tvault')
  for (const index of names.keys()) cli.option(`--f${index} <value>`, '')
  const parsed = cli.parse(
    [
      '',
      '',
      ...sorted.flags.map(({ name, value }) => `--f${names.indexOf(name)}=${SHIELD}${value}`),
      ...sorted.words.map((word) => SHIELD + word),
    ],
    { run: false },
  )
  const options: Record<string, unknown> = parsed.options
  return {
    given: (name) =>
      [options[`f${names.indexOf(name)}`]]
        .flat()
        .flatMap((value) => (typeof value === 'string' ? [value.slice(SHIELD.length)] : [])),
    words: parsed.args.map((word) => word.slice(SHIELD.length)),
  }
}

function long(command: Command, fields: Fields, token: string): { flag: Flag; attached?: string } {
  const equals = token.indexOf('=')
  const name = equals < 0 ? token.slice(2) : token.slice(2, equals)
  const field = Object.hasOwn(fields, name) ? fields[name] : undefined
  if (!isFlag(field)) throw unknownFlag(command, fields, `--${name}`)
  return { flag: { name, field }, ...(equals >= 0 && { attached: token.slice(equals + 1) }) }
}

/** `-abc`: flags a and b, and c with what follows attached as its value when it takes one. */
function short(command: Command, fields: Fields, token: string): { flag: Flag; attached?: string }[] {
  const flags: { flag: Flag; attached?: string }[] = []
  for (let at = 1; at < token.length; at++) {
    const found = Object.entries(fields).find(([, field]) => field.short === token[at])
    if (found === undefined) throw unknownFlag(command, fields, `-${token[at]}`)
    const flag = { name: found[0], field: found[1] }
    const attached = token.slice(at + 1)
    if (flag.field.kind !== 'flag' || attached.startsWith('='))
      return [...flags, { flag, ...(attached !== '' && { attached: attached.replace(/^=/, '') }) }]
    flags.push({ flag })
  }
  return flags
}

function fromWords(name: string, field: Field, words: readonly string[]): unknown {
  const at = field.at ?? 0
  if (field.kind === 'list') return words.length > at ? words.slice(at) : undefined
  const word = words[at]
  return word === undefined ? undefined : convert(name, field, word)
}

function fromFlag(name: string, field: Field, given: readonly string[]): unknown {
  if (field.kind === 'list' && given.length > 0) {
    const items = field.split === true ? given.flatMap((value) => value.split(',').map((item) => item.trim())) : given
    const filled = items.filter((item) => item !== '')
    if (filled.length > 0) return filled
    throw new Failure('usage', `--${name} is empty`, { hint: `leave --${name} out, or name something` })
  }
  if (new Set(given).size > 1) throw new Failure('usage', `--${name} was given twice with different values`)
  const [typed] = given
  if (field.kind === 'flag') return flagValue(name, typed ?? field.fallback ?? 'false')
  return typed === undefined ? undefined : convert(`--${name}`, field, typed)
}

function flagValue(name: string, typed: string): boolean {
  if (typed === 'true' || typed === 'false') return typed === 'true'
  throw new Failure('usage', `--${name} is either there or not; it takes no value`)
}

/** `typed` as the body receives it. `label` is how errors call the field. */
function convert(label: string, field: Field, typed: string): unknown {
  switch (field.kind) {
    case 'count': {
      const { min = -Infinity, max = Infinity } = field
      if (!/^[+-]?\d{1,15}$/.test(typed)) {
        throw new Failure('usage', `${label} must be a whole number, not ${shown(typed)}`)
      }
      const value = Number(typed)
      if (value >= min && value <= max) return value
      throw new Failure('usage', `${label} must be ${range(min, max)}`)
    }
    case 'choice': {
      if (field.choices.includes(typed)) return typed
      const [near] = suggest(typed, field.choices)
      const all = field.choices.join(', ')
      throw new Failure('usage', `${label} cannot be ${shown(typed)}`, {
        hint: near === undefined ? `one of: ${all}` : `did you mean ${near}? all: ${all}`,
      })
    }
    case 'moment':
      return parseMoment(typed)
    case 'secret':
      return Secret.fromText(typed)
    default:
      return typed
  }
}

function range(min: number, max: number): string {
  if (max === Infinity) return `at least ${min}`
  return min === -Infinity ? `at most ${max}` : `between ${min} and ${max}`
}

function requireValue(command: Command, name: string, field: Field, value: unknown): void {
  if (field.required !== true || (value !== undefined && !(Array.isArray(value) && value.length === 0))) return
  throw new Failure('usage', field.at === undefined ? `--${name} is required` : `${name} is required`, {
    hint: `${field.about[0]?.toLowerCase() ?? ''}${field.about.slice(1)}; see ${helpHint(command)}`,
  })
}

/** Words beyond those the command takes: ignoring them would hide a mistake. */
function refuseExtraWords(command: Command, words: readonly string[]): void {
  const places = Object.values(command.input).filter(({ at, kind }) => at !== undefined && kind !== 'rest')
  if (places.some(({ kind }) => kind === 'list') || words.length <= places.length) return
  const extra = words[places.length] ?? ''
  throw takesSecret(command)
    ? new Failure('usage', 'there are more words than the command takes', { hint: 'put a value with blanks in quotes' })
    : new Failure('usage', `unexpected argument: ${shown(extra)}`, { hint: helpHint(command) })
}

function unknownFlag(command: Command, fields: Fields, flag: string): Failure {
  const names = Object.keys(fields).filter((name) => isFlag(fields[name]))
  const near = suggest(flag.replace(/^-+/, ''), names)
  if (near.length > 0) {
    const hint = `did you mean ${near.map((name) => `--${name}`).join(' or ')}?`
    return new Failure('usage', `unknown flag: ${shown(flag)}`, { hint })
  }
  if (takesSecret(command)) {
    return new Failure('usage', 'unknown flag', {
      hint: 'a value that begins with - goes behind --, as in: KEY -- -value',
    })
  }
  return new Failure('usage', `unknown flag: ${shown(flag)}`, { hint: helpHint(command) })
}

function takesSecret(command: Command): boolean {
  return Object.values(command.input).some(({ kind }) => kind === 'secret')
}

function helpHint(command: Command): string {
  return `tvault ${command.path} --help`
}

/** A word of the user in an error: only a short, harmless-looking one is repeated. */
function shown(word: string): string {
  return /^[\w./=-]{1,40}$/.test(word) ? `"${word}"` : 'what was given'
}
