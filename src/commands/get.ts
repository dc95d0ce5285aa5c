// Prints one value, byte for byte: nothing is added to what standard output receives.
import { Failure } from '../lib/errors.ts'
import { KEY_FIELD, SOURCE_FIELDS } from '../faces/fields.ts'
import { cell } from '../faces/table.ts'
import { checkKey } from '../lib/names.ts'
import { define } from './define.ts'
import { openSource } from './parts/source.ts'

export default define({
  path: 'get',
  aliases: ['g'],
  about: 'Print the value of a secret',
  detail:
    'Standard output receives exactly the bytes of the value, without a newline. --from reads a dotenv file and needs ' +
    'no vault. With --group and --env a key that the environment has not got itself comes from its base.',
  effect: 'reveal',
  on: ['cli', 'mcp'],
  holdsKeys: true,
  input: {
    key: KEY_FIELD,
    version: { kind: 'count', placeholder: 'n', about: 'An earlier version; 0 is the current one', min: 0 },
    from: { kind: 'text', placeholder: 'file', complete: 'file', about: 'Read the value from a dotenv file instead' },
    ...SOURCE_FIELDS,
    'show-source': {
      kind: 'flag',
      about: 'With --group: say on standard error which environment the value comes from',
    },
  },
  examples: [
    { words: 'get API_KEY', about: 'The current value' },
    { words: 'get API_KEY --version 2', about: 'An earlier one; tvault history lists them' },
    { words: 'get API_KEY --json', about: 'As an object' },
    { words: 'get API_KEY --group shop --env staging --show-source', about: 'Of an environment, perhaps inherited' },
  ],
  async run(context, { key, version, from, 'show-source': showSource, ...place }) {
    const onTerminal = context.stdoutIsTerminal
    if (showSource && place.group === undefined) {
      throw new Failure('usage', '--show-source needs --group and --env')
    }
    if (place.group !== undefined && version) {
      throw new Failure('usage', '--version and --group exclude each other', {
        hint: 'name the project of the environment with -p',
      })
    }
    if (from !== undefined) {
      if (version !== undefined) {
        throw new Failure('usage', '--from and --version exclude each other', { hint: 'a file has no versions' })
      }
      if ([place.group, place.env, place.identity].some((given) => given !== undefined)) {
        throw new Failure('usage', '--from reads a file: it excludes --group, --env and --identity')
      }
      const [{ checkDotenvName, pickDotenv }, { MAX_DOTENV_BYTES }] = await Promise.all([
        import('../formats/dotenv-pick.ts'),
        import('../formats/dotenv-files.ts'),
      ])
      checkDotenvName(from)
      const file = await context.readFile(from, { maxBytes: MAX_DOTENV_BYTES })
      const value = pickDotenv(file, key, from)
      return { key, value, version: undefined, source: 'file', env: undefined, onTerminal }
    }
    checkKey(key)
    const { view, read, from: sourceOf } = await openSource(context, place, { passphraseFirst: true })
    if (place.group === undefined) {
      const value = view.read(context.project(view), key, version ? { version } : {})
      return { key, value, version: version || undefined, source: undefined, env: undefined, onTerminal }
    }
    const [entry] = read({ only: [key] }).entries
    if (!entry) {
      throw new Failure('not_found', `no secret ${key} in environment ${cell(place.env ?? '')}, nor in its bases`, {
        hint: `tvault env inherited --group ${cell(place.group)} --env ${cell(place.env ?? '')}`,
      })
    }
    const env = showSource ? place.env : undefined
    return { key, value: entry.value, version: undefined, source: sourceOf(entry), env, onTerminal }
  },
  // On a terminal the prompt must not glue to the value; the newline goes to stderr, so the bytes stay exact.
  human({ value, source, env, onTerminal }) {
    const lines = onTerminal ? [''] : []
    if (env !== undefined) {
      lines.push(source === env ? `# own value of ${cell(env)}` : `# inherited from ${cell(source ?? '')}`)
    }
    return { out: value, ...(lines.length > 0 && { note: lines.join('\n') }) }
  },
  json: ({ key, value, version, source }) => ({
    key,
    value,
    ...(version !== undefined && { version }),
    ...(source !== undefined && { source }),
  }),
})
