// Environment groups of a Go vault under our rules: projects must exist, and inheritance, which there ended after one
// step and might go in a circle, goes all the way here and ends.
import { printable } from '../lib/names.ts'
import { Taken, fitDescription, fitGroupName } from './go-names.ts'
import type { Nanoseconds } from '../lib/time.ts'
import type { Remarks } from './go-remarks.ts'
import type { GoGroup } from './go-vault.ts'

/** As many as our own groups take. */
const MAX_ENVIRONMENTS = 1000

export interface PlannedEnvironment {
  name: string
  project: string
  /** Name of the environment that it inherits from. */
  from: string | undefined
}

export interface PlannedGroup {
  name: string
  description: string
  createdAt: Nanoseconds
  updatedAt: Nanoseconds
  environments: PlannedEnvironment[]
}

/** `names` gives the new name of each project that is carried over. A group without environments is left. */
export function planGroups(
  groups: readonly GoGroup[],
  names: ReadonlyMap<string, string>,
  remarks: Remarks,
): PlannedGroup[] {
  const taken = new Taken()
  return groups.flatMap((group) => {
    const environments = planEnvironments(group, names, remarks)
    if (environments.size === 0) {
      remarks.leave('group', group.name, 'none of its projects exists')
      return []
    }
    inherit(group, environments, remarks)
    const name = fitGroupName(group.name, taken)
    remarks.rename('group', group.name, name)
    const description = fitDescription(group.description)
    remarks.rename('description', group.description, description)
    const { createdAt, updatedAt } = group
    return [{ name, description, createdAt, updatedAt, environments: [...environments.values()] }]
  })
}

/** By their old names. */
function planEnvironments(
  group: GoGroup,
  names: ReadonlyMap<string, string>,
  remarks: Remarks,
): Map<string, PlannedEnvironment> {
  const taken = new Taken()
  const environments = new Map<string, PlannedEnvironment>()
  for (const { name: old, project: oldProject } of group.environments) {
    const project = names.get(oldProject)
    const fault =
      project === undefined ? `project ${printable(oldProject)} does not exist` : clash(environments, old, project)
    if (project === undefined || fault !== undefined) {
      remarks.leave('environment', `${old} of group ${group.name}`, fault ?? '')
      continue
    }
    const name = fitGroupName(old, taken)
    remarks.rename('environment', old, name)
    environments.set(old, { name, project, from: undefined })
  }
  return environments
}

/** Why the group cannot have this one as well. */
function clash(
  environments: ReadonlyMap<string, PlannedEnvironment>,
  old: string,
  project: string,
): string | undefined {
  if (environments.has(old)) return 'it is there twice'
  if (environments.size === MAX_ENVIRONMENTS) return `a group has ${MAX_ENVIRONMENTS} at most`
  const other = [...environments.values()].find((environment) => environment.project === project)
  return other && `its project ${printable(project)} is environment ${printable(other.name)} already`
}

function inherit(group: GoGroup, environments: Map<string, PlannedEnvironment>, remarks: Remarks): void {
  const bases = new Map<string, string>()
  for (const { child, from } of group.inheritance) {
    const what = `${child} from ${from} in group ${group.name}`
    const [environment, base] = [environments.get(child), environments.get(from)]
    if (!environment || !base) remarks.leave('inheritance', what, 'one of the two does not exist')
    else if (leadsTo(bases, from, child)) remarks.leave('inheritance', what, 'it would go in a circle')
    else {
      bases.set(child, from)
      environment.from = base.name
    }
  }
  for (const [child, from] of bases) {
    const next = bases.get(from)
    if (next === undefined) continue
    const why = `${from} inherits from ${next}: what neither has comes from there now, which the Go TinyVault did not look at`
    remarks.leave('inheritance', `${child} from ${from} in group ${group.name} is kept, and more`, printable(why))
  }
}

/** Whether `name` is `end` or inherits from it. */
function leadsTo(bases: ReadonlyMap<string, string>, name: string, end: string): boolean {
  for (let at: string | undefined = name; at !== undefined; at = bases.get(at)) if (at === end) return true
  return false
}
