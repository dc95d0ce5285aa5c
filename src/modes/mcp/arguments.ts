// Arguments of a call to the input of a command. What came is never repeated in an error: it may be a value that stands
// in the wrong place. Unknown arguments are refused, because ignoring one would do something else than was meant.
import type { Field } from '../../commands/define.ts'
import { Failure } from '../../lib/errors.ts'
import { checkProjectName } from '../../lib/names.ts'
import { MAX_VALUE_BYTES } from '../../lib/quantities.ts'
import { Secret } from '../../lib/secret.ts'
import { suggest } from '../../lib/suggest.ts'
import { parseMoment } from '../../lib/time.ts'
import { fieldOf, isNeeded, isSingle, takesPurpose } from './tool.ts'
import type { AnyInput, Tool } from './tool.ts'

/** Longest text that is no value, in characters, and longest list. */
const LONGEST_TEXT = 4096
const LONGEST_LIST = 10_000

/**
 * The input for `tool`, and the project and the purpose that were named beside it. Throws a usage failure; a Secret in it
 * is the caller's.
 */
export function readArguments(
  tool: Tool,
  given: unknown,
): { input: AnyInput; project: string | undefined; purpose: string | undefined } {
  const said = (given ?? {}) as Record<string, unknown>
  if (typeof said !== 'object' || Array.isArray(said)) throw new Failure('usage', 'the arguments are no object')
  const beside = [...(tool.hasProject ? ['project'] : []), ...(takesPurpose(tool) ? ['purpose'] : [])]
  const known = [...Object.keys(tool.takes), ...beside]
  for (const name of Object.keys(said)) if (!known.includes(name)) throw unknown(name, known)

  const project = said['project'] ?? undefined
  if (project !== undefined && typeof project !== 'string') throw wrong('project', 'a text')
  if (project !== undefined) checkProjectName(project)

  const named = takesPurpose(tool) ? (said['purpose'] ?? undefined) : undefined
  const purpose = named === undefined ? undefined : plainText('purpose', named)

  const input: Record<string, unknown> = {}
  for (const [field, { kind, fallback }] of Object.entries(tool.command.input)) {
    input[field] = kind === 'flag' ? fallback === 'true' : undefined
  }
  for (const [name, field] of Object.entries(tool.takes)) {
    const value = said[name] ?? undefined
    const special = tool.special[name]
    if (value !== undefined && special) input[field] = special.convert(value) ?? fail(name, special.expects)
    else if (value !== undefined) input[field] = convert(name, fieldOf(tool, name), value)
    else if (isNeeded(tool, name)) throw new Failure('usage', `the argument ${name} is missing`)
  }
  if (project !== undefined && input['group'] !== undefined && 'env' in tool.takes) {
    throw new Failure('usage', 'the arguments project and group exclude each other', {
      hint: 'group and env say which project is meant',
    })
  }
  return { input: { ...input, ...tool.fixed } as AnyInput, project, purpose }
}

function convert(name: string, field: Field, value: unknown): unknown {
  if (isSingle(field, name)) return [plainText(name, value)]
  switch (field.kind) {
    case 'flag':
      return typeof value === 'boolean' ? value : fail(name, 'true or false')
    case 'count': {
      const { min = -Infinity, max = Infinity } = field
      const fits = typeof value === 'number' && Number.isSafeInteger(value) && value >= min && value <= max
      return fits ? value : fail(name, `a whole number${range(min, max)}`)
    }
    case 'list':
    case 'rest': {
      // Empty must never come to mean everything (attack C16).
      const fits = Array.isArray(value) && value.length > 0 && value.length <= LONGEST_LIST
      return fits ? value.map((item) => plainText(name, item)) : fail(name, 'a list of texts with something in it')
    }
    case 'choice':
      if (typeof value === 'string' && field.choices.includes(value)) return value
      throw wrong(name, 'one of the choices', `one of: ${field.choices.join(', ')}`)
    case 'moment':
      return moment(name, plainText(name, value))
    case 'secret':
      return secret(name, value)
    default:
      return plainText(name, value)
  }
}

function plainText(name: string, value: unknown): string {
  if (typeof value !== 'string' || value.includes('\0')) return fail(name, 'a text')
  return value.length <= LONGEST_TEXT ? value : fail(name, `a text of at most ${LONGEST_TEXT} characters`)
}

function moment(name: string, typed: string): bigint {
  try {
    return parseMoment(typed)
  } catch {
    throw wrong(name, 'a time', 'use 2026-11-24, 2026-11-24T09:00:00Z, yesterday, or an age such as 2h or 7d')
  }
}

/** A value that programs can be given: text without NUL (attack D5). */
function secret(name: string, value: unknown): Secret {
  if (typeof value !== 'string' || value.includes('\0')) return fail(name, 'a text without NUL characters')
  const bytes = Secret.fromText(value)
  if (bytes.size <= MAX_VALUE_BYTES) return bytes
  bytes.wipe()
  return fail(name, `a text of at most ${MAX_VALUE_BYTES} bytes`)
}

function range(min: number, max: number): string {
  if (max === Infinity) return min === -Infinity ? '' : ` of at least ${min}`
  return ` from ${min} to ${max}`
}

function fail(name: string, what: string): never {
  throw wrong(name, what)
}

function wrong(name: string, what: string, hint?: string): Failure {
  return new Failure('usage', `the argument ${name} must be ${what}`, hint === undefined ? {} : { hint })
}

function unknown(name: string, known: readonly string[]): Failure {
  const all = known.length === 0 ? 'this tool takes no arguments' : `it takes: ${known.join(', ')}`
  const [near] = suggest(name, known)
  const shown = /^[a-z_]{1,40}$/i.test(name) ? ` ${name}` : ''
  return new Failure('usage', `there is no argument${shown}`, {
    hint: near === undefined ? all : `did you mean ${near}? ${all}`,
  })
}
