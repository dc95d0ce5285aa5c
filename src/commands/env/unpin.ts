// Takes a pinned copy away, so that the key is inherited again. What is more than a copy is never taken away.
import { KEY_FIELD } from '../../faces/fields.ts'
import { cell } from '../../faces/table.ts'
import { define } from '../define.ts'
import { ENVIRONMENT_FIELD, GROUP_FIELD } from '../parts/groups.ts'

export default define({
  path: 'env unpin',
  about: 'Unpin a key: take the copy away and inherit it again',
  detail:
    'Only a key that tvault env pin copied, that nobody changed since, and that a base still has. Everything else is ' +
    'a value of its own with a history of its own; tvault delete destroys it.',
  effect: 'destroy',
  on: ['cli', 'mcp'],
  holdsKeys: true,
  input: {
    key: KEY_FIELD,
    group: GROUP_FIELD,
    env: ENVIRONMENT_FIELD,
  },
  examples: [{ words: 'env unpin DATABASE_URL --group shop --env staging', about: 'Follows its base again' }],
  async run(context, { key, group, env }) {
    const view = await context.vault()
    const { from } = await view.unpin(group, env, key)
    return { key, group, env, from, changed: true }
  },
  human: ({ key, group, env, from }, style) => ({
    out: `${style.ok(`Key '${key}' unpinned in ${cell(group)}/${cell(env)} (inheritance restored)`)}\n`,
    note: `The value comes from ${cell(from)} now.`,
  }),
})
