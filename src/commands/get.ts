// Prints one value, byte for byte: nothing is added to what standard output receives.
import { Failure } from '../lib/errors.ts'
import { checkKey } from '../lib/names.ts'
import { define } from './define.ts'

export default define({
  path: 'get',
  aliases: ['g'],
  about: 'Print the value of a secret',
  detail:
    'Standard output receives exactly the bytes of the value, without a newline. --from reads a dotenv file and needs no vault.',
  effect: 'reveal',
  on: ['cli'],
  holdsKeys: true,
  input: {
    key: { kind: 'text', at: 0, required: true, about: 'Name of the secret', complete: 'key' },
    version: { kind: 'count', placeholder: 'n', about: 'An earlier version; 0 is the current one', min: 0 },
    from: { kind: 'text', placeholder: 'file', complete: 'file', about: 'Read the value from a dotenv file instead' },
  },
  examples: [
    { words: 'get API_KEY', about: 'The current value' },
    { words: 'get API_KEY --version 2', about: 'An earlier one; tvault history lists them' },
    { words: 'get API_KEY --json', about: 'As an object' },
  ],
  async run(context, { key, version, from }) {
    const onTerminal = context.stdoutIsTerminal
    if (from !== undefined) {
      if (version !== undefined) {
        throw new Failure('usage', '--from and --version exclude each other', { hint: 'a file has no versions' })
      }
      const [{ checkDotenvName, pickDotenv }, { MAX_DOTENV_BYTES }] = await Promise.all([
        import('../formats/dotenv-pick.ts'),
        import('../formats/dotenv-files.ts'),
      ])
      checkDotenvName(from)
      const file = await context.readFile(from, { maxBytes: MAX_DOTENV_BYTES })
      return { key, value: pickDotenv(file, key, from), version: undefined, source: 'file', onTerminal }
    }
    checkKey(key)
    const view = await context.vault()
    const value = view.read(context.project(view), key, version ? { version } : {})
    return { key, value, version: version || undefined, source: undefined, onTerminal }
  },
  // On a terminal the prompt must not glue to the value; the newline goes to stderr, so the bytes stay exact.
  human: ({ value, onTerminal }) => ({ out: value, ...(onTerminal && { note: '' }) }),
  json: ({ key, value, version, source }) => ({
    key,
    value,
    ...(version !== undefined && { version }),
    ...(source !== undefined && { source }),
  }),
})
