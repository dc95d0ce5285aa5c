// Opens tracked files that are still sealed, after a clone or when an identity has come.
import { define } from '../define.ts'
import { changedLines } from '../parts/git-changed.ts'
import { gitSurroundings } from '../parts/git-surroundings.ts'

export default define({
  path: 'git-filter checkout',
  about: 'Decrypt tracked files that are still sealed',
  detail:
    'Only a file that is exactly the sealed one of the index is replaced, so edits are never lost. Files in the index ' +
    'that are not sealed to exactly the recipients of .tvault-recipients are sealed anew there, for you to commit.',
  effect: 'write-file',
  on: ['cli'],
  holdsKeys: true,
  input: {},
  examples: [{ words: 'git-filter checkout', about: 'After git pull brought files that were sealed to you' }],
  async run(context) {
    const { refresh } = await import('../../git/install.ts')
    return refresh(gitSurroundings(context, 'git-filter checkout'))
  },
  human(brought) {
    const lines = changedLines(brought)
    if (!brought.hasIdentity) return { note: 'No identity, so every file stays as it is: tvault identity new' }
    if (lines.length === 0) return { note: 'No encrypted tracked files to decrypt (already plaintext).' }
    return `${lines.join('\n')}\n`
  },
  json: ({ opened, resealed }) => ({ decrypted: opened.done.length, resealed, left: opened.left }),
})
