// All versions of a secret, without their values. Needs no passphrase.
import { KEY_FIELD } from '../faces/fields.ts'
import { cell, table } from '../faces/table.ts'
import { toSize } from '../lib/quantities.ts'
import { toHuman, toRfc3339Seconds } from '../lib/time.ts'
import { define } from './define.ts'

export default define({
  path: 'history',
  aliases: ['versions', 'hist'],
  about: 'List the versions of a secret',
  detail:
    'CREATED is the first creation of the key, UPDATED the time of that version, both in UTC. Needs no passphrase.',
  effect: 'list',
  on: ['cli', 'mcp'],
  holdsKeys: false,
  input: {
    key: KEY_FIELD,
  },
  examples: [
    { words: 'history API_KEY', about: 'Oldest first; the last is current' },
    { words: 'history API_KEY --json', about: 'As an object' },
  ],
  async run(context, { key }) {
    const names = await context.names()
    const project = context.project(names)
    return { key, project, versions: names.history(project, key) }
  },
  human({ key, project, versions }) {
    const rows = versions.map(({ version, createdAt, updatedAt, size }, i) => [
      `v${version}`,
      toHuman(createdAt),
      toHuman(updatedAt),
      toSize(size),
      i === versions.length - 1 ? '(current)' : '',
    ])
    return {
      out: table(['VERSION', 'CREATED', 'UPDATED', 'SIZE', ''], rows),
      note: `Version history for "${cell(key)}" (project "${cell(project)}"), times in UTC:\n`,
    }
  },
  json: ({ key, project, versions }) => ({
    key,
    project,
    versions: versions.map(({ version, createdAt, updatedAt, size }) => ({
      version,
      created_at: toRfc3339Seconds(createdAt),
      updated_at: toRfc3339Seconds(updatedAt),
      size,
    })),
  }),
})
