// Has the owner asked whenever an AI agent wants to use a secret. It needs no more than the key: what it does is only to
// refuse more.
import { define } from '../define.ts'

export default define({
  path: 'tier raise',
  about: 'Let AI agents use secrets only with your word: tier 2',
  detail:
    'A secret that is deleted and made again keeps its tier, and a copy has the tier of the original. What the policy ' +
    'refuses stays refused.',
  effect: 'admin',
  on: ['cli'],
  holdsKeys: true,
  input: {
    keys: { kind: 'list', at: 0, required: true, placeholder: 'key', about: 'Names of the secrets', complete: 'key' },
  },
  examples: [{ words: 'tier raise STRIPE_KEY SIGNING_KEY', about: 'AI agents ask you before each use' }],
  async run(context, { keys }) {
    const view = await context.vault()
    const project = context.project(view)
    return { project, keys, tier: 2, changed: view.raiseTier(project, keys) }
  },
  human: ({ keys, changed }, style) =>
    keys.map((key) => `${style.ok(`${key} ${changed.includes(key) ? 'is' : 'was already'} of tier 2`)}\n`).join(''),
})
