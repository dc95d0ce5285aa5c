// What must not come out of a program that runs for somebody else: the present values of whole projects, also those that
// the asker may not use. They are for the process that has the key, to take them out of output there; the asker is told
// none of them, and names only that it may know. One row of the audit log says that they were read for that.
import { OPERATIONS } from './operations.ts'
import { findProject } from './projects.ts'
import { BOX_OVERHEAD } from './schema.ts'
import { currentRows, openAll } from './secrets.ts'
import type { Project } from './projects.ts'
import type { Scope } from './scope.ts'
import type { SecretRow } from './secrets.ts'
import type { Entry } from './view.ts'

/** Longer values are left out, and the longest of those that are too much together: looking for them takes too long. */
const LONGEST_BYTES = 32_768
const MOST_BYTES = 262_144

/** The values of some projects at one moment. */
export interface Confidential {
  /** Is another one whenever a value, or what the asker may know of it, is another. Holds names, and no value. */
  readonly stamp: string
  readonly size: number
  /** The values, for the caller to wipe; one that the asker may not know the name of has none. Throws `locked`, `corrupt`. */
  open(): Entry[]
}

/** Of those of `projects` that the asker may see. A project that is hidden is as good as missing. */
export function confidential(scope: Scope, projects: readonly string[]): Confidential {
  const found = scope.session.commit((writer) =>
    projects.flatMap((name) => {
      const project = scope.sees(name) ? findProject(writer, name) : undefined
      const all = project ? [...currentRows(writer, project)] : []
      if (!project || all.length === 0) return []
      const rows = notTooMuch(all)
      const leftOut = all.length - rows.length
      const metadata = { count: rows.length, ...(leftOut > 0 && { left_out: leftOut }) }
      scope.record(writer, scope.note(OPERATIONS.redact, { project: name }, { metadata }))
      return rows.map((row) => ({ project, row, known: scope.sees(name, row.key) }))
    }),
  )
  return { stamp: found.map(describe).join('\n'), size: found.length, open: () => open(scope, found) }
}

function notTooMuch(rows: readonly SecretRow[]): SecretRow[] {
  const sizes = rows.map(({ box }) => box.length - BOX_OVERHEAD).toSorted((a, b) => a - b)
  let [longest, left] = [-1, MOST_BYTES]
  for (const size of sizes) {
    left -= size
    if (size > LONGEST_BYTES || left < 0) break
    longest = size
  }
  return rows.filter(({ box }) => box.length - BOX_OVERHEAD <= longest)
}

interface Found {
  project: Project
  row: SecretRow
  known: boolean
}

function describe({ project, row, known }: Found): string {
  return `${project.name} ${row.key} ${row.version} ${row.updatedAt} ${known}`
}

function open({ session }: Scope, found: readonly Found[]): Entry[] {
  const entries = openAll(session.opener, found)
  return entries.map(({ key, value }, i) => ({ key: found[i]!.known ? key : '', value }))
}
