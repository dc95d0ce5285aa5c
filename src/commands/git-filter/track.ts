// Says which paths are encrypted, by lines in .gitattributes.
import { listed } from '../../faces/table.ts'
import { escaped } from '../../lib/names.ts'
import { define } from '../define.ts'
import { gitSurroundings } from '../parts/git-surroundings.ts'

export default define({
  path: 'git-filter track',
  about: 'Choose which files git stores encrypted',
  detail:
    'Appends `<pattern> filter=tvault diff=tvault merge=tvault -text` to .gitattributes in the top directory, where a ' +
    'pattern without a slash counts in every folder. Says which matching files git already has as plaintext, now and in ' +
    'its history: they stay there, and their values should be changed.',
  effect: 'list',
  on: ['cli'],
  holdsKeys: true,
  input: {
    pattern: {
      kind: 'list',
      at: 0,
      required: true,
      complete: 'file',
      about: 'A file name or pattern, as in .gitignore',
    },
  },
  examples: [
    { words: 'git-filter track .env', about: 'Every .env in the repository' },
    { words: "git-filter track '*.secret' 'config/**'", about: 'Patterns, in quotes' },
  ],
  async run(context, { pattern }) {
    const { track } = await import('../../git/track.ts')
    return { pattern, ...(await track(gitSurroundings(context, 'git-filter track'), pattern)) }
  },
  human({ pattern, added, completed, isInstalled, plaintext, history, absent }, style) {
    const count = added.length + completed.length
    const note: string[] = []
    if (count === 0) note.push('All patterns already tracked.')
    if (!isInstalled) note.push(style.warn('the filters are not installed here yet: tvault git-filter install'))
    if (plaintext.length > 0) {
      note.push(style.warn('git has these as plaintext until you add them anew: git add --renormalize .'))
      note.push(...listed(plaintext))
    }
    if (history.length > 0) {
      note.push(style.warn(`${history.length} version(s) are plaintext in history; change the values that are in them`))
      note.push(...listed(history.map(({ path, commit }) => `${path} (${commit?.slice(0, 12) ?? ''})`)))
    }
    if (absent > 0) note.push(style.warn(`${absent} version(s) are not in this clone and were not looked at`))
    const lines = pattern.map((one) => `  ${escaped(one)} filter=tvault`)
    return {
      out:
        count === 0
          ? undefined
          : `${style.ok(`Tracking ${pattern.length} pattern(s) in .gitattributes`)}\n${lines.join('\n')}\n`,
      note: note.length === 0 ? undefined : note.join('\n'),
    }
  },
  json: ({ pattern, added, completed, isInstalled, plaintext, history, absent }) => ({
    added,
    completed,
    tracked: pattern,
    installed: isInstalled,
    plaintext,
    plaintext_history: history.map(({ path, commit }) => ({ path, commit: commit ?? null })),
    not_looked_at: absent,
    changed: added.length + completed.length > 0,
  }),
})
