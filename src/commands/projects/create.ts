// Makes a project with a key of its own.
import { cell } from '../../faces/table.ts'
import { checkDescription, checkProjectName } from '../../lib/names.ts'
import { define } from '../define.ts'

export default define({
  path: 'projects create',
  aliases: ['project create', 'p create'],
  about: 'Create a project',
  effect: 'write',
  on: ['cli', 'mcp'],
  holdsKeys: true,
  input: {
    name: { kind: 'text', at: 0, required: true, about: 'Name of the project' },
    description: { kind: 'text', short: 'd', about: 'What it is for', placeholder: 'text' },
  },
  examples: [{ words: "projects create api --description 'The public API'", about: 'A project with a description' }],
  async run(context, { name, description = '' }) {
    checkProjectName(name)
    checkDescription(description)
    const view = await context.vault()
    view.createProject(name, description)
    return { name, description, changed: true }
  },
  human: ({ name }, style) => ({
    out: `${style.ok(`Project '${cell(name)}' created`)}\n`,
    note: `\nUse it with: tvault use ${cell(name)}`,
  }),
})
