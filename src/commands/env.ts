// Prints secrets as text for other programs. Everything is printed before a byte leaves, so that a value which a
// format cannot hold stops the command instead of ending its output in the middle.
import { REVEAL_FIELDS, SELECT_FIELDS, SOURCE_FIELDS, refuseTerminal, selection } from '../faces/fields.ts'
import { DIALECT_CHOICES, FORMATS, formatOf } from '../formats/print.ts'
import { Failure } from '../lib/errors.ts'
import { printable } from '../lib/names.ts'
import { define } from './define.ts'
import { openSource } from './parts/source.ts'

const CHOICES = ['shell', 'dotenv', 'json', 'yaml', 'k8s-secret', 'pulumi-config', 'fish'] as const

export default define({
  path: 'env',
  about: 'Print secrets for a shell or another program',
  detail:
    'The output holds the values in the clear, also in the k8s-secret format (base64 hides nothing). ' +
    '--dialect writes dotenv text for one reader, and refuses a value that this reader cannot take. ' +
    '--json is the same as --format json. Onto a terminal nothing is printed without --reveal.',
  effect: 'reveal',
  on: ['cli'],
  holdsKeys: true,
  input: {
    format: { kind: 'choice', short: 'f', choices: CHOICES, fallback: 'shell', about: 'Form of the output' },
    dialect: { kind: 'choice', choices: DIALECT_CHOICES, about: 'dotenv: the program that is to read it' },
    export: {
      kind: 'flag',
      short: 'e',
      fallback: 'true',
      about: 'shell: put "export " in front of every line; --export=false leaves it out',
    },
    ...SELECT_FIELDS,
    ...SOURCE_FIELDS,
    name: { kind: 'text', about: 'k8s-secret: name of the Secret' },
    namespace: { kind: 'text', about: 'k8s-secret: its namespace', fallback: 'default' },
    stack: { kind: 'text', about: 'pulumi-config: name of the stack' },
    ...REVEAL_FIELDS,
  },
  examples: [
    { words: 'env', about: 'Lines to eval in a shell: eval "$(tvault env)"' },
    { words: 'env --format dotenv --only DB_URL,API_KEY', about: 'Two secrets as a dotenv file' },
    { words: 'env --dialect docker', about: 'For docker run --env-file <(tvault env --dialect docker)' },
    { words: 'env --group shop --env staging', about: 'An environment, with what it inherits' },
    { words: 'env -p web --identity ci', about: 'What is shared with an identity, without the passphrase' },
    { words: 'env --format k8s-secret --name app', about: 'A manifest for kubectl apply -f -' },
  ],
  async run(context, input) {
    const wanted = selection(input)
    const format = context.globals.json ? 'json' : formatOf(input, 'shell')
    refuseTerminal(context.stdoutIsTerminal, input)
    const options = {
      exported: input.export,
      name: input.name,
      namespace: input.namespace ?? 'default',
      stack: input.stack,
      dialect: input.dialect,
    }
    // What the format needs is checked before a passphrase is asked for and a read is written down.
    FORMATS[format]([], options)
    const source = await openSource(context, input)
    const { entries, missing } = source.read(wanted)
    try {
      if (missing.length > 0) {
        throw new Failure('not_found', `--only key(s) not found: ${missing.map(printable).join(', ')}`, {
          hint: 'tvault list',
        })
      }
      return FORMATS[format](entries, options)
    } finally {
      for (const { value } of entries) value.wipe()
    }
  },
  human: (printed) => printed,
})
