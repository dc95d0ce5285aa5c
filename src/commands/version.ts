// What this program is.
import { define } from './define.ts'

export default define({
  path: 'version',
  about: 'Print version, commit and platform',
  effect: 'none',
  on: ['cli'],
  holdsKeys: false,
  input: {},
  examples: [{ words: 'version', about: 'The same as: tvault --version' }],
  run: (context) => context.build,
  human: ({ version, commit, platform }) => `tvault ${version} (commit ${commit}, ${platform})\n`,
})
