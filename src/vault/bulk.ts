// Many values written in one act: one transaction, one row in the audit log.
import { checkKey } from '../lib/names.ts'
import { boundedNames } from './audit.ts'
import { Draft } from './draft.ts'
import { OPERATIONS } from './operations.ts'
import { currentRow, putValue, rowHolds } from './secrets.ts'
import type { Writer } from '../store/store.ts'
import type { Project } from './projects.ts'
import type { Scope } from './scope.ts'
import type { Opener } from './secrets.ts'
import type { Entry, Progress, Written } from './view.ts'

interface Outcome {
  written: Written[]
  skipped: string[]
}

/** What `View.writeMany` promises; `progress` hears of every entry. */
export function writeAll(
  scope: Scope,
  opener: Opener,
  project: string,
  entries: readonly Entry[],
  { overwrite, progress }: { overwrite: boolean; progress?: Progress },
): Outcome {
  scope.demand(OPERATIONS.write, { project })
  for (const { key } of entries) scope.demand(OPERATIONS.write, { project, key: checkKey(key) })
  if (entries.length === 0) return { written: [], skipped: [] }
  const write = (writer: Writer, within: Project): Outcome => {
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
    return { written, skipped }
  }
  const drafted = draftOf(scope, project, entries, write)
  return scope.session.commit((writer) => {
    const outcome = drafted?.into(writer) ?? write(writer, scope.project(writer, project))
    scope.record(writer, scope.note(OPERATIONS.write, { project }, { metadata: metadataOf(outcome, entries.length) }))
    return outcome
  })
}

/**
 * What `write` would do, done but not written down: `into` writes it, and says undefined when a row it built on has
 * changed meanwhile. Undefined when a key is there twice, since a draft does not see its own rows.
 */
function draftOf(
  scope: Scope,
  project: string,
  entries: readonly Entry[],
  write: (writer: Writer, within: Project) => Outcome,
): { into: (writer: Writer) => Outcome | undefined } | undefined {
  if (new Set(entries.map(({ key }) => key)).size < entries.length) return undefined
  return scope.session.look((reader) => {
    const draft = new Draft(reader)
    const within = scope.project(reader, project)
    // So that another one under this name, or with another key, is noticed.
    draft.get('projects', within.id)
    const outcome = write(draft, within)
    return {
      into(writer) {
        if (!draft.isTrueOf(writer)) return undefined
        draft.applyTo(writer)
        return outcome
      },
    }
  })
}

function metadataOf({ written, skipped }: Outcome, entries: number) {
  const count = (change: Written['change']): number => written.filter((one) => one.change === change).length
  return {
    bulk: true,
    count: entries,
    created: count('created'),
    updated: count('updated'),
    unchanged: count('unchanged'),
    skipped: skipped.length,
    keys: boundedNames(written.filter((one) => one.change !== 'unchanged').map((one) => one.key)),
  }
}
