// Stores a value. Exactly one source: argument, --stdin, --from-file, --from-env, a pipe, or hidden input on the
// terminal. Values are bytes from the source to the vault and are never a string here.
import { KEY_FIELD } from '../faces/fields.ts'
import { Failure } from '../lib/errors.ts'
import { checkKey, printable } from '../lib/names.ts'
import { MAX_VALUE_BYTES } from '../lib/quantities.ts'
import { Secret } from '../lib/secret.ts'
import type { Context } from './context.ts'
import { define } from './define.ts'

const NEWLINE = 10

/** What was given on the command line, reduced to where the value is to come from. */
type Source = 'argument' | 'stdin' | 'file' | 'env' | 'pipe' | 'terminal'

interface Given {
  name: string
  value?: Secret | undefined
  stdin: boolean
  'from-file'?: string | undefined
  'from-env'?: string | undefined
  key?: string | undefined
}

export default define({
  path: 'set',
  aliases: ['s'],
  about: 'Store a secret; an earlier value stays in its history',
  detail:
    'Without a source the value is asked for, hidden; what is pasted may have several lines. --stdin drops exactly one newline at the end; --from-file keeps ' +
    'every byte (--from-file - reads standard input so). An empty value is taken from --stdin, --from-file and ' +
    '--from-env; elsewhere it needs --allow-empty.',
  effect: 'write',
  on: ['cli', 'mcp'],
  holdsKeys: true,
  input: {
    name: { ...KEY_FIELD, placeholder: 'key' },
    value: { kind: 'secret', at: 1, about: 'The value; it stays in the shell history, so better leave it out' },
    stdin: { kind: 'flag', about: 'Read the value from standard input' },
    'from-file': {
      kind: 'text',
      short: 'f',
      placeholder: 'file',
      complete: 'file',
      about: 'The bytes of a file (- for standard input)',
    },
    'from-env': { kind: 'text', placeholder: 'file', complete: 'file', about: 'Take the value from a dotenv file' },
    key: { kind: 'text', placeholder: 'name', about: 'With --from-env: the name it has there' },
    'allow-empty': { kind: 'flag', about: 'Accept an empty value from any source' },
  },
  examples: [
    { words: 'set DATABASE_URL', about: 'Ask for the value, hidden' },
    { words: 'set TLS_KEY --from-file key.pem', about: 'Every byte of a file' },
    { words: 'set API_KEY --stdin', about: 'From a pipe' },
    { words: 'set API_KEY --from-env .env', about: 'One entry of a dotenv file' },
  ],
  async run(context, input) {
    checkKey(input.name)
    const source = sourceOf(context, input)
    const view = await context.vault()
    const project = context.project(view)
    const value = await read(context, source, input, project)
    try {
      if (value.size === 0 && !input['allow-empty'] && !['stdin', 'file', 'env'].includes(source)) {
        throw new Failure('usage', 'value cannot be empty', {
          hint:
            source === 'pipe'
              ? 'standard input was empty; name a source, or say --allow-empty'
              : 'say --allow-empty if it is meant',
        })
      }
      if (source === 'argument') {
        context.note('note: a value on the command line stays in the shell history; tvault set KEY asks for it instead')
      }
      if (input.name.startsWith('TVAULT_')) {
        context.note(`warning: tvault run does not give ${input.name} to programs: TVAULT_ names are its own`)
      }
      return { project, bytes: value.size, typed: source === 'terminal', ...view.write(project, input.name, value) }
    } finally {
      value.wipe()
    }
  },
  human({ key, bytes, typed }) {
    // Nobody saw what was typed: the length is the one thing that may be shown.
    const size = bytes === 0 ? ' (empty)' : typed ? ` (${bytes} B)` : ''
    return { note: `Secret '${key}' set successfully${size}` }
  },
  json: ({ key, project, version, change }) => ({ key, project, version, change, changed: change !== 'unchanged' }),
})

/** Where the value comes from. Two sources at once are a usage failure: one of them would be ignored silently. */
function sourceOf(context: Context, input: Given): Source {
  const given: Source[] = []
  if (input.value) given.push('argument')
  if (input.stdin) given.push('stdin')
  if (input['from-file'] !== undefined) given.push('file')
  if (input['from-env'] !== undefined) given.push('env')
  if (given.length > 1) {
    throw new Failure('usage', 'the value is given more than once', {
      hint: 'use one of: a value, --stdin, --from-file, --from-env',
    })
  }
  if (input.key !== undefined && given[0] !== 'env') {
    throw new Failure('usage', '--key belongs to --from-env', { hint: 'tvault set KEY --from-env .env --key NAME' })
  }
  return given[0] ?? (context.stdinIsTerminal ? 'terminal' : 'pipe')
}

async function read(context: Context, source: Source, input: Given, project: string): Promise<Secret> {
  switch (source) {
    case 'argument':
      return input.value ?? new Secret(new Uint8Array(0))
    case 'stdin':
    case 'pipe':
      return new Secret(withoutNewline(await context.readFile('-', { maxBytes: MAX_VALUE_BYTES, stdin: true })))
    case 'file': {
      const path = input['from-file'] ?? ''
      return new Secret(await context.readFile(path, { maxBytes: MAX_VALUE_BYTES, stdin: path === '-' }))
    }
    case 'env':
      return fromDotenv(context, input['from-env'] ?? '', input.key ?? input.name)
    case 'terminal':
      context.note(`Value of ${input.name} in project ${printable(project)}; what you type is not shown.`)
      return context.ask.hidden('Enter secret value: ', { lines: true })
  }
}

async function fromDotenv(context: Context, path: string, key: string): Promise<Secret> {
  const [{ checkDotenvName, pickDotenv }, { MAX_DOTENV_BYTES }] = await Promise.all([
    import('../formats/dotenv-pick.ts'),
    import('../formats/dotenv-files.ts'),
  ])
  checkDotenvName(path)
  return pickDotenv(await context.readFile(path, { maxBytes: MAX_DOTENV_BYTES }), key, path)
}

/** `bytes` without one newline at the end. A carriage return stays. */
function withoutNewline(bytes: Uint8Array): Uint8Array {
  return bytes.at(-1) === NEWLINE ? bytes.subarray(0, -1) : bytes
}
