// A command as plain data, for everything that only reads: help, completion, man page, documents, manifest.
import type { Description, FieldDescription } from '../faces/description.ts'
import type { Command, Field } from './define.ts'

/** Descriptions of the commands that are shown: all but the hidden ones. */
export function listed(commands: readonly Command[]): Description[] {
  return commands.filter(({ hidden }) => !hidden).map(describe)
}

/** The description of `command`; fields in the order of their declaration. */
export function describe(command: Command): Description {
  return {
    path: command.path,
    aliases: command.aliases ?? [],
    about: command.about,
    ...(command.detail !== undefined && { detail: command.detail }),
    effect: command.effect,
    fields: Object.entries(command.input).map(([name, field]) => describeField(name, field)),
    examples: command.examples,
  }
}

function describeField(name: string, field: Field): FieldDescription {
  return {
    name,
    kind: field.kind,
    about: field.about,
    ...(field.at !== undefined && { at: field.at }),
    ...(field.short !== undefined && { short: field.short }),
    ...(field.placeholder !== undefined && { placeholder: field.placeholder }),
    required: field.required ?? false,
    ...(field.kind === 'choice' && { choices: field.choices }),
    ...('complete' in field && field.complete !== undefined && { complete: field.complete }),
    ...(field.fallback !== undefined && { fallback: field.fallback }),
  }
}
