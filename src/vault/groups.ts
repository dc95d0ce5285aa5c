// What the owner does to environment groups themselves. The rules: at least one environment at the start, names and
// projects once in a group, a project in one group unless forced, no environment that inherits from itself on any way,
// and nothing is taken away that something else leans on. No value is touched here.
import { utf8 } from '../lib/bytes.ts'
import { Failure } from '../lib/errors.ts'
import { checkDescription, checkGroupName, printable } from '../lib/names.ts'
import { now } from '../lib/time.ts'
import { checkedGroup } from './group-names.ts'
import { MAX_ENVIRONMENTS, allGroups, chain, environmentsOf, findGroup, putGroup } from './group-rows.ts'
import { OPERATIONS } from './operations.ts'
import type { Reader, Writer } from '../store/store.ts'
import type { Environment, Group } from './group-rows.ts'
import type { Operation } from './operations.ts'
import type { Project } from './projects.ts'
import type { Scope, Target } from './scope.ts'
import type { AuditEntry } from './view.ts'

export interface NewGroup {
  name: string
  description: string
  environments: readonly { name: string; project: string }[]
  /** Replaces a group of that name, and takes projects that another group has too. */
  force: boolean
}

/** Throws `usage` for bad names, `not_found` for an unknown project, `conflict` for what is there already. */
export function createGroup(scope: Scope, { name, description, environments, force }: NewGroup): void {
  checkGroupName('group', name)
  checkDescription(description)
  if (environments.length === 0) {
    throw new Failure('usage', 'a group needs an environment', { hint: '--env name=project' })
  }
  scope.demand(OPERATIONS.createGroup, { group: name })
  scope.session.commit((writer) => {
    if (!force && findGroup(writer, name)) {
      throw new Failure('conflict', `environment group ${printable(name)} exists already`, {
        hint: 'tvault env group add puts an environment into it, --force replaces it',
      })
    }
    const at = now()
    let group: Group = { name, description, createdAt: at, updatedAt: at, environments: [], pins: [] }
    for (const one of environments) group = added(scope, writer, group, one, force)
    const { keys, header } = scope.session
    putGroup(writer, keys, header.vaultId, group)
    note(scope, writer, OPERATIONS.createGroup, { group: name }, { environments: environments.map((one) => one.name) })
  })
}

/** Throws like `createGroup`. */
export function addEnvironment(
  scope: Scope,
  name: string,
  one: { name: string; project: string },
  force: boolean,
): void {
  change(
    scope,
    OPERATIONS.addEnvironment,
    { group: name, environment: one.name },
    { project: one.project },
    (writer, group) => added(scope, writer, group, one, force),
  )
}

/** Throws `conflict` when another environment inherits from it, or when it is the last one. */
export function removeEnvironment(scope: Scope, name: string, environment: string): void {
  change(scope, OPERATIONS.removeEnvironment, { group: name, environment }, {}, (_, group) => {
    present(scope, group, environment)
    const heirs = group.environments.filter(({ base }) => base === environment).map((one) => one.name)
    if (heirs.length > 0) {
      throw new Failure('conflict', `${heirs.map(printable).join(', ')} inherits from ${printable(environment)}`, {
        hint: `tvault env inherit --group ${printable(name)} --env ${printable(heirs[0] ?? '')} --none`,
      })
    }
    if (group.environments.length === 1) {
      throw new Failure('conflict', `${printable(environment)} is the last environment of group ${printable(name)}`, {
        hint: `tvault env group delete ${printable(name)}`,
      })
    }
    return {
      ...group,
      environments: group.environments.filter((one) => one.name !== environment),
      pins: group.pins.filter((pin) => pin.environment !== environment),
    }
  })
}

/** Its projects stay as they are. Throws `not_found`. */
export function deleteGroup(scope: Scope, name: string): void {
  scope.demand(OPERATIONS.deleteGroup, { group: name })
  scope.session.commit((writer) => {
    // One whose row was changed by somebody else may be deleted: that is the way out.
    scope.group(writer, name)
    writer.delete('groups', utf8(name))
    note(scope, writer, OPERATIONS.deleteGroup, { group: name }, {})
  })
}

/** Lets `environment` inherit from `base`, or from nothing. Throws `usage` when it would inherit from itself on any way. */
export function setBase(scope: Scope, name: string, environment: string, base: string | undefined): void {
  change(scope, OPERATIONS.inherit, { group: name, environment }, { from: base ?? '' }, (_, group) => {
    present(scope, group, environment)
    if (base !== undefined) present(scope, group, base)
    const loop = base !== undefined && chain(group, base)?.some((one) => one.name === environment)
    if (loop) {
      const words = base === environment ? 'itself' : `${printable(base)}, which inherits from it`
      throw new Failure('usage', `${printable(environment)} cannot inherit from ${words}`, {
        hint: `tvault env group show ${printable(name)}`,
      })
    }
    const environments = group.environments.map((one) => (one.name === environment ? { ...one, base } : one))
    return { ...group, environments }
  })
}

/** Throws `conflict` when a group has this project: the group would point at nothing. */
export function refuseInGroup(reader: Reader, project: Project): void {
  const [found] = environmentsOf(allGroups(reader), project.id)
  if (!found) return
  const { group, environment } = found
  throw new Failure('conflict', `project ${project.name} is environment ${environment} of group ${group.name}`, {
    hint:
      group.environments.length === 1
        ? `tvault env group delete ${group.name}`
        : `tvault env group remove ${environment} --group ${group.name}`,
  })
}

/** Runs `edit` on the checked group and writes what it returns, with its audit row. */
export function change(
  scope: Scope,
  operation: Operation,
  target: Target & { group: string },
  metadata: AuditEntry['metadata'],
  edit: (writer: Writer, group: Group) => Group,
): void {
  scope.demand(operation, target)
  scope.session.commit((writer) => {
    const { keys, header } = scope.session
    const group = edit(writer, checkedGroup(scope, writer, target.group))
    putGroup(writer, keys, header.vaultId, touched(group))
    note(scope, writer, operation, target, metadata)
  })
}

/** The group with a new time of change; a clock that was set back does not make it older. */
export function touched(group: Group): Group {
  const at = now()
  return { ...group, updatedAt: group.updatedAt > at ? group.updatedAt : at }
}

function note(
  scope: Scope,
  writer: Writer,
  operation: Operation,
  target: Target,
  metadata: AuditEntry['metadata'],
): void {
  scope.record(writer, scope.note(operation, target, { metadata }))
}

function added(
  scope: Scope,
  writer: Writer,
  group: Group,
  one: { name: string; project: string },
  force: boolean,
): Group {
  const name = checkGroupName('environment', one.name)
  const { id } = scope.project(writer, one.project)
  if (group.environments.some((other) => other.name === name)) {
    throw new Failure('conflict', `group ${printable(group.name)} has an environment ${printable(name)} already`)
  }
  const [here] = environmentsOf([group], id)
  if (here) {
    throw new Failure(
      'conflict',
      `project ${printable(one.project)} is environment ${printable(here.environment)} of this group already`,
    )
  }
  const others = allGroups(writer).filter((other) => other.name !== group.name)
  const [there] = environmentsOf(others, id)
  if (there && !force) {
    throw new Failure(
      'conflict',
      `project ${printable(one.project)} is environment ${there.environment} of group ${there.group.name} already`,
      { hint: '--force lets it be in both' },
    )
  }
  if (group.environments.length === MAX_ENVIRONMENTS) {
    throw new Failure('usage', `a group has at most ${MAX_ENVIRONMENTS} environments`)
  }
  const environment: Environment = { name, project: id, base: undefined }
  return { ...group, environments: [...group.environments, environment] }
}

function present(scope: Scope, group: Group, environment: string): void {
  scope.found(
    group.environments.find((one) => one.name === environment),
    { group: group.name, environment },
  )
}
