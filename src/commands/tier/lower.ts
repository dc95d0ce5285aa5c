// Lets an AI agent use secrets as the policy says again. Not with the key of an agent: a program that can run tvault must
// not be able to take the owner out of the way.
import { cell } from '../../faces/table.ts'
import { Failure } from '../../lib/errors.ts'
import { define } from '../define.ts'

export default define({
  path: 'tier lower',
  about: 'Let AI agents use secrets as the policy says again: tier 1',
  detail: 'Takes the passphrase, also when an agent has the key. The secrets need not be there any more.',
  effect: 'admin',
  on: ['cli'],
  holdsKeys: true,
  input: {
    keys: { kind: 'list', at: 0, placeholder: 'key', about: 'Names of the secrets', complete: 'key' },
    all: { kind: 'flag', about: 'All secrets of all projects, also when somebody else changed the list' },
  },
  examples: [
    { words: 'tier lower STRIPE_KEY -p shop', about: 'Asks for the passphrase' },
    { words: 'tier lower --all', about: 'No secret is of tier 2 any more' },
  ],
  async run(context, { keys = [], all }) {
    if (all === keys.length > 0) {
      const message = all ? 'names and --all exclude each other' : 'no secret is named'
      throw new Failure('usage', message, { hint: 'tvault tier lower KEY, or --all' })
    }
    const view = await context.unlocked()
    if (all) {
      view.clearTiers()
      return { tier: 1, all }
    }
    const project = context.project(view)
    return { project, keys, tier: 1, changed: view.lowerTier(project, keys) }
  },
  human(done, style) {
    if ('all' in done) return `${style.ok('every secret is of tier 1')}\n`
    const { keys, changed } = done
    const word = (key: string): string => (changed.includes(key) ? 'is' : 'was already')
    return keys.map((key) => `${style.ok(`${cell(key)} ${word(key)} of tier 1`)}\n`).join('')
  },
})
