// Copies an inherited value into the environment's own project, so that changes of the base no longer reach it.
import { KEY_FIELD } from '../../faces/fields.ts'
import { cell } from '../../faces/table.ts'
import { define } from '../define.ts'
import { ENVIRONMENT_FIELD, GROUP_FIELD } from '../parts/groups.ts'

export default define({
  path: 'env pin',
  about: 'Pin an inherited key: copy its value into the environment',
  detail: 'tvault env unpin takes the copy away again. A key that the environment has itself is left as it is.',
  effect: 'write',
  on: ['cli', 'mcp'],
  holdsKeys: true,
  input: {
    key: KEY_FIELD,
    group: GROUP_FIELD,
    env: ENVIRONMENT_FIELD,
  },
  examples: [{ words: 'env pin DATABASE_URL --group shop --env staging', about: 'Keeps the value of this moment' }],
  async run(context, { key, group, env }) {
    const view = await context.vault()
    const { version, change, from } = view.pin(group, env, key)
    return { key, group, env, from, version, changed: change !== 'unchanged' }
  },
  human({ key, group, env, from, changed }, style) {
    const place = `${cell(group)}/${cell(env)}`
    if (!changed) return { note: `${key} is ${place}'s own already; nothing was copied` }
    return { out: `${style.ok(`Key '${key}' pinned in ${place}`)}\n`, note: `The value is that of ${cell(from)}.` }
  },
})
