// A Go vault as something to be transplanted (vault/transplant.ts): its rows under the names and places of the plan.
// Values are opened one at a time; whoever walks them wipes them.
import { sha256 } from '../crypto/keys.ts'
import { toHex, utf8 } from '../lib/bytes.ts'
import { Failure } from '../lib/errors.ts'
import { escaped } from '../lib/names.ts'
import { now, toRfc3339 } from '../lib/time.ts'
import { damage } from './bbolt.ts'
import { rowName } from './go-plan.ts'
import type { AuditNote } from '../vault/audit.ts'
import type { Transplant, TransplantVersion } from '../vault/transplant.ts'
import type { AuditEntry } from '../vault/view.ts'
import type { Tell } from './bbolt.ts'
import type { Plan } from './go-plan.ts'
import type { GoAudit, GoVault, GoVersion } from './go-vault.ts'

const MAX_TEXT = 255
const MAX_ENTRIES = 50

/**
 * What of `vault` goes over according to `plan`. With `salvage` damaged rows are passed over, since the plan lists
 * them; without it they are failures, also those that turn up only now.
 */
export function goSource(vault: GoVault, plan: Plan, salvage: boolean): Transplant {
  const tell: Tell = (failure) => {
    if (!salvage) throw failure
  }
  const planned = new Set(plan.projects.map(({ id }) => id))
  const { projects, groups, current } = plan

  function version(row: GoVersion, isArchived: boolean): TransplantVersion | undefined {
    const name = rowName(row)
    const head = plan.heads.get(name)
    if (!planned.has(row.project) || head === undefined || row.version > head) return undefined
    if (isArchived && row.version === head && !plan.orphans.has(name)) return undefined
    const value = vault.value(row)
    if (!value) {
      tell(damage(`secret ${escaped(row.key)}, version ${row.version}, does not open`))
      return undefined
    }
    const { project, version, createdAt, updatedAt } = row
    const key = plan.keys.get(name) ?? row.key
    return { project, key, version, createdAt, updatedAt, isCurrent: version === head, value }
  }

  function* versions(): Generator<TransplantVersion> {
    for (const isArchived of [false, true]) {
      for (const row of isArchived ? vault.versions(tell) : vault.secrets(tell)) {
        const found = version(row, isArchived)
        if (found) yield found
      }
    }
  }

  function* audit(): Generator<{ timestamp: bigint; note: AuditNote }> {
    const clock = now()
    for (const row of vault.audit(tell)) {
      // A row of a clock that ran ahead would hold back the times of all later ones.
      const late = row.timestamp > clock ? { imported_timestamp: toRfc3339(row.timestamp) } : {}
      yield { timestamp: row.timestamp > clock ? clock : row.timestamp, note: importedNote(row, plan, late) }
    }
  }

  return { projects, groups, current, versions, audit }
}

/** A row of the other log under our rules: who asked is not known there, and a command line is not kept (decision D9). */
function importedNote(row: GoAudit, plan: Plan, more: Record<string, string>): AuditNote {
  const { action, resourceType, resourceName } = row
  const metadata: AuditEntry['metadata'] = { ...boundedMetadata(row.metadata), ...more }
  const project = metadata['project']
  if (typeof project === 'string') metadata['project'] = plan.names.get(project) ?? project
  const rest = { action, resourceType, principal: 'imported', command: '', phase: 'done', result: '' } as const
  if (action === 'secret.exec') {
    const program = resourceName.trim().split(/[\s=]/)[0] ?? ''
    metadata['command_sha256'] = toHex(sha256(utf8(resourceName)))
    return { ...rest, resourceName: escaped(program.slice(program.lastIndexOf('/') + 1)), metadata }
  }
  const name = resourceType === 'project' ? (plan.names.get(resourceName) ?? resourceName) : resourceName
  return { ...rest, resourceName: escaped(name), metadata }
}

/** The same entries, as far as our log takes them: other kinds of values as JSON, long texts and lists cut. */
function boundedMetadata(entries: Record<string, unknown>): AuditEntry['metadata'] {
  const bounded = Object.entries(entries)
    .slice(0, MAX_ENTRIES)
    .map(([name, value]): [string, AuditEntry['metadata'][string]] => [clip(name), boundedValue(value)])
  return Object.fromEntries(bounded)
}

function boundedValue(value: unknown): AuditEntry['metadata'][string] {
  if (typeof value === 'string') return clip(value)
  if (typeof value === 'boolean' || (typeof value === 'number' && Number.isFinite(value))) return value
  if (Array.isArray(value) && value.every((item) => typeof item === 'string')) {
    return value.slice(0, MAX_ENTRIES).map(clip)
  }
  return clip(JSON.stringify(value))
}

function clip(words: string): string {
  const whole = words.toWellFormed()
  return whole.length > MAX_TEXT ? `${whole.slice(0, MAX_TEXT - 1).toWellFormed()}…` : whole
}

/** A failure that names the first things that are damaged. */
export function damageFailure(plan: Pick<Plan, 'damaged' | 'damages'>): Failure {
  const [first = 'the Go vault is damaged'] = plan.damaged
  const more = plan.damages > 1 ? ` (and ${plan.damages - 1} more)` : ''
  return new Failure('corrupt', `${first}${more}`, {
    hint: 'tvault migrate --dry-run lists all of it; --salvage moves what is whole and lists the rest',
  })
}
