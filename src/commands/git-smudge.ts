// The smudge filter for one file, which git starts: what git stores on standard input, plaintext on standard output.
import { utf8 } from '../lib/bytes.ts'
import { Secret } from '../lib/secret.ts'
import { define } from './define.ts'
import { gitSurroundings } from './parts/git-surroundings.ts'

export default define({
  path: 'git-smudge',
  aliases: ['git-filter smudge'],
  about: 'Open one file for git',
  detail: 'Git starts it by itself. What is not sealed, or sealed to others, comes out as it is, with exit code 0.',
  effect: 'reveal',
  on: ['cli'],
  hidden: true,
  holdsKeys: true,
  input: {
    path: { kind: 'text', at: 0, about: 'Path of the file from the top of the work tree' },
  },
  examples: [{ words: 'git-smudge .env', about: 'Open what stands on standard input' }],
  async run(context, { path }) {
    const [{ Filters }, { MAX_FILE_BYTES }] = await Promise.all([import('../git/filter.ts'), import('../git/seal.ts')])
    const filters = new Filters(gitSurroundings(context, 'git-smudge'))
    const stored = await context.readFile('-', { maxBytes: MAX_FILE_BYTES, stdin: true })
    const content = (await filters.smudge(stored, path ? utf8(path) : undefined)) ?? new Secret(stored)
    await filters.close()
    return { content }
  },
  human: ({ content }) => content,
})
