// Makes a random value and stores it. The value is never shown; `tvault get` shows it to those who may see it.
import { KEY_FIELD } from '../faces/fields.ts'
import { Failure } from '../lib/errors.ts'
import { checkKey } from '../lib/names.ts'
import { define } from './define.ts'

const DEFAULT_LENGTH = 32
const UUID_LENGTH = 36
const WORDS = 6
/** One letter of each kind. */
const LEAST_SYMBOLS = 4

export default define({
  path: 'generate',
  about: 'Store a random value without showing it',
  detail:
    'A key that exists already is left alone unless --force is given; then its old value stays in the history. ' +
    'symbols has at least one small and one capital letter, digit and sign; words are made up and can be spoken, 17 ' +
    'bits each. For a key pair see tvault identity new.',
  effect: 'write',
  on: ['cli', 'mcp'],
  holdsKeys: true,
  input: {
    key: KEY_FIELD,
    length: {
      kind: 'count',
      placeholder: 'n',
      min: 1,
      max: 256,
      about: `Number of characters, or of words (then the default is ${WORDS})`,
      fallback: `${DEFAULT_LENGTH}`,
    },
    charset: {
      kind: 'choice',
      choices: ['alphanumeric', 'hex', 'base64', 'ascii', 'symbols', 'words', 'uuid'],
      about: 'What it consists of (base64: the url-safe alphabet; uuid: version 4)',
      fallback: 'alphanumeric',
    },
    force: { kind: 'flag', about: 'Make a new version of a key that exists' },
  },
  examples: [
    { words: 'generate SESSION_SECRET', about: '32 letters and digits' },
    { words: 'generate DOOR_CODE --charset words --length 4', about: 'Something to say aloud' },
    { words: 'generate DB_PASSWORD --length 48 --charset ascii --force', about: 'Replace a password' },
  ],
  async run(context, { key, length, charset = 'alphanumeric', force }) {
    checkKey(key)
    if (charset === 'uuid' && length !== undefined && length !== UUID_LENGTH) {
      throw new Failure('usage', 'a uuid has 36 characters', { hint: 'leave --length out' })
    }
    if (charset === 'symbols' && length !== undefined && length < LEAST_SYMBOLS) {
      throw new Failure('usage', 'symbols needs at least 4 characters: one of each kind', {
        hint: '--length 4 or more',
      })
    }
    const fallback = { uuid: UUID_LENGTH, words: WORDS }[charset as string] ?? DEFAULT_LENGTH
    const size = length ?? fallback
    const view = await context.vault()
    const value = await context.random(charset, size)
    try {
      const project = context.project(view)
      const { version } = view.write(project, key, value, { onlyNew: !force })
      return { charset, key, length: size, stored: true, project, version }
    } finally {
      value.wipe()
    }
  },
  human: ({ key, length, charset }) => ({ note: `Generated and stored secret "${key}" (${length} ${charset})` }),
})
