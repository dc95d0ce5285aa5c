// Many values written in one act: one transaction, one row in the audit log.
import { checkKey } from '../lib/names.ts'
import { boundedNames } from './audit.ts'
import { OPERATIONS } from './operations.ts'
import { currentRow, putValue, rowHolds } from './secrets.ts'
import type { Scope } from './scope.ts'
import type { Opener } from './secrets.ts'
import type { Entry, Progress, Written } from './view.ts'

/** What `View.writeMany` promises; `progress` hears of every entry. */
export function writeAll(
  scope: Scope,
  opener: Opener,
  project: string,
  entries: readonly Entry[],
  { overwrite, progress }: { overwrite: boolean; progress?: Progress },
): { written: Written[]; skipped: string[] } {
  scope.demand(OPERATIONS.write, { project })
  for (const { key } of entries) scope.demand(OPERATIONS.write, { project, key: checkKey(key) })
  if (entries.length === 0) return { written: [], skipped: [] }
  return scope.session.commit((writer) => {
    const within = scope.project(writer, project)
    const written: Written[] = []
    const skipped: string[] = []
    for (const [at, { key, value }] of entries.entries()) {
      const row = currentRow(writer, within, key)
      if (row && !overwrite) skipped.push(key)
      else if (row && rowHolds(opener, within, row, value))
        written.push({ key, version: row.version, change: 'unchanged' })
      else written.push(putValue(writer, opener, within, key, value))
      progress?.(at + 1, entries.length)
    }
    const count = (change: Written['change']): number => written.filter((one) => one.change === change).length
    const metadata = {
      bulk: true,
      count: entries.length,
      created: count('created'),
      updated: count('updated'),
      unchanged: count('unchanged'),
      skipped: skipped.length,
      keys: boundedNames(written.filter((one) => one.change !== 'unchanged').map((one) => one.key)),
    }
    scope.record(writer, scope.note(OPERATIONS.write, { project }, { metadata }))
    return { written, skipped }
  })
}
