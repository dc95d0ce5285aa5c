// Runs a program with secrets in its environment. The program takes the place of this process (execve), so signals,
// the terminal and the exit code are its own, and neither lock nor key outlives the start. With --redact it runs beside
// us instead, because its output passes through us.
import { GIVE_FIELDS } from '../faces/fields.ts'
import { Failure } from '../lib/errors.ts'
import type { Entry } from '../vault/view.ts'
import { choiceWith, launchParts, parseAsFile } from './parts/as-file.ts'
import { choose } from './parts/choose.ts'
import { define } from './define.ts'
import { fillIn, readEnvFile } from './parts/env-file.ts'
import { openSource } from './parts/source.ts'

export default define({
  path: 'run',
  about: 'Run a program with secrets in its environment',
  detail:
    'Everything after the program belongs to it. --only and --prefix add up; without either, all secrets of the project ' +
    'are given; --env-file adds the entries of a dotenv file, over which the vault wins. The exit code is the one of ' +
    'the program; 127 when it was not found, 126 when it could not be started. With --redact, values that are too short ' +
    'or too easy to guess to be hidden are named; --strict then refuses.',
  effect: 'inject',
  on: ['cli'],
  holdsKeys: true,
  input: {
    ...GIVE_FIELDS,
    'env-file': {
      kind: 'text',
      short: 'e',
      placeholder: 'file',
      complete: 'file',
      about: 'Also the entries of a dotenv file, with ${tvault://KEY} and ${tvault://PROJECT/KEY} filled in',
    },
    'no-vault': { kind: 'flag', about: 'Only the entries of --env-file; the vault is not opened' },
    'as-file': {
      kind: 'list',
      split: true,
      placeholder: 'keys',
      complete: 'key',
      about: 'Give these secrets as files in memory, the variable holds the path; NAME=KEY for another variable',
    },
    clean: { kind: 'flag', about: 'Start from an empty environment (PATH, HOME, TERM and LANG stay)' },
    redact: { kind: 'flag', about: 'Replace the values in the output of the program by [REDACTED:KEY]' },
    command: { kind: 'rest', at: 0, required: true, about: 'The program and its arguments' },
  },
  examples: [
    { words: 'run -- npm start', about: 'All secrets of the project' },
    { words: 'run --only DATABASE_URL,API_KEY -- ./server', about: 'Only two' },
    { words: 'run -p web --prefix DB_ --clean -- psql', about: 'Some, and nothing else of this environment' },
    { words: 'run --group shop --env staging -- ./server', about: 'An environment, with what it inherits' },
    { words: 'run -p web --identity ci -- ./deploy', about: 'What is shared with an identity, without the passphrase' },
    { words: 'run --env-file .env --no-vault -- make', about: 'Only a dotenv file' },
    { words: 'run --redact -- npm test', about: 'No value in a log, also not encoded; the program keeps its terminal' },
    { words: 'run --as-file TLS_KEY -- nginx', about: 'TLS_KEY holds the path of a file in memory' },
  ],
  async run(context, input) {
    const { clean, redact, command, 'env-file': path, 'no-vault': noVault, 'as-file': asFile, ...choice } = input
    if (command.length === 0 || command[0] === '') {
      throw new Failure('usage', 'command is required', { hint: 'tvault run -- npm start' })
    }
    const { only, prefix, identity, group, env } = choice
    if (noVault && [only, prefix, identity, group, env].some((given) => given !== undefined)) {
      throw new Failure(
        'usage',
        '--only, --prefix, --identity, --group and --env are about the vault and cannot be used with --no-vault',
      )
    }
    const files = parseAsFile(asFile)
    const envFile = path === undefined ? undefined : await readEnvFile(context, path, choice.strict)
    const entries: Entry[] = []
    try {
      const source = noVault ? undefined : once(() => openSource(context, choice))
      if (source) entries.push(...(await choose(context, choiceWith(choice, files), source)))
      // The vault wins over the file, so the file comes first.
      if (envFile) entries.unshift(...(await fillIn(envFile, source)))
      const launch = { command, ...launchParts(entries, files), clean }
      return await (redact ? context.runRedacted(launch, { strict: choice.strict }) : context.become(launch))
    } finally {
      envFile?.wipe()
      for (const { value } of entries) value.wipe()
    }
  },
  json: () => undefined,
  exitCode: (code) => code,
})

/** `make`, done at most once however often it is asked for. */
function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined
  return () => (made ??= make())
}
