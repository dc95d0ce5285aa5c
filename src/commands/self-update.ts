// TinyVault 0.23 fetches new versions by itself. This program never uses the network, so the command exists to say
// what to do instead, in one line and not as a failed look-up of a name.
import { Failure } from '../lib/errors.ts'
import { define } from './define.ts'

export default define({
  path: 'self-update',
  aliases: ['upgrade'],
  about: 'Say how this program is updated: by you',
  detail:
    'tvault never uses the network. A new version is a new file that you put in place of this one; --check prints ' +
    'what this one is.',
  effect: 'none',
  on: ['cli'],
  holdsKeys: false,
  input: {
    check: { kind: 'flag', short: 'c', about: 'Only print which version this is' },
    version: { kind: 'text', placeholder: 'version', about: 'Accepted for compatibility' },
  },
  examples: [{ words: 'self-update --check', about: 'The version that is running' }],
  run(context, { check }) {
    if (check) return { current: context.build.version, latest: null, update_available: null }
    throw new Failure('failed', 'tvault does not update itself: it never uses the network', {
      hint: 'put a newer file in the place of this one; tvault version tells what runs now',
    })
  },
  human: ({ current }) => `This is tvault ${current}. Whether there is a newer one is not looked up.\n`,
})
