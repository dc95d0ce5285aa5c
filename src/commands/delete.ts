// Destroys secrets with all their versions. What is not there is said before anybody is asked, and while a person
// thinks no lock is held.
import { YES_FIELD } from '../faces/fields.ts'
import { Failure } from '../lib/errors.ts'
import { printable } from '../lib/names.ts'
import { define } from './define.ts'

export default define({
  path: 'delete',
  aliases: ['rm', 'remove'],
  about: 'Destroy secrets with all their versions',
  detail: 'Asks first. Nothing of a deleted secret stays in the vault file; a backup made earlier still has it.',
  effect: 'destroy',
  on: ['cli', 'mcp'],
  holdsKeys: true,
  input: {
    keys: { kind: 'list', at: 0, required: true, placeholder: 'key', about: 'Names of the secrets', complete: 'key' },
    yes: YES_FIELD,
  },
  examples: [
    { words: 'delete OLD_KEY', about: 'Asks, then deletes' },
    { words: 'delete OLD_KEY OLDER_KEY -y', about: 'Two at once, without a question' },
  ],
  async run(context, { keys: typed, yes }) {
    const keys = [...new Set(typed)]
    const view = await context.vault()
    const project = context.project(view)
    // Fails for the first that is missing, with a suggestion.
    for (const key of keys) view.history(project, key)
    const words = keys.length === 1 ? `secret '${keys[0]}'` : `${keys.length} secrets (${keys.join(', ')})`
    if (!yes && !(await context.ask.confirm(`Delete ${words} of project '${printable(project)}'?`))) {
      throw new Failure('cancelled', 'canceled, nothing was deleted', { hint: '-y deletes without asking' })
    }
    await view.delete(project, keys)
    return { project, keys }
  },
  human: ({ keys }, style) => keys.map((key) => `${style.ok(`Secret '${key}' deleted`)}\n`).join(''),
  json: ({ project, keys }) => ({ project, deleted: keys, changed: true }),
})
