// The audit log, newest first. Needs no passphrase; `audit verify` checks that nobody edited it.
import { cell } from '../faces/table.ts'
import { toRfc3339, toRfc3339Seconds } from '../lib/time.ts'
import type { AuditEntry } from '../vault/view.ts'
import { define } from './define.ts'

const DEFAULT_LIMIT = 100
const MAX_LIMIT = 1000

export default define({
  path: 'audit',
  about: 'Show who did what to the vault',
  detail:
    'Newest first: time, action, kind of thing, its name, project, who, command, phase. A read has two rows: the intent, ' +
    'written before the value was handed out, and its outcome. Needs no passphrase.',
  effect: 'list',
  on: ['cli', 'mcp'],
  holdsKeys: false,
  input: {
    limit: {
      kind: 'count',
      placeholder: 'n',
      min: 1,
      max: MAX_LIMIT,
      about: 'At most so many rows',
      fallback: `${DEFAULT_LIMIT}`,
    },
    action: { kind: 'text', placeholder: 'name', about: 'Only this action, such as secret.read' },
    'resource-type': { kind: 'text', placeholder: 'name', about: 'Only things of this kind: secret, project, vault' },
    since: { kind: 'moment', placeholder: 'time', about: 'At or after: 2026-11-24, a full time, yesterday, 2h' },
    until: { kind: 'moment', placeholder: 'time', about: 'At or before' },
  },
  examples: [
    { words: 'audit --limit 20', about: 'The last twenty rows' },
    { words: 'audit --action secret.read --since yesterday -p web', about: 'Reads in one project' },
  ],
  async run(context, { limit = DEFAULT_LIMIT, action, 'resource-type': resourceType, since, until }) {
    const names = await context.names()
    const project = context.globals.project
    return names.audit({
      limit,
      ...(action !== undefined && { action }),
      ...(resourceType !== undefined && { resourceType }),
      ...(since !== undefined && { since }),
      ...(until !== undefined && { until }),
      ...(project !== undefined && { project }),
    })
  },
  human: (entries) => (entries.length === 0 ? '(no audit entries)\n' : entries.map(line).join('')),
  json: (entries) => ({
    count: entries.length,
    entries: entries.map(({ action, resourceType, resourceName, timestamp, metadata, ...rest }) => ({
      action,
      resource_type: resourceType,
      resource_name: resourceName,
      timestamp: toRfc3339(timestamp),
      ...(Object.keys(metadata).length > 0 && { metadata }),
      ...rest,
    })),
  }),
})

/** The first four columns are those of TinyVault. */
function line(entry: AuditEntry): string {
  const { timestamp, action, resourceType, resourceName, metadata, principal, command, phase, result } = entry
  const project = metadata['project']
  const end = result === '' ? phase : `${phase}: ${result}`
  const columns = [
    action,
    resourceType,
    resourceName,
    typeof project === 'string' ? project : '-',
    principal,
    command,
    end,
  ]
  return `${[toRfc3339Seconds(timestamp), ...columns.map(cell)].join('\t')}\n`
}
