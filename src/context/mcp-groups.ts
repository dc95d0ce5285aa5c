// Environment groups as a tool of an AI agent changes them. A group ties projects together, and its inheritance decides
// which value the owner's own programs get, so every project of the group must be the client's to write; and copying a
// value must not carry it to where the client may do more with it.
import { isTier2 } from '../commands/policy-mcp.ts'
import { Failure } from '../lib/errors.ts'
import type { Asker, Effect } from '../lib/gate.ts'
import { printable } from '../lib/names.ts'
import type { GroupDifference, GroupInfo, Names, Promotion, View } from '../vault/view.ts'

type Groups = Pick<
  View,
  | 'createGroup'
  | 'addEnvironment'
  | 'removeEnvironment'
  | 'deleteGroup'
  | 'setBase'
  | 'differences'
  | 'promotionPlan'
  | 'promote'
  | 'pin'
  | 'unpin'
>

interface Around {
  /** The names that the client may know. */
  names: Names
  keyed: View
  asker: Asker
  /** Values told or compared; `check` throws `denied` when so many more are too many. */
  reads: { check(count: number): void; charge(count: number): void }
}

/** The group methods of a view, each asked of the policy before anybody who has the key is asked. */
export function mcpGroups({ names, keyed, asker, reads }: Around): Groups {
  const { principal, command, policy } = asker
  /** Nobody is asked here: a secret that needs the owner's word is one that may not be used in this way. */
  const may = (effect: Effect, project: string, key?: string): boolean => {
    const { allow, approve } = policy.decide({ principal, command, effect, project, ...(key !== undefined && { key }) })
    return allow && (key === undefined || approve === undefined)
  }

  /** A project that is not there, or must look so, fails as that; one that may not be changed is told. */
  const demandProject = (effect: Effect, project: string): void => {
    names.list(project)
    if (may(effect, project)) return
    throw new Failure('denied', `the policy refuses ${effect} on ${printable(project)}`)
  }
  const whole = (effect: Effect, name: string): GroupInfo => {
    const group = names.group(name)
    for (const { project } of group.environments) demandProject(effect, project)
    return group
  }
  /** A group that the client cannot see may be in the way; that it is one must not be told. */
  const unseen = <T>(act: () => T): T => {
    try {
      return act()
    } catch (error) {
      if (!(error instanceof Failure) || error.kind !== 'conflict') throw error
      throw new Failure('conflict', 'there is such a group or environment, or another group has the project', {
        hint: 'vault_env_group_list; the owner can do it with --force',
      })
    }
  }
  const projectOf = (group: GroupInfo, environment: string): string => {
    const found = group.environments.find(({ name }) => name === environment)
    if (found) return found.project
    throw new Failure('not_found', `no environment ${printable(environment)} in group ${printable(group.name)}`, {
      hint: 'vault_env_group_show',
    })
  }
  /** A copy is made by the owner, where the use of the original needs the owner's word. */
  const refuseTier2 = (project: string, key: string): void => {
    if (principal.kind === 'mcp' && !isTier2(principal.rules, project, key)) return
    throw new Failure('denied', `${printable(key)} is of tier 2, and is copied or taken away by the owner only`, {
      hint: 'the owner runs: tvault env promote',
    })
  }

  /** Under rules of their own for each project, a copy could be used in ways in which the original cannot. */
  const refuseOwnRules = (act: string): void => {
    if (principal.kind === 'mcp' && principal.rules.own === undefined) return
    throw new Failure('denied', `under a policy of the vault an AI agent does not ${act}`, {
      hint: `the owner runs: tvault env ${act}`,
    })
  }

  return {
    createGroup(group) {
      for (const { project } of group.environments) demandProject('write', project)
      unseen(() => keyed.createGroup({ ...group, force: false }))
    },
    addEnvironment(group, environment) {
      whole('write', group)
      demandProject('write', environment.project)
      unseen(() => keyed.addEnvironment(group, environment, { force: false }))
    },
    removeEnvironment(group, environment) {
      whole('write', group)
      keyed.removeEnvironment(group, environment)
    },
    deleteGroup(group) {
      whole('destroy', group)
      keyed.deleteGroup(group)
    },
    setBase(group, environment, base) {
      whole('write', group)
      keyed.setBase(group, environment, base)
    },

    differences(name): GroupDifference[] {
      const group = names.group(name)
      const comparable = new Set<string>()
      let values = 0
      for (const { project } of group.environments) {
        for (const { key } of names.list(project)) if (may('compare', project, key)) comparable.add(key)
      }
      for (const key of comparable) {
        const holders = group.environments.filter(({ project }) => holds(names, project, key))
        // One that may not be compared in one place is not compared at all.
        if (holders.every(({ project }) => may('compare', project, key))) values += holders.length
        else comparable.delete(key)
      }
      if (comparable.size === 0) {
        throw new Failure('denied', 'the policy allows no value of this group to be compared', {
          hint: 'leave values out: names are compared without a value',
        })
      }
      reads.check(values)
      const found = keyed.differences(name).filter(({ key }) => comparable.has(key))
      reads.charge(values)
      return found
    },

    promotionPlan(name, from, to, keys): Promotion[] {
      refuseOwnRules('promote')
      const group = names.group(name)
      const [source, target] = [projectOf(group, from), projectOf(group, to)]
      demandProject('write', target)
      const there = new Set(names.list(source).map(({ key }) => key))
      for (const key of keys ?? []) for (const one of [source, target]) if (there.has(key)) refuseTier2(one, key)
      const copied = (key: string): boolean => there.has(key) && may('write', source, key) && may('write', target, key)
      const wanted = (keys ?? [...there]).filter(copied)
      const missing = (keys ?? [])
        .filter((key) => !wanted.includes(key))
        .map((key): Promotion => ({ key, change: 'missing', fromVersion: 0, toVersion: 0 }))
      // The plan tells which values are the same already, and to compare is to read.
      const compared = wanted.filter((key) => holds(names, target, key)).length
      if (compared > 0) reads.check(compared)
      const plan = wanted.length === 0 ? [] : keyed.promotionPlan(name, from, to, wanted)
      if (compared > 0) reads.charge(compared)
      return [...plan, ...missing]
    },
    promote(name, from, to, plan) {
      refuseOwnRules('promote')
      const group = names.group(name)
      const [source, target] = [projectOf(group, from), projectOf(group, to)]
      for (const { key, change } of plan) {
        if (change === 'missing') continue
        if (!holds(names, source, key) || !may('write', source, key) || !may('write', target, key)) {
          throw new Failure('not_found', `no secret ${printable(key)} in ${printable(from)}`)
        }
      }
      const present = plan.filter(({ change }) => change !== 'missing')
      return present.length === 0 ? [] : keyed.promote(name, from, to, present)
    },

    pin(name, environment, key) {
      refuseOwnRules('pin')
      const project = projectOf(names.group(name), environment)
      const group = names.group(name)
      const from = names.keySources(name, environment).find((one) => one.key === key)?.environment
      for (const place of [project, ...(from === undefined ? [] : [projectOf(group, from)])]) refuseTier2(place, key)
      if (!may('write', project, key) || !isKnown(names, name, environment, key)) throw noKey(key, environment)
      return keyed.pin(name, environment, key)
    },
    async unpin(name, environment, key) {
      const project = projectOf(names.group(name), environment)
      refuseTier2(project, key)
      if (!may('destroy', project, key) || !isKnown(names, name, environment, key)) throw noKey(key, environment)
      return keyed.unpin(name, environment, key)
    },
  }
}

function holds(names: Names, project: string, key: string): boolean {
  return names.list(project).some((one) => one.key === key)
}

function isKnown(names: Names, group: string, environment: string, key: string): boolean {
  return names.keySources(group, environment).some((one) => one.key === key)
}

function noKey(key: string, environment: string): Failure {
  return new Failure('not_found', `no key ${printable(key)} that may be changed in ${printable(environment)}`, {
    hint: 'vault_env_inherited',
  })
}
