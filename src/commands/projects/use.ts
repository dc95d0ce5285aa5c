// Stores which project commands are about when -p does not say it. Changes no secret, so it needs no passphrase.
import { cell } from '../../faces/table.ts'
import { define } from '../define.ts'

export default define({
  path: 'projects use',
  aliases: ['use', 'project use', 'p use'],
  about: 'Make a project the current one',
  detail: 'Needs no passphrase.',
  effect: 'write',
  on: ['cli'],
  holdsKeys: false,
  input: {
    name: { kind: 'text', at: 0, required: true, about: 'Name of the project', complete: 'project' },
  },
  examples: [{ words: 'projects use api', about: 'The same as: tvault use api' }],
  async run(context, { name }) {
    const names = await context.names()
    const changed = names.currentProject() !== name
    names.useProject(name)
    return { project: name, changed }
  },
  human: ({ project }) => ({ note: `Now using project: ${cell(project)}` }),
})
