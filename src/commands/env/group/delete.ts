// Deletes an environment group. Its projects and their secrets stay.
import { YES_FIELD } from '../../../faces/fields.ts'
import { cell } from '../../../faces/table.ts'
import { Failure } from '../../../lib/errors.ts'
import { define } from '../../define.ts'
import { GROUP_NAME_FIELD } from '../../parts/groups.ts'

export default define({
  path: 'env group delete',
  aliases: ['env groups delete'],
  about: 'Delete an environment group; its projects stay',
  detail: 'Asks first. What the environments inherited from each other is no longer found through the group.',
  effect: 'destroy',
  on: ['cli', 'mcp'],
  holdsKeys: true,
  input: { name: GROUP_NAME_FIELD, yes: YES_FIELD },
  examples: [{ words: 'env group delete shop', about: 'Asks, then deletes' }],
  async run(context, { name, yes }) {
    const view = await context.vault()
    if (!yes) {
      view.group(name)
      context.note(context.style.warn(`This will delete the group '${cell(name)}'. Projects are NOT deleted.`))
      if (!(await context.ask.confirm(`Delete group '${cell(name)}'?`))) {
        throw new Failure('cancelled', 'canceled, nothing was deleted', { hint: '-y deletes without asking' })
      }
    }
    view.deleteGroup(name)
    return { name, changed: true }
  },
  human: ({ name }, style) => `${style.ok(`Group '${cell(name)}' deleted`)}\n`,
})
