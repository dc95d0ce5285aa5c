// Merges one sealed dotenv file by key. Git starts it as merge.tvault.driver.
import { escaped } from '../../lib/names.ts'
import { define } from '../define.ts'
import { gitSurroundings } from '../parts/git-surroundings.ts'

export default define({
  path: 'git-filter merge',
  about: 'Merge one stored dotenv file for git',
  detail:
    'Git starts it by itself. The result replaces <ours>. Exit code 1 means a conflict: the file keeps our values, and ' +
    'a comment names each key that both sides changed.',
  effect: 'seal',
  on: ['cli'],
  hidden: true,
  holdsKeys: true,
  input: {
    base: { kind: 'text', at: 0, required: true, complete: 'file', about: 'The common version (%O)' },
    ours: { kind: 'text', at: 1, required: true, complete: 'file', about: 'Our version, which gets the result (%A)' },
    theirs: { kind: 'text', at: 2, required: true, complete: 'file', about: 'Their version (%B)' },
    path: { kind: 'text', at: 3, about: 'Path of the file in the work tree, for messages (%P)' },
  },
  examples: [{ words: 'git-filter merge base ours theirs .env', about: 'As merge.tvault.driver starts it' }],
  async run(context, { base, ours, theirs, path }) {
    const { mergeBlobs } = await import('../../git/merge.ts')
    const merged = await mergeBlobs(gitSurroundings(context, 'git-filter merge'), { base, ours, theirs })
    return { path: path ?? ours, ...merged }
  },
  human: ({ path, isClean, conflicts, reason }) => {
    const file = escaped(path)
    if (isClean) return undefined
    if (reason !== undefined) return { note: `tvault: ${file} is not merged: ${reason}` }
    return {
      note:
        `tvault: ${file}: both sides changed ${conflicts.join(', ')}; the file has our values\n` +
        `hint: git show ':3:${file}' | tvault git-smudge shows the other side; then git add the file`,
    }
  },
  json: ({ path, isClean, conflicts, reason }) => ({ path, merged: isClean, conflicts, ...(reason && { reason }) }),
  exitCode: ({ isClean }) => (isClean ? 0 : 1),
})
