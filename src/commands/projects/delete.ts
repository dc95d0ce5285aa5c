// Destroys a project, its key and all its secrets. Looks first, then asks, and holds no lock meanwhile.
import { YES_FIELD } from '../../faces/fields.ts'
import { cell } from '../../faces/table.ts'
import { Failure } from '../../lib/errors.ts'
import { define } from '../define.ts'

export default define({
  path: 'projects delete',
  aliases: ['project delete', 'p delete', 'projects rm', 'project rm', 'p rm'],
  about: 'Destroy a project with all its secrets',
  detail:
    'Asks first. If it was the current project, `default` becomes current. A project in an environment group is not ' +
    'deleted: take it out of the group first.',
  effect: 'destroy',
  on: ['cli', 'mcp'],
  holdsKeys: true,
  input: {
    name: { kind: 'text', at: 0, required: true, about: 'Name of the project', complete: 'project' },
    yes: YES_FIELD,
  },
  examples: [{ words: 'projects delete scratch', about: 'Asks, then deletes' }],
  async run(context, { name, yes }) {
    const view = await context.vault()
    const secrets = view.list(name).length
    // One that is in a group is refused anyway, so nobody is asked about it.
    const grouped = !yes && view.groups().some(({ environments }) => environments.some((one) => one.project === name))
    if (!yes && !grouped) {
      context.note(context.style.warn(`This will permanently delete the project and all its secrets (${secrets}).`))
      if (!(await context.ask.confirm(`Delete project '${cell(name)}'?`))) {
        throw new Failure('cancelled', 'canceled, nothing was deleted', { hint: '-y deletes without asking' })
      }
    }
    await view.deleteProject(name)
    return { name, secrets, changed: true }
  },
  human: ({ name }, style) => `${style.ok(`Project '${cell(name)}' deleted`)}\n`,
})
