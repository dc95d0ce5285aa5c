// The clean filter for one file, which git starts: plaintext on standard input, what git stores on standard output.
import { utf8 } from '../lib/bytes.ts'
import { define } from './define.ts'
import { gitSurroundings } from './parts/git-surroundings.ts'

export default define({
  path: 'git-clean',
  aliases: ['git-filter clean'],
  about: 'Seal one file for git',
  detail: 'Git starts it by itself. Reads standard input; the path says which stored blob is looked at first.',
  effect: 'seal',
  on: ['cli'],
  hidden: true,
  holdsKeys: true,
  input: {
    path: { kind: 'text', at: 0, about: 'Path of the file from the top of the work tree' },
  },
  examples: [{ words: 'git-clean .env', about: 'What git would store for the text on standard input' }],
  async run(context, { path }) {
    const [{ Filters }, { MAX_FILE_BYTES }] = await Promise.all([import('../git/filter.ts'), import('../git/seal.ts')])
    const filters = new Filters(gitSurroundings(context, 'git-clean'))
    const content = await context.stdin(MAX_FILE_BYTES)
    try {
      return { blob: await filters.clean(path ? utf8(path) : undefined, content) }
    } finally {
      content.wipe()
      await filters.close()
    }
  },
  human: ({ blob }) => ({ out: blob }),
  json: ({ blob }) => ({ blob: blob.toBase64() }),
})
