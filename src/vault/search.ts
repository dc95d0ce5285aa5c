// Search over names, versions and times: never over values, never with a key.
import { glob } from '../lib/glob.ts'
import { allProjects } from './projects.ts'
import { currentRows, secretInfo } from './secrets.ts'
import type { Reader } from '../store/store.ts'
import type { SearchQuery, SecretInfo } from './view.ts'

/**
 * Current secrets that match, sorted by project, then key. `sees` is asked before anything is counted. `since` and
 * `until` are inclusive and about the newest version. Throws `corrupt`.
 */
export function searchSecrets(
  reader: Reader,
  query: SearchQuery,
  sees: (project: string, key?: string) => boolean,
): { results: SecretInfo[]; total: number } {
  const named = query.nameLike === undefined ? () => true : glob(query.nameLike)
  const results: SecretInfo[] = []
  let total = 0
  for (const project of allProjects(reader)) {
    if ((query.project !== undefined && project.name !== query.project) || !sees(project.name)) continue
    for (const row of currentRows(reader, project, query.prefix)) {
      if (query.since !== undefined && row.updatedAt < query.since) continue
      if (query.until !== undefined && row.updatedAt > query.until) continue
      if (row.version < (query.minVersion ?? 1) || !named(row.key) || !sees(project.name, row.key)) continue
      total++
      if (results.length < query.limit) results.push(secretInfo(project, row))
    }
  }
  return { results, total }
}
