// A room with an environment group, for the commands about groups.
import create from '../../src/commands/env/group/create.ts'
import inherit from '../../src/commands/env/inherit.ts'
import { Secret } from '../../src/lib/secret.ts'
import { room } from './room.ts'

const OWNER = {
  principal: { kind: 'owner', interactive: true },
  command: 'set',
  effect: 'write',
  policy: { decide: () => ({ allow: true, rule: 'test' }) },
} as const

/** Group app of production, staging and preview; each inherits from the one before. */
export async function shop() {
  const here = room()
  const view = here.vault.view(OWNER)
  const put = (project: string, key: string, value: string) => view.write(project, key, Secret.fromText(value)).version
  for (const project of ['prod', 'stag', 'prev', 'other']) view.createProject(project, '')
  put('prod', 'A', 'a of production')
  put('prod', 'B', 'b of production')
  put('stag', 'B', 'b of staging')
  put('prev', 'C', 'c of preview')
  const made = await here.call(create, {
    name: 'app',
    env: ['production=prod', 'staging=stag', 'preview=prev'],
    description: 'The app',
  })
  await here.call(inherit, { group: 'app', env: 'staging', from: 'production' })
  await here.call(inherit, { group: 'app', env: 'preview', from: 'staging' })
  return { ...here, view, put, made }
}
