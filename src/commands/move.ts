// A secret under another name. What has the old name in its configuration does not find it any more, so it asks first.
import { YES_FIELD } from '../faces/fields.ts'
import { cell } from '../faces/table.ts'
import { Failure } from '../lib/errors.ts'
import { define } from './define.ts'
import { RELOCATE_FIELDS, places } from './parts/relocation.ts'

export default define({
  path: 'move',
  aliases: ['mv', 'rename'],
  about: 'Give a secret another name, or move it to another project',
  detail:
    'All versions keep their numbers and times. Asks first. Nothing of the old place stays in the vault file; a ' +
    'secret that is there already is never replaced.',
  effect: 'destroy',
  on: ['cli'],
  holdsKeys: true,
  input: { ...RELOCATE_FIELDS, yes: YES_FIELD },
  examples: [
    { words: 'move API_KEY PAYMENT_API_KEY', about: 'Another name' },
    { words: 'move API_KEY --to staging -y', about: 'Another project, without a question' },
  ],
  async run(context, { yes, ...input }) {
    const view = await context.vault()
    const { from, to } = places(context.project(view), input)
    // Fails, with a suggestion, when it is not there; while a person thinks no lock is held.
    view.history(from.project, from.key)
    const words = `Move '${from.key}' of project '${cell(from.project)}' to '${to.key}' of project '${cell(to.project)}'?`
    if (!yes && !(await context.ask.confirm(words))) {
      throw new Failure('cancelled', 'canceled, nothing was moved', { hint: '-y moves without asking' })
    }
    return { from, to, versions: await view.move(from, to) }
  },
  human: ({ from, to, versions }) => ({
    note: `Moved ${from.key} to ${to.key} in project ${cell(to.project)} (${versions} version(s))`,
  }),
  json: ({ from, to, versions }) => ({ from, to, versions, changed: true }),
})
