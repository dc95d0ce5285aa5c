// Writes all secrets of a project to a file or to standard output, in the clear. A file is new, or replaced only
// when asked; it is written whole or not at all, and only its owner can read it.
import { REVEAL_FIELDS, refuseTerminal } from '../faces/fields.ts'
import { DIALECT_CHOICES, FORMATS, formatOf } from '../formats/print.ts'
import { Failure } from '../lib/errors.ts'
import { printable } from '../lib/names.ts'
import type { Secret } from '../lib/secret.ts'
import { define } from './define.ts'
import { OUT_FIELD, writePlain } from './parts/streams.ts'

const CHOICES = ['dotenv', 'json', 'yaml', 'k8s-secret'] as const

export default define({
  path: 'export',
  about: 'Write all secrets of a project to a file or to standard output',
  detail:
    'The file holds the values in the clear: it gets mode 0600, is never written through a symbolic link and never ' +
    'into the vault directory. Keep it out of version control and delete it when it has done its work.',
  effect: 'reveal',
  on: ['cli'],
  holdsKeys: true,
  input: {
    format: { kind: 'choice', short: 'f', choices: CHOICES, fallback: 'dotenv', about: 'Form of the output' },
    dialect: { kind: 'choice', choices: DIALECT_CHOICES, about: 'dotenv: the program that is to read it' },
    output: OUT_FIELD,
    overwrite: { kind: 'flag', about: 'Replace the file when it exists' },
    name: { kind: 'text', about: 'k8s-secret: name of the Secret' },
    namespace: { kind: 'text', about: 'k8s-secret: its namespace', fallback: 'default' },
    ...REVEAL_FIELDS,
  },
  examples: [
    { words: 'export -o .env.local', about: 'A dotenv file that tvault import reads back' },
    { words: 'export --format json', about: 'All secrets as JSON on standard output' },
    { words: 'export --dialect systemd -o app.env', about: 'For EnvironmentFile= of a service' },
  ],
  async run(context, input) {
    const file = fileOf(input.output)
    const format = context.globals.json && file === undefined ? 'json' : formatOf(input, 'dotenv')
    if (file === undefined) refuseTerminal(context.stdoutIsTerminal, input)
    const options = {
      exported: false,
      name: input.name,
      namespace: input.namespace ?? 'default',
      stack: undefined,
      dialect: input.dialect,
    }
    // What the format needs is checked before a passphrase is asked for and a read is written down.
    FORMATS[format]([], options)
    const view = await context.vault()
    const project = context.project(view)
    const { entries } = view.readMany(project, {}, { progress: context.progress('opening') })
    const result = { project, format, file, count: entries.length }
    let printed: Secret | undefined
    try {
      printed = FORMATS[format](entries, options)
      if (file === undefined) return { ...result, printed }
      if (entries.length > 0) await writePlain(context, file, printed, input.overwrite)
      return { ...result, printed: undefined }
    } finally {
      for (const { value } of entries) value.wipe()
      if (file !== undefined) printed?.wipe()
    }
  },
  human: ({ printed, count, file }) => ({
    ...(printed && { out: printed }),
    ...(count === 0 && { note: 'No secrets to export.' }),
    ...(count > 0 && file !== undefined && { note: `Exported ${count} secrets to ${printable(file)}` }),
  }),
  json: ({ project, format, file, count, printed }) => printed ?? { project, format, file, count, changed: count > 0 },
})

/** The path to write to, or undefined for standard output. */
function fileOf(output: string | undefined): string | undefined {
  if (output === '') throw new Failure('usage', '--output is empty', { hint: 'name a file, or - for standard output' })
  return output === '-' ? undefined : output
}
