// Fields that several commands share, so that one word means the same thing everywhere. Data only.
import type { FieldDescription } from './description.ts'
import { Failure } from '../lib/errors.ts'
import { parseKib } from '../lib/quantities.ts'

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
  verbose: { kind: 'flag', short: 'v', about: 'Tell more, also where an internal error came from' },
  'no-agent': { kind: 'flag', about: 'Do not ask a running agent' },
  config: { kind: 'text', about: 'Configuration file', placeholder: 'file', complete: 'file' },
  help: { kind: 'flag', short: 'h', about: 'Show help' },
} as const

/** The same as plain data, for help, completion and documents. */
export const GLOBAL_FLAGS: readonly FieldDescription[] = Object.entries(GLOBAL_FIELDS).map(([name, field]) => ({
  name,
  required: false,
  ...field,
}))

/** The one secret that a command is about. */
export const KEY_FIELD = { kind: 'text', at: 0, required: true, about: 'Name of the secret', complete: 'key' } as const

/** How strong the key derivation of a vault is. */
export const KDF_FIELDS = {
  'kdf-memory': {
    kind: 'text',
    about: 'Memory of the key derivation, in KiB or with a unit (a new vault: 64MiB)',
    placeholder: 'size',
  },
  'kdf-passes': { kind: 'count', about: 'Passes of the key derivation (a new vault: 3)', placeholder: 'n' },
  'kdf-lanes': { kind: 'count', about: 'Lanes of the key derivation (a new vault: 4)', placeholder: 'n' },
} as const

/** The parameters that were given; what is missing stays as it is. Throws a usage failure for a bad size. */
export function kdfGiven(input: {
  'kdf-memory'?: string | undefined
  'kdf-passes'?: number | undefined
  'kdf-lanes'?: number | undefined
}): { memoryKib?: number; passes?: number; lanes?: number } {
  const { 'kdf-memory': memory, 'kdf-passes': passes, 'kdf-lanes': lanes } = input
  return {
    ...(memory !== undefined && { memoryKib: parseKib(memory) }),
    ...(passes !== undefined && { passes }),
    ...(lanes !== undefined && { lanes }),
  }
}

/** Which secrets of a project are meant: the union of both; without either, all. */
export const SELECT_FIELDS = {
  only: { kind: 'list', about: 'Only these keys', placeholder: 'keys', split: true, complete: 'key' },
  prefix: { kind: 'text', about: 'Only keys that begin so', placeholder: 'text' },
} as const

/** What was selected. A selector that was given but is empty is a usage failure: it must never mean `all`. */
export function selection(input: { only?: string[] | undefined; prefix?: string | undefined }): {
  only?: readonly string[]
  prefix?: string
} {
  const { only, prefix } = input
  if (prefix === '' || only?.length === 0) {
    throw new Failure('usage', `--${prefix === '' ? 'prefix' : 'only'} is empty`, {
      hint: 'leave it out to mean all secrets',
    })
  }
  return { ...(only && { only }), ...(prefix !== undefined && { prefix }) }
}

/** Where secrets are taken from, when it is not the project alone with the passphrase. */
export const SOURCE_FIELDS = {
  identity: {
    kind: 'text',
    placeholder: 'name',
    about: 'Read as this identity what is shared with it; no passphrase is needed',
  },
  group: { kind: 'text', about: 'Read through this environment group' },
  env: { kind: 'text', placeholder: 'environment', about: 'The environment of the group, with what it inherits' },
} as const

/** What every command takes that gives secrets to a program. */
export const GIVE_FIELDS = {
  ...SELECT_FIELDS,
  ...SOURCE_FIELDS,
  strict: { kind: 'flag', about: 'Fail when a key of --only is missing or nothing is selected' },
} as const

export const YES_FIELD = { kind: 'flag', short: 'y', about: 'Do not ask' } as const

/** For commands that print many values: onto a terminal only when that is said. */
export const REVEAL_FIELDS = {
  reveal: { kind: 'flag', about: 'Print the values even when standard output is a terminal' },
  force: { kind: 'flag', about: 'The same as --reveal' },
} as const

/** Throws a usage failure when values would be shown on a terminal without being asked for (W6). */
export function refuseTerminal(stdoutIsTerminal: boolean, input: Record<keyof typeof REVEAL_FIELDS, boolean>): void {
  const asked = (['reveal', 'force'] as const).some((name) => input[name])
  if (!stdoutIsTerminal || asked) return
  throw new Failure('usage', 'the values would be shown on this terminal', {
    hint: 'add --reveal to show them, or send the output to a program or a file',
  })
}
