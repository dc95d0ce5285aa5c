// What `git diff` and `git log -p` show of a sealed file. Git starts it as diff.tvault.textconv.
import { define } from '../define.ts'
import { gitSurroundings } from '../parts/git-surroundings.ts'

export default define({
  path: 'git-filter textconv',
  about: 'Show one stored file to git diff',
  detail: 'Git starts it by itself. Whoever cannot open the file sees one line in its place.',
  effect: 'reveal',
  on: ['cli'],
  hidden: true,
  holdsKeys: true,
  input: {
    file: { kind: 'text', at: 0, required: true, complete: 'file', about: 'The file that git made of it' },
  },
  examples: [{ words: 'git-filter textconv .env', about: 'The value of diff.tvault.textconv, without the file' }],
  async run(context, { file }) {
    const [{ textOf }, { MAX_FILE_BYTES }] = await Promise.all([
      import('../../git/textconv.ts'),
      import('../../git/seal.ts'),
    ])
    const bytes = await context.readFile(file, { maxBytes: MAX_FILE_BYTES })
    return { text: await textOf(gitSurroundings(context, 'git-filter textconv', { quiet: true }), bytes) }
  },
  human: ({ text }) => text,
})
