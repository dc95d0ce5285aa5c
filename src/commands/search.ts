// Finds secrets by name, age and version over all projects. Needs no passphrase; values are never looked at.
import { SELECT_FIELDS } from '../faces/fields.ts'
import { cell } from '../faces/table.ts'
import { toRfc3339, toRfc3339Seconds } from '../lib/time.ts'
import { define } from './define.ts'

const DEFAULT_LIMIT = 200

export default define({
  path: 'search',
  about: 'Find secrets by name, age or version',
  detail: 'Looks in all projects, or in the one of -p. Times are UTC. Needs no passphrase.',
  effect: 'list',
  on: ['cli', 'mcp'],
  holdsKeys: false,
  input: {
    prefix: SELECT_FIELDS.prefix,
    'name-like': {
      kind: 'text',
      placeholder: 'pattern',
      about: 'Only keys that match: * is any text, ? one character; capital letters count only if the pattern has some',
    },
    since: {
      kind: 'moment',
      placeholder: 'time',
      about: 'Changed at or after: 2026-11-24, a full time, yesterday, 2h',
    },
    until: { kind: 'moment', placeholder: 'time', about: 'Changed at or before' },
    'min-version': { kind: 'count', placeholder: 'n', min: 0, about: 'Changed at least so often' },
    limit: { kind: 'count', placeholder: 'n', min: 1, about: 'At most so many', fallback: `${DEFAULT_LIMIT}` },
  },
  examples: [
    { words: "search --name-like '*_url'", about: 'Every key that ends in _URL' },
    { words: 'search --since 7d -p web', about: 'What changed in a week in one project' },
  ],
  async run(
    context,
    { prefix, 'name-like': nameLike, since, until, 'min-version': minVersion, limit = DEFAULT_LIMIT },
  ) {
    const names = await context.names()
    const query = {
      ...(context.globals.project !== undefined && { project: context.globals.project }),
      ...(prefix !== undefined && { prefix }),
      ...(nameLike !== undefined && { nameLike }),
      ...(since !== undefined && { since }),
      ...(until !== undefined && { until }),
      ...(minVersion !== undefined && { minVersion }),
      limit,
    }
    return { query, ...names.search(query) }
  },
  human({ results, total }) {
    if (results.length === 0) return '(no matches)\n'
    const lines = results.map(
      ({ project, key, version, updatedAt }) =>
        `${cell(project)}/${cell(key)}\tv${version}\t${toRfc3339Seconds(updatedAt)}\n`,
    )
    return { out: lines.join(''), ...(total > results.length && { note: partial(results.length, total) }) }
  },
  // The names of TinyVault, capitals included: scripts read them.
  json: ({ query, results, total }) => ({
    count: results.length,
    total,
    query: {
      Project: query.project ?? '',
      Prefix: query.prefix ?? '',
      NameLike: query.nameLike ?? '',
      Since: query.since === undefined ? null : toRfc3339(query.since),
      Until: query.until === undefined ? null : toRfc3339(query.until),
      MinVersion: query.minVersion ?? 0,
      Limit: query.limit,
      Offset: 0,
    },
    results: results.map(({ project, key, version, updatedAt }) => ({
      Project: project,
      Key: key,
      Version: version,
      UpdatedAt: toRfc3339(updatedAt),
    })),
  }),
})

function partial(shown: number, total: number): string {
  return `showing ${shown.toLocaleString('en-US')} of ${total.toLocaleString('en-US')}; --limit shows more`
}
