// What may be said about environment groups without a key. A group names projects, so who may not see all of them is
// told that there is no such group.
import { allGroups, chain, checkGroup, projectOfEnvironment } from './group-rows.ts'
import { currentKeys, currentRow } from './secrets.ts'
import { compareTexts } from '../lib/bytes.ts'
import type { Reader } from '../store/store.ts'
import type { Environment, Group, StoredGroup } from './group-rows.ts'
import type { Project } from './projects.ts'
import type { Scope } from './scope.ts'
import type { SecretRow } from './secrets.ts'
import type { GroupInfo, KeySource } from './view.ts'

/** An environment on the way from the one that was asked about to its last base. */
export interface Link {
  environment: string
  project: Project
}

/** All groups that the asker may see, sorted bytewise by name. Throws `corrupt`; with the owner's key also for a changed one. */
export function visibleGroups(scope: Scope, reader: Reader): GroupInfo[] {
  return allGroups(reader)
    .map((group) => checked(scope, group))
    .map((group) => groupInfo(reader, group))
    .filter((info) => info.environments.every(({ project }) => scope.sees(project)))
}

/** One group, as `visibleGroups` tells it. Stops the act when there is none. */
export function visibleGroup(scope: Scope, reader: Reader, name: string): GroupInfo {
  const found = visibleGroups(scope, reader).find((info) => info.name === name)
  return scope.found(found, { group: name })
}

/** The group, with its mac checked where the keys allow it. Stops the act when there is none. */
export function checkedGroup(scope: Scope, reader: Reader, name: string): StoredGroup {
  return checked(scope, scope.group(reader, name))
}

function checked(scope: Scope, group: StoredGroup): StoredGroup {
  const { ownKeys, header } = scope.session
  // An identity has no key of the vault; whoever could mislead it here could make up its projects as well.
  if (ownKeys) checkGroup(ownKeys, header.vaultId, group)
  return group
}

function groupInfo(reader: Reader, group: Group): GroupInfo {
  const { name, description, createdAt, updatedAt } = group
  const environments = group.environments.map((one) => ({
    name: one.name,
    project: projectOfEnvironment(reader, group, one).name,
    ...(one.base !== undefined && { from: one.base }),
  }))
  return { name, description, createdAt, updatedAt, environments }
}

/** The environment and its bases, nearest first. Stops the act when there is no such environment. */
export function links(scope: Scope, reader: Reader, group: Group, name: string): [Link, ...Link[]] {
  const path = scope.found(chain(group, name), { group: group.name, environment: name })
  const toLink = (one: Environment): Link => ({
    environment: one.name,
    project: projectOfEnvironment(reader, group, one),
  })
  const [first, ...rest] = path.map(toLink)
  return [scope.found(first, { group: group.name, environment: name }), ...rest]
}

/** Every key that an environment has, of its own or from a base, sorted bytewise, and where its value comes from. */
export function keySources(scope: Scope, reader: Reader, name: string, environment: string): KeySource[] {
  const group = checkedGroup(scope, reader, name)
  const sources = new Map<string, KeySource>()
  for (const link of links(scope, reader, group, environment)) {
    scope.found(scope.sees(link.project.name) || undefined, { group: name, environment })
    for (const key of currentKeys(reader, link.project)) {
      if (sources.has(key) || !scope.sees(link.project.name, key)) continue
      const own = link.environment === environment
      const pinned = own && pinState(reader, group, link, key) === 'pinned'
      sources.set(key, { key, environment: link.environment, inherited: !own, pinned })
    }
  }
  return [...sources.values()].sort((a, b) => compareTexts(a.key, b.key))
}

/** Whether an environment's own key is the untouched copy that `pin` made, that copy with later versions, or neither. */
export function pinState(reader: Reader, group: Group, link: Link, key: string): 'pinned' | 'changed' | 'own' {
  const pin = group.pins.find((one) => one.environment === link.environment && one.key === key)
  const row = pin && currentRow(reader, link.project, key)
  if (!row || row.createdAt !== pin.at) return 'own'
  return row.version === 1 ? 'pinned' : 'changed'
}

/** The nearest link that has `key` of its own, and its row. */
export function nearest(
  reader: Reader,
  path: readonly Link[],
  key: string,
): { link: Link; row: SecretRow } | undefined {
  for (const link of path) {
    const row = currentRow(reader, link.project, key)
    if (row) return { link, row }
  }
  return undefined
}
