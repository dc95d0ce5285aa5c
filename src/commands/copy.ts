// A second secret with the same value and the same history. The two have nothing to do with each other afterwards.
import { cell } from '../faces/table.ts'
import { define } from './define.ts'
import { RELOCATE_FIELDS, places } from './parts/relocation.ts'

export default define({
  path: 'copy',
  aliases: ['cp'],
  about: 'Copy a secret with its history to another name or project',
  detail: 'All versions keep their numbers and times. A secret that is there already is never replaced.',
  effect: 'write',
  on: ['cli'],
  holdsKeys: true,
  input: RELOCATE_FIELDS,
  examples: [
    { words: 'copy API_KEY OLD_API_KEY', about: 'Under another name' },
    { words: 'copy API_KEY --to staging', about: 'Under the same name in another project' },
  ],
  async run(context, input) {
    const view = await context.vault()
    const { from, to } = places(context.project(view), input)
    return { from, to, versions: view.copy(from, to) }
  },
  human: ({ from, to, versions }) => ({
    note: `Copied ${from.key} to ${to.key} in project ${cell(to.project)} (${versions} version(s))`,
  }),
  json: ({ from, to, versions }) => ({ from, to, versions, changed: true }),
})
