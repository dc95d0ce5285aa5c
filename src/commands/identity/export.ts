// Prints a private key, for the secret store of a machine. Into a pipe or file only when told so explicitly.
import { Failure } from '../../lib/errors.ts'
import { define } from '../define.ts'

export default define({
  path: 'identity export',
  about: 'Print the private key of an identity',
  detail:
    'Whoever has it can open everything that was or will be sealed to the identity. Unless standard output is a ' +
    'terminal it is printed only with --force. Meant for TVAULT_IDENTITY_KEY in the secret store of a CI system.',
  effect: 'reveal',
  on: ['cli'],
  holdsKeys: true,
  input: {
    name: { kind: 'text', at: 0, fallback: 'default', about: 'Name of the identity' },
    force: { kind: 'flag', about: 'Also when standard output is not a terminal' },
  },
  examples: [
    { words: 'identity export', about: 'On the terminal' },
    { words: 'identity export ci --force', about: 'For: | gh secret set TVAULT_IDENTITY_KEY' },
  ],
  async run(context, { name: typed = 'default', force }) {
    if (!context.stdoutIsTerminal && !force) {
      throw new Failure('denied', 'a private key is not printed to anything but a terminal', {
        hint: 'add --force, and let it go to a secret store: tvault identity export NAME --force | …',
      })
    }
    const { name, identity } = await context.identityFiles.load(typed)
    const { printPrivate } = await import('../../formats/identity-file.ts')
    context.note(`WARNING: this is the PRIVATE key of identity "${name}".`)
    context.note('Whoever has it opens everything that is sealed to it. Keep it out of files, messages and logs.')
    return { name, private: identity.export(), line: printPrivate(identity), recipient: identity.recipient.text }
  },
  human: ({ line }) => line,
  json: ({ name, private: key, recipient }) => ({ name, private: key, recipient }),
})
