// The long running filter, which git starts once for all files of one command.
import { readSome } from '../../lib/stdin.ts'
import { out } from '../../lib/out.ts'
import { define } from '../define.ts'
import { gitSurroundings } from '../parts/git-surroundings.ts'

export default define({
  path: 'git-filter process',
  about: 'Seal and open files for git, many in one process',
  detail: 'Git starts it by itself and speaks the protocol of gitattributes(5) with it.',
  effect: 'reveal',
  on: ['cli'],
  hidden: true,
  holdsKeys: true,
  input: {},
  examples: [{ words: 'git-filter process', about: 'The value of filter.tvault.process' }],
  async run(context) {
    const [{ Filters }, { serve }] = await Promise.all([import('../../git/filter.ts'), import('../../git/process.ts')])
    const filters = new Filters(gitSurroundings(context, 'git-filter process'))
    const read = (into: Uint8Array, at: number, length: number) => readSome(0, into, at, length)
    try {
      await serve({ read, write: out, note: (text) => context.note(text) }, filters)
    } finally {
      await filters.close()
    }
  },
})
