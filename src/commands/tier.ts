// The secrets of tier 2, which an AI agent uses only with the owner's word.
import { cell, table } from '../faces/table.ts'
import { define } from './define.ts'

export default define({
  path: 'tier',
  about: 'List the secrets that AI agents use only with your word',
  detail:
    'Every secret is of tier 1 at first: AI agents use it as the policy says. Of tier 2 every use beyond the name waits ' +
    'for you (tvault approvals), whatever the policy says. The tier belongs to the name, so a secret that is not there ' +
    'now is listed as well.',
  effect: 'list',
  on: ['cli'],
  holdsKeys: false,
  input: {},
  examples: [
    { words: 'tier', about: 'Those of all projects' },
    { words: 'tier -p shop --json', about: 'Those of one project, for a program' },
  ],
  async run(context) {
    const names = await context.names()
    const known = new Map(names.projects().map(({ name }) => [name, new Set(names.list(name).map(({ key }) => key))]))
    const only = context.globals.project
    return names
      .tiers()
      .filter(({ project }) => only === undefined || project === only)
      .map(({ project, key }) => ({ project, key, tier: 2, missing: known.get(project)?.has(key) !== true }))
  },
  human(secrets) {
    const rows = secrets.map(({ project, key, missing }) => [cell(project), key, missing ? 'not there now' : ''])
    return rows.length === 0 ? { note: 'no secret is of tier 2' } : table(['PROJECT', 'KEY', ''], rows)
  },
})
