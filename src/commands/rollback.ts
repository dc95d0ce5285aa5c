// Makes an earlier value current again, as a new version: nothing is lost, and numbers are never used twice.
import { KEY_FIELD } from '../faces/fields.ts'
import { define } from './define.ts'

export default define({
  path: 'rollback',
  about: 'Make an earlier version of a secret current again',
  detail: 'The old value becomes a new version on top; every other version stays.',
  effect: 'write',
  on: ['cli', 'mcp'],
  holdsKeys: true,
  input: {
    key: KEY_FIELD,
    to: { kind: 'count', required: true, placeholder: 'version', min: 1, about: 'The version to go back to' },
  },
  examples: [{ words: 'rollback API_KEY --to 2', about: 'See tvault history API_KEY for the numbers' }],
  async run(context, { key, to }) {
    const view = await context.vault()
    const project = context.project(view)
    const { version } = view.rollback(project, key, to)
    return { key, project, rolled_back_from: to, new_version: version, changed: true }
  },
  human: ({ key, rolled_back_from: to, new_version: version }) => ({
    note: `${key}: rolled back to v${to} (new version v${version})`,
  }),
})
