// Writes a file for a CI service that loads secrets. It fetches only a program whose sum it knows, and it never asks
// for the vault itself to be committed.
import { CI_MODES, CI_PROVIDERS, WORKFLOW_FILE, ciFile } from '../../faces/ci.ts'
import { Failure } from '../../lib/errors.ts'
import { printable } from '../../lib/names.ts'
import { define } from '../define.ts'

/** Names of identities; anything else could leave the line of a comment. */
const IDENTITY = /^[A-Za-z0-9_-]{1,64}$/

export default define({
  path: 'ci init',
  about: 'Write a file that loads secrets in a CI service',
  detail:
    'identity: the repository holds a sealed file, the service one private key that opens it. passphrase: the vault ' +
    'lies on a runner of your own. The file fetches a program only from the address that you set, and only if it is ' +
    `the one that wrote the file. It replaces nothing. Default: ${WORKFLOW_FILE}; for gitlab standard output.`,
  effect: 'none',
  on: ['cli'],
  holdsKeys: false,
  input: {
    provider: { kind: 'choice', required: true, choices: CI_PROVIDERS, about: 'Which service' },
    mode: { kind: 'choice', choices: CI_MODES, fallback: 'passphrase', about: 'What opens the secrets there' },
    identity: {
      kind: 'text',
      placeholder: 'name',
      fallback: 'default',
      about: 'identity: the one made for the service',
    },
    output: {
      kind: 'text',
      placeholder: 'file',
      complete: 'file',
      about: 'File to write, - for standard output',
    },
  },
  examples: [
    { words: 'ci init --provider github-actions --mode identity', about: `Writes ${WORKFLOW_FILE}` },
    { words: 'ci init --provider gitlab --mode identity --identity ci', about: 'Prints lines for .gitlab-ci.yml' },
  ],
  async run(context, { provider, mode = 'passphrase', identity = 'default', output }) {
    if (!IDENTITY.test(identity)) {
      throw new Failure('usage', `invalid identity name: ${printable(identity)}`, { hint: 'letters, digits, - and _' })
    }
    if (output === '')
      throw new Failure('usage', '--output is empty', { hint: 'name a file, or - for standard output' })
    const { programSum } = await import('../../lib/program.ts')
    const text = ciFile({ provider, mode, identity, sum: programSum(), version: context.build.version })
    const target = output ?? (provider === 'github-actions' ? WORKFLOW_FILE : '-')
    const file = target === '-' ? undefined : target
    if (file !== undefined) await context.writeFile(file, text, { overwrite: false, parents: output === undefined })
    return { provider, mode, identity, file, text: file === undefined ? text : undefined }
  },
  human: ({ file, text, mode, identity }) => ({
    ...(text !== undefined && { out: text }),
    ...(file !== undefined && {
      note:
        `Created ${printable(file)}\n\nNext steps are in its first lines. In short:\n` +
        (mode === 'identity'
          ? `  tvault identity new ${identity}\n  tvault encrypt-env --in .env --recipient tvault1…\n`
          : '  keep the vault on a runner of your own, and set TVAULT_DIR and TVAULT_PASSPHRASE there\n'),
    }),
  }),
  json: ({ provider, mode, file, text }) => ({
    provider,
    mode,
    file: file ?? null,
    ...(text !== undefined && { text }),
  }),
})
