// What a tool is: a command as an AI agent calls it. Its effect, its gate and its body are the command's; here is only
// how it is called and how its result looks. A command says itself whether it may be a tool (`on`).
import type { Command, Field, Fields, Input } from '../../commands/define.ts'
import { fieldSchema, objectSchema } from '../../faces/schema.ts'
import type { JsonSchema } from '../../faces/schema.ts'
import type { Act, Effect } from '../../lib/gate.ts'

/** What is known to a result besides the result: the input, and the project that was meant. */
export interface Told {
  input: Record<string, unknown>
  project: string
}

/** What lasts from one call to the next. */
export interface SessionState {
  /** What the client chose as its current project; the owner's own choice stays as it is. */
  project: string | undefined
}

/** An argument that is no field as it is: what the client is told of it, and what the field gets. */
export interface Special {
  schema: JsonSchema
  /** What it must be, for the message. */
  expects: string
  /** Undefined when it is something else. */
  convert(value: unknown): unknown
}

export const TEXT: JsonSchema = { type: 'string' }
export const NUMBER: JsonSchema = { type: 'integer' }
export const FLAG: JsonSchema = { type: 'boolean' }
export const LIST: JsonSchema = { type: 'array' }

export interface Tool {
  name: string
  title: string
  about: string
  /** Part of the small set, `--tools core`. */
  core: boolean
  command: Command
  /** Arguments, each with the field that it fills. */
  takes: Readonly<Record<string, string>>
  special: Readonly<Record<string, Special>>
  /** Arguments that must be there, beside those whose field is required. */
  needs: readonly string[]
  /** Fields that are always so. */
  fixed: Readonly<Record<string, unknown>>
  /** Whether it takes `project`. */
  hasProject: boolean
  output: JsonSchema
  /** Doing it twice is the same as doing it once. */
  idempotent: boolean
  /** The structured result: plain data, in which a Secret may be. */
  result(result: unknown, told: Told): object
  /** Done after the call went well. */
  after?(session: SessionState, told: Told): void
  /** What the rows of the audit log say beside client and command; no values. */
  audit?(input: Readonly<Record<string, unknown>>): Record<string, string>
  /** What is done with the values, as far as a policy may look at it. */
  act?(input: Readonly<Record<string, unknown>>): Act
}

interface Face<R> {
  name: string
  title: string
  /** Default: what the command says of itself. */
  about?: string
  core?: boolean
  takes?: Readonly<Record<string, string>>
  special?: Readonly<Record<string, Special>>
  needs?: readonly string[]
  fixed?: Readonly<Record<string, unknown>>
  hasProject?: boolean
  output: Readonly<Record<string, JsonSchema>>
  /** Members of the output that may be missing. */
  optional?: readonly string[]
  idempotent?: boolean
  result(result: R, told: Told): object
  after?(session: SessionState, told: Told): void
  audit?(input: Readonly<Record<string, unknown>>): Record<string, string>
  act?(input: Readonly<Record<string, unknown>>): Act
}

/** `command` as a tool. Throws when the command is not for AI agents. */
export function tool<I extends Fields, R>(command: Command<I, R>, face: Face<Awaited<R>>): Tool {
  if (!command.on.includes('mcp')) throw new Error(`${command.path} is not for AI agents`)
  const { about, core, takes, needs, fixed, hasProject, output, optional = [], idempotent, after, audit, act } = face
  return {
    name: face.name,
    title: face.title,
    about: about ?? command.about,
    core: core ?? false,
    command: command as unknown as Command,
    takes: takes ?? {},
    special: face.special ?? {},
    needs: needs ?? [],
    fixed: fixed ?? {},
    hasProject: hasProject ?? true,
    output: objectSchema(
      output,
      Object.keys(output).filter((name) => !optional.includes(name)),
      { open: true },
    ),
    idempotent: idempotent ?? false,
    result: face.result as Tool['result'],
    ...(after && { after }),
    ...(audit && { audit }),
    ...(act && { act }),
  }
}

export const PROJECT: JsonSchema = { type: 'string', description: 'Project; default: the current one' }

/** The field that an argument fills. */
export function fieldOf({ command, takes }: Tool, argument: string): Field {
  const field = command.input[takes[argument] ?? '']
  if (field) return field
  throw new Error(`no field for ${argument}`)
}

/** The schema of the arguments of a tool. */
export function inputSchema(tool: Tool): JsonSchema & { type: 'object' } {
  const names = Object.keys(tool.takes)
  const properties = Object.fromEntries(names.map((name) => [name, argumentSchema(tool, name)] as const))
  return objectSchema(
    { ...properties, ...(tool.hasProject && { project: PROJECT }), ...(takesPurpose(tool) && { purpose: PURPOSE }) },
    names.filter((name) => isNeeded(tool, name)),
  )
}

/** A list of which one argument is one item is one text here. */
function argumentSchema(tool: Tool, name: string): JsonSchema {
  const special = tool.special[name]
  if (special) return special.schema
  const field = fieldOf(tool, name)
  return isSingle(field, name) ? fieldSchema({ kind: 'text', about: field.about }) : fieldSchema(field)
}

/** `key` for a command that takes `keys`. */
export function isSingle(field: Field, name: string): boolean {
  return field.kind === 'list' && name === 'key'
}

/** Uses of values that have no `purpose` of their own take one: a policy may demand it. */
export function takesPurpose({ command, takes }: Tool): boolean {
  return USES.includes(command.effect) && !('purpose' in takes)
}

const USES: readonly Effect[] = ['reveal', 'compare', 'write', 'destroy']
const PURPOSE: JsonSchema = { type: 'string', description: 'What for; in the audit log' }

export function isNeeded(tool: Tool, name: string): boolean {
  return fieldOf(tool, name).required === true || tool.needs.includes(name)
}

/** What a host may tell its user before the call. */
export function annotations({ title, command, idempotent }: Tool): Record<string, unknown> {
  const { effect } = command
  const changes = !['none', 'list', 'compare', 'reveal'].includes(effect)
  return {
    title,
    readOnlyHint: !changes,
    ...(changes && { destructiveHint: effect !== 'write', idempotentHint: idempotent }),
    openWorldHint: effect === 'inject',
  }
}

/** Input of a command, for those who make one. */
export type AnyInput = Input<Fields>
