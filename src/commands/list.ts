// Names of the secrets of a project. Needs no passphrase and never touches a value.
import { SELECT_FIELDS } from '../faces/fields.ts'
import { cell, table } from '../faces/table.ts'
import { toAge, toSize } from '../lib/quantities.ts'
import { now, toRfc3339 } from '../lib/time.ts'
import { define } from './define.ts'

export default define({
  path: 'list',
  aliases: ['ls'],
  about: 'List the names of the secrets of a project',
  detail: 'Needs no passphrase.',
  effect: 'list',
  on: ['cli', 'mcp'],
  holdsKeys: false,
  input: {
    prefix: SELECT_FIELDS.prefix,
    long: { kind: 'flag', short: 'l', about: 'With version, age and size' },
    'names-only': { kind: 'flag', about: 'Accepted for compatibility: names are always all there is' },
  },
  examples: [
    { words: 'list', about: 'One name per line' },
    { words: 'list --prefix DB_ --long', about: 'With version, age and size' },
    { words: 'list -p web --json', about: 'Another project, as an array' },
  ],
  async run(context, { prefix }) {
    const names = await context.names()
    const project = context.project(names)
    return names.list(project, prefix === undefined ? {} : { prefix })
  },
  human(secrets, _style, { long }) {
    if (secrets.length === 0) return { note: 'No secrets found.\n\nAdd one with: tvault set KEY' }
    if (!long) return secrets.map(({ key }) => `${cell(key)}\n`).join('')
    const reference = now()
    const rows = secrets.map(({ key, version, updatedAt, size }) => [
      cell(key),
      `v${version}`,
      toAge(updatedAt, reference),
      toSize(size),
    ])
    return table(['KEY', 'VERSION', 'AGE', 'SIZE'], rows)
  },
  json: (secrets, { long }) =>
    long
      ? secrets.map(({ project, key, version, size, createdAt, updatedAt }) => ({
          project,
          key,
          version,
          size,
          created_at: toRfc3339(createdAt),
          updated_at: toRfc3339(updatedAt),
        }))
      : secrets.map(({ key }) => key),
})
