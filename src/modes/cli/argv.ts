// Words to typed input. The only file that knows cac. cac turns `007` into 7 and '' into 0, so every token that is
// a value goes through it behind a NUL byte (which no argument can contain) and comes out as it was typed.
import { cac } from 'cac'
import type { Command, Field, Fields, Input } from '../../commands/define.ts'
import { Failure } from '../../lib/errors.ts'
import { Secret } from '../../lib/secret.ts'
import { suggest } from '../../lib/suggest.ts'
import { parseMoment } from '../../lib/time.ts'

const SHIELD = '\0'

/** The flags every command takes. */
export const GLOBAL_FIELDS = {
  vault: { kind: 'text', about: 'Directory of the vault', placeholder: 'dir', complete: 'directory' },
  project: {
    kind: 'text',
    short: 'p',
    about: 'Project; default: the current one',
    placeholder: 'name',
    complete: 'project',
  },
  json: { kind: 'flag', about: 'Print JSON' },
  verbose: { kind: 'flag', short: 'v', about: 'Tell more, also the cause of internal errors' },
  'no-agent': { kind: 'flag', about: 'Do not ask a running agent' },
  config: { kind: 'text', about: 'Configuration file', placeholder: 'file', complete: 'file' },
  help: { kind: 'flag', short: 'h', about: 'Show help' },
} as const satisfies Fields

export interface Parsed {
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
  const shielded = shieldTokens(command, fields, tokens)
  const cli = cac('tvault')
  for (const [name, field] of Object.entries(fields)) {
    if (field.at !== undefined || field.kind === 'rest') continue
    cli.option(`--${name} <value>`, field.about)
  }
  const parsed = cli.parse(['', '', ...shielded.flags, ...shielded.positionals.map((word) => SHIELD + word)], {
    run: false,
  })
  const options: Record<string, unknown> = parsed.options
  const given = (name: string): string[] =>
    [options[camelCase(name)]].flat().flatMap((value) => (typeof value === 'string' ? [value.slice(1)] : []))
  const words = parsed.args.map((word) => word.slice(1))

  const values: Record<string, unknown> = {}
  for (const [name, field] of Object.entries(fields)) {
    if (field.kind === 'rest') values[name] = shielded.rest
    else if (field.at !== undefined) values[name] = fromWords(name, field, words)
    else
      values[name] =
        field.kind === 'flag' ? flagValue(name, given(name), field.fallback) : fromFlag(name, field, given(name))
    requireValue(name, field, values[name])
  }
  const taken = Object.values(fields).filter(({ at }) => at !== undefined)
  const most = taken.some(({ kind }) => kind === 'list') ? Infinity : taken.filter(({ kind }) => kind !== 'rest').length
  if (words.length > most)
    throw new Failure('usage', `unexpected argument: ${shown(words[most] ?? '')}`, { hint: helpHint(command) })

  const globals: Record<string, unknown> = {}
  const input: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(values)) {
    if (name in command.input) input[name] = value
    if (name in GLOBAL_FIELDS) globals[name] = value
  }
  return { input: input as Input<Fields>, globals: globals as Parsed['globals'] }
}

/** The flag a token begins with, for the search of the command's words: does it take the next token as its value? */
export function globalFlag(token: string): { takesNext: boolean } | undefined {
  const flags: Fields = GLOBAL_FIELDS
  const long = /^--([a-z-]+)(=.*)?$/s.exec(token)
  const found = long
    ? flags[long[1] ?? '']
    : Object.values(flags).find(({ short }) => short !== undefined && token.startsWith(`-${short}`))
  if (found === undefined) return undefined
  const attached = long ? long[2] !== undefined : token.length > 2
  return { takesNext: found.kind !== 'flag' && !attached }
}

interface Shielded {
  flags: string[]
  positionals: string[]
  rest: string[]
}

/** Tokens in the one form that survives cac: `--name=<NUL>value`; everything unknown is refused here. */
function shieldTokens(command: Command, fields: Fields, tokens: readonly string[]): Shielded {
  const result: Shielded = { flags: [], positionals: [], rest: [] }
  const restAt = Object.values(fields).find(({ kind }) => kind === 'rest')?.at
  const queue = [...tokens]
  for (let token = queue.shift(); token !== undefined; token = queue.shift()) {
    if (token === '--') {
      if (restAt === undefined) result.positionals.push(...queue)
      else result.rest.push(...queue)
      return result
    }
    if (!token.startsWith('-') || token === '-') {
      if (result.positionals.length === restAt) {
        result.rest.push(token, ...queue)
        return result
      }
      result.positionals.push(token)
      continue
    }
    for (const { flag, attached } of token.startsWith('--')
      ? [long(command, fields, token)]
      : short(command, fields, token)) {
      const value = attached ?? (flag.field.kind === 'flag' ? 'true' : queue.shift())
      if (value === undefined) throw new Failure('usage', `--${flag.name} needs a value`, { hint: helpHint(command) })
      result.flags.push(`--${flag.name}=${SHIELD}${value}`)
    }
  }
  return result
}

function long(command: Command, fields: Fields, token: string): { flag: Flag; attached?: string } {
  const equals = token.indexOf('=')
  const name = equals < 0 ? token.slice(2) : token.slice(2, equals)
  const field = Object.hasOwn(fields, name) ? fields[name] : undefined
  if (field === undefined || field.at !== undefined || field.kind === 'rest')
    throw unknownFlag(command, fields, `--${name}`)
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

function flagValue(name: string, given: readonly string[], fallback = 'false'): boolean {
  const last = given.at(-1) ?? fallback
  if (last !== 'true' && last !== 'false')
    throw new Failure('usage', `--${name} is either there or not; it takes no value`)
  return last === 'true'
}

function fromFlag(name: string, field: Field, given: readonly string[]): unknown {
  if (given.length === 0) return undefined
  if (field.kind === 'list') {
    const items = field.split === true ? given.flatMap((value) => value.split(',').map((item) => item.trim())) : given
    const filled = items.filter((item) => item !== '')
    if (filled.length === 0)
      throw new Failure('usage', `--${name} is empty`, { hint: `leave --${name} out, or name something` })
    return filled
  }
  if (new Set(given).size > 1) throw new Failure('usage', `--${name} was given twice with different values`)
  return convert(name, field, given[0] ?? '')
}

function convert(name: string, field: Field, typed: string): unknown {
  switch (field.kind) {
    case 'count': {
      const value = Number(typed)
      const { min = -Infinity, max = Infinity } = field
      if (!/^[+-]?\d{1,15}$/.test(typed))
        throw new Failure('usage', `${name} must be a whole number, not ${shown(typed)}`)
      if (value < min || value > max) {
        throw new Failure(
          'usage',
          `${name} must be ${max === Infinity ? `at least ${min}` : `between ${min} and ${max}`}`,
        )
      }
      return value
    }
    case 'choice': {
      if (field.choices.includes(typed)) return typed
      const [near] = suggest(typed, field.choices)
      throw new Failure('usage', `${name} cannot be ${shown(typed)}`, {
        hint:
          near === undefined
            ? `one of: ${field.choices.join(', ')}`
            : `did you mean ${near}? all: ${field.choices.join(', ')}`,
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

function requireValue(name: string, field: Field, value: unknown): void {
  if (field.required !== true) return
  if (value !== undefined && !(Array.isArray(value) && value.length === 0)) return
  throw new Failure('usage', field.at === undefined ? `--${name} is required` : `${name} is required`, {
    hint: `${field.about[0]?.toLowerCase() ?? ''}${field.about.slice(1)}`,
  })
}

function unknownFlag(command: Command, fields: Fields, flag: string): Failure {
  const known = Object.entries(fields).filter(([, field]) => field.at === undefined && field.kind !== 'rest')
  const near = suggest(
    flag.replace(/^-+/, ''),
    known.map(([name]) => name),
  )
  return new Failure('usage', `unknown flag: ${shown(flag)}`, {
    hint: near.length > 0 ? `did you mean ${near.map((name) => `--${name}`).join(' or ')}?` : helpHint(command),
  })
}

function helpHint(command: Command): string {
  return `tvault ${command.path} --help`
}

/** A word of the user in an error: it may be a mistyped value, so only a short, harmless-looking one is repeated. */
function shown(word: string): string {
  return /^[\w./=-]{1,40}$/.test(word) ? `"${word}"` : 'what was given'
}

function camelCase(name: string): string {
  return name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase())
}
