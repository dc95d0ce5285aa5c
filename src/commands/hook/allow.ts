// Lets a directory load its secrets when a shell enters it, as its `.tvaultrc` is now.
import { cell } from '../../faces/table.ts'
import { define } from '../define.ts'

export default define({
  path: 'hook allow',
  about: 'Let a directory load secrets into a shell that enters it',
  detail:
    'The directory says in .tvaultrc what it wants: project = NAME, and if need be only = A, B or prefix = P. Allowed is ' +
    'this content at this path: when it changes, it must be allowed again. The shell needs tvault hook SHELL --auto.',
  effect: 'admin',
  on: ['cli'],
  holdsKeys: false,
  input: {
    directory: { kind: 'text', at: 0, fallback: '.', complete: 'directory', about: 'The directory with .tvaultrc' },
  },
  examples: [{ words: 'hook allow', about: 'After looking at .tvaultrc in this directory' }],
  async run(context, { directory = '.' }) {
    const { path, wish } = await context.directoryWish(directory, 'allow')
    return { allowed: path, ...wish }
  },
  human: ({ allowed, project, only, prefix }, style) => ({
    out: `${style.ok(`allowed ${cell(allowed)}`)}\n`,
    note: `it loads ${only ? only.join(', ') : prefix ? `${prefix}*` : 'all secrets'} of project ${cell(project)}`,
  }),
})
