// Takes back what `hook allow` gave.
import { cell } from '../../faces/table.ts'
import { define } from '../define.ts'

export default define({
  path: 'hook deny',
  about: 'No longer let a directory load secrets',
  effect: 'admin',
  on: ['cli'],
  holdsKeys: false,
  input: {
    directory: { kind: 'text', at: 0, fallback: '.', complete: 'directory', about: 'The directory with .tvaultrc' },
  },
  examples: [{ words: 'hook deny', about: 'This directory' }],
  async run(context, { directory = '.' }) {
    const { path, wasAllowed } = await context.directoryWish(directory, 'deny')
    return { denied: path, was_allowed: wasAllowed }
  },
  human: ({ denied, was_allowed }, style) => ({
    out: `${style.ok(`denied ${cell(denied)}`)}\n`,
    ...(!was_allowed && { note: 'it was not allowed before' }),
  }),
})
