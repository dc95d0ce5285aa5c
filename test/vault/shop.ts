// A vault with one environment group, for the tests about groups: three projects, of which each inherits from the one before.
import { made, memory, put, shown } from './fixture.ts'
import type { Store } from '../../src/store/store.ts'
import type { View } from '../../src/vault/view.ts'

const PROJECTS = { production: 'prod', staging: 'stag', preview: 'prev' }

/** Group app: preview inherits from staging, staging from production. */
export function filled(store: Store = memory()) {
  const all = made(store)
  for (const project of [...Object.values(PROJECTS), 'other']) all.view.createProject(project, '')
  put(all.view, 'A', 'a of production', 'prod')
  put(all.view, 'B', 'b of production', 'prod')
  put(all.view, 'B', 'b of staging', 'stag')
  put(all.view, 'C', 'c of preview', 'prev')
  const environments = Object.entries(PROJECTS).map(([name, project]) => ({ name, project }))
  all.view.createGroup({ name: 'app', description: 'The app', environments, force: false })
  all.view.setBase('app', 'staging', 'production')
  all.view.setBase('app', 'preview', 'staging')
  return all
}

/** What an environment gives: `KEY=value from environment`. */
export function resolved(view: View, environment: string, selection = {}): string[] {
  const { entries } = view.resolve('app', environment, selection)
  return entries.map(({ key, value, environment: from }) => `${key}=${shown(value)} < ${from}`)
}
