// Switches the filters off in this clone.
import { escaped } from '../../lib/names.ts'
import { define } from '../define.ts'
import { leftLines } from '../parts/git-changed.ts'
import { gitSurroundings } from '../parts/git-surroundings.ts'

export default define({
  path: 'git-filter uninstall',
  about: 'Switch encryption off in this clone',
  detail:
    'Takes drivers and hook out of this clone. Tracked files that hold exactly what the index has are sealed again, so ' +
    'that the next commit does not take their plaintext; tvault decrypt-env opens them. Changed ones are left and named.',
  effect: 'write-file',
  on: ['cli'],
  holdsKeys: true,
  input: {
    keep: { kind: 'flag', about: 'Leave the files as plaintext; git will then take them as plaintext' },
  },
  examples: [{ words: 'git-filter uninstall', about: 'The opposite of git-filter install' }],
  async run(context, { keep }) {
    const { uninstall } = await import('../../git/install.ts')
    return { ...(await uninstall(gitSurroundings(context, 'git-filter uninstall'), { keep })), keep }
  },
  human({ top, wasInstalled, sealed, guard, keep }, style) {
    if (!wasInstalled) return { note: `No tvault filters in ${escaped(top)}; nothing to remove.` }
    const lines = [style.ok(`Removed tvault filters from ${escaped(top)}`)]
    if (sealed.done.length > 0) lines.push(`Encrypted again in the working tree: ${sealed.done.length} file(s)`)
    const note = ['Note: .gitattributes entries and .tvault-recipients were left in place.', ...leftLines(sealed.left)]
    if (guard === 'active') note.push(style.warn('a pre-commit hook that was changed by hand still asks tvault'))
    if (keep || sealed.left.length > 0)
      note.push(style.warn('tracked files that are plaintext here will be committed as plaintext from now on'))
    return { out: `${lines.join('\n')}\n`, note: note.join('\n') }
  },
  json: ({ wasInstalled, sealed, guard }) => ({
    uninstalled: wasInstalled,
    encrypted: sealed.done.length,
    left: sealed.left,
    guard: guard === 'active',
    changed: wasInstalled,
  }),
})
