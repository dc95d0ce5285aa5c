// What of a Go vault goes where. The whole vault is read and every value opened before anything is written, so that
// the plan says all there is to say: what moves, under which name where ours refuses the old one, what stays behind
// and why, and what is damaged. Nothing is dropped that is not in one of these lists.
import { fingerprint, recipientFrom } from '../crypto/recipient.ts'
import { Failure } from '../lib/errors.ts'
import { isKey, printable } from '../lib/names.ts'
import { damage } from './bbolt.ts'
import { Taken, fitDescription, fitKey, fitProjectName } from './go-names.ts'
import { planGroups } from './go-groups.ts'
import { Remarks } from './go-remarks.ts'
import type { Recipient } from '../crypto/recipient.ts'
import type { Nanoseconds } from '../lib/time.ts'
import type { Tell } from './bbolt.ts'
import type { PlannedGroup } from './go-groups.ts'
import type { Damages, Left, Renamed } from './go-remarks.ts'
import type { GoProject, GoVault, GoVersion } from './go-vault.ts'

/** As many as our own list takes. */
const MAX_RECIPIENTS = 1000

export interface PlannedProject {
  /** A uuid; it becomes the id of the new project. */
  id: string
  name: string
  description: string
  createdAt: Nanoseconds
  updatedAt: Nanoseconds
  wasDeleted: boolean
  /** Whom it is shared with, and since when; the fingerprint is for people to compare. */
  recipients: { recipient: Recipient; fingerprint: string; sharedAt: Nanoseconds }[]
  /** Current secrets, and all versions with the current ones. */
  secrets: number
  versions: number
}

export interface Plan {
  vaultId: string
  projects: PlannedProject[]
  groups: PlannedGroup[]
  /** Name of the current project, when it is carried over. */
  current: string | undefined
  auditRows: number
  renamed: Renamed[]
  left: Left[]
  /** What is damaged, at most a thousand of `damages`. */
  damaged: string[]
  damages: number
  /** By `uuid/KEY`: which version is the current one, and the new name where it has one. */
  heads: ReadonlyMap<string, number>
  keys: ReadonlyMap<string, string>
  /** Those of which the current version is lost, and the highest other one takes its place. */
  orphans: ReadonlySet<string>
  /** The new name of each project of the Go vault that is carried over, by its old one. */
  names: ReadonlyMap<string, string>
}

export interface PlanOptions {
  /** Also projects that were deleted: the Go vault only hides those. */
  includeDeleted: boolean
}

/**
 * Reads all of `vault`. When it is `unlocked`, every value is opened. What is damaged is told to `damages`, which may
 * hold earlier findings, and is part of the plan.
 */
export function makePlan(vault: GoVault, unlocked: boolean, damages: Damages, options: PlanOptions): Plan {
  return new Planner(vault, unlocked, damages, options).plan()
}

export function rowName({ project, key }: Pick<GoVersion, 'project' | 'key'>): string {
  return `${project}/${key}`
}

class Planner {
  readonly #vault: GoVault
  readonly #unlocked: boolean
  readonly #options: PlanOptions
  readonly #remarks = new Remarks()
  readonly #damages: Damages
  readonly tell: Tell
  readonly #projects = new Map<string, PlannedProject>()
  readonly #known = new Map<string, GoProject>()
  readonly #heads = new Map<string, number>()
  readonly #orphans = new Set<string>()

  constructor(vault: GoVault, unlocked: boolean, damages: Damages, options: PlanOptions) {
    this.#vault = vault
    this.#unlocked = unlocked
    this.#damages = damages
    this.tell = damages.tell
    this.#options = options
  }

  plan(): Plan {
    this.#vault.checkTables(this.tell)
    const names = this.#planProjects()
    this.#readSecrets()
    this.#readVersions()
    const keys = this.#planKeys()
    const { shared, rows } = this.#readAudit()
    for (const [id, project] of this.#projects) this.#planRecipients(project, this.#known.get(id), shared)
    const config = this.#vault.config(this.tell)
    const groups = planGroups(config.groups, names, this.#remarks)
    for (const name of config.unknown) this.#remarks.leave('setting', name, 'it means nothing here')
    return {
      vaultId: this.#vault.meta.vaultId,
      projects: [...this.#projects.values()],
      groups,
      current: this.#current(config.currentProject, names),
      auditRows: rows,
      renamed: this.#remarks.renamed,
      left: this.#remarks.left,
      damaged: this.#damages.listed,
      damages: this.#damages.count,
      heads: this.#heads,
      keys,
      orphans: this.#orphans,
      names,
    }
  }

  /** Names that fit are kept, so they are given out first; deleted projects take what is left. */
  #planProjects(): Map<string, string> {
    const taken = new Taken()
    const names = new Map<string, string>()
    for (const project of this.#vault.projects(this.tell)) this.#known.set(project.id, project)
    const fits = ({ name }: GoProject): number => (fitProjectName(name, new Taken()) === name ? 0 : 1)
    const order = [...this.#known.values()].toSorted(
      (a, b) => Number(a.deleted) - Number(b.deleted) || fits(a) - fits(b) || (a.name < b.name ? -1 : 1),
    )
    for (const project of order) {
      const { id, name, description, createdAt, updatedAt, deleted } = project
      if (!this.#moves(project)) continue
      const fit = fitProjectName(deleted ? `${name} (deleted)` : name, taken)
      this.#remarks.rename('project', name, fit)
      const words = fitDescription(description)
      this.#remarks.rename('description', description, words)
      if (!deleted) names.set(name, fit)
      const counts = { recipients: [], secrets: 0, versions: 0 }
      const bare = { id, name: fit, description: words, createdAt, updatedAt, wasDeleted: deleted }
      this.#projects.set(id, { ...bare, ...counts })
    }
    return names
  }

  #moves({ id, name, deleted }: GoProject): boolean {
    if (deleted && !this.#options.includeDeleted) {
      this.#remarks.leave('project', name, 'it was deleted; --include-deleted moves it as well')
      return false
    }
    if (!this.#unlocked || this.#vault.opens(id)) return true
    if (deleted) this.#remarks.leave('project', name, 'it was deleted, and its key belongs to an earlier passphrase')
    else this.tell(damage(`the key of project ${printable(name)} does not open`))
    return false
  }

  /** The planned project of a row, when the row is worth having. */
  #accept(row: GoVersion): PlannedProject | undefined {
    const project = this.#projects.get(row.project)
    if (!project) {
      if (!this.#known.has(row.project)) this.tell(damage(`${describe(row)} belongs to no project`))
      return undefined
    }
    if (this.#unlocked) {
      const value = this.#vault.value(row)
      if (!value) {
        this.tell(damage(`${describe(row, project.name)} does not open`))
        return undefined
      }
      value.wipe()
    }
    return project
  }

  #readSecrets(): void {
    for (const row of this.#vault.secrets(this.tell)) {
      const project = this.#accept(row)
      if (!project) continue
      this.#heads.set(rowName(row), row.version)
      project.secrets++
      project.versions++
    }
  }

  /** A key whose current version is lost gets its highest other one instead: versions come in ascending order. */
  #readVersions(): void {
    for (const row of this.#vault.versions(this.tell)) {
      const project = this.#accept(row)
      if (!project) continue
      const name = rowName(row)
      const head = this.#heads.get(name)
      if (head === undefined) {
        this.tell(damage(`${describe(row, project.name)} has no current version`))
        this.#orphans.add(name)
        project.secrets++
      } else if (!this.#orphans.has(name) && row.version >= head) {
        this.tell(damage(`${describe(row, project.name)} is not older than the current version ${head}`))
        continue
      }
      if (this.#orphans.has(name)) this.#heads.set(name, row.version)
      project.versions++
    }
  }

  #planKeys(): Map<string, string> {
    const keys = new Map<string, string>()
    const refused = [...this.#heads.keys()].filter((name) => !isKey(keyOf(name)))
    for (const id of new Set(refused.map(projectOf))) {
      const taken = new Taken()
      const own = [...this.#heads.keys()].filter((name) => projectOf(name) === id)
      for (const name of own) if (isKey(keyOf(name))) taken.take(keyOf(name), Number.MAX_SAFE_INTEGER)
      for (const name of own.filter((candidate) => !isKey(keyOf(candidate)))) {
        const fit = fitKey(keyOf(name), taken)
        keys.set(name, fit)
        this.#remarks.rename('secret', keyOf(name), fit)
      }
    }
    return keys
  }

  /** Counts the rows, and follows who was given what: time of every share that was not taken back, by `name\0recipient`. */
  #readAudit(): { shared: Map<string, Nanoseconds>; rows: number } {
    const shared = new Map<string, Nanoseconds>()
    let rows = 0
    for (const { action, resourceName, metadata, timestamp } of this.#vault.audit(this.tell)) {
      rows++
      const name = `${resourceName}\0${String(metadata['recipient'])}`
      if (action === 'project.share') shared.set(name, timestamp)
      if (action === 'project.unshare') shared.delete(name)
    }
    return { shared, rows }
  }

  /**
   * The list of recipients is not authenticated there: a public key that somebody wrote into the file would be given
   * the new key. One that the audit log does not know is left, for the owner to share with by hand.
   */
  #planRecipients(
    project: PlannedProject,
    from: GoProject | undefined,
    shared: ReadonlyMap<string, Nanoseconds>,
  ): void {
    for (const publicKey of from?.recipients ?? []) {
      const recipient = recipientOf(publicKey)
      const sharedAt = shared.get(`${from?.name}\0${recipient?.text}`)
      if (!recipient) {
        const name = `${publicKey.toHex()} of ${project.name}`
        this.#remarks.leave('recipient', name, 'what is sealed to this key opens for nobody, or for everybody')
      } else if (sharedAt === undefined) {
        const why = 'the audit log does not know it; if you do, share the project with it again'
        this.#remarks.leave('recipient', `${recipient.text} of ${project.name}`, why)
      } else if (project.recipients.length === MAX_RECIPIENTS) {
        this.#remarks.leave(
          'recipient',
          `${recipient.text} of ${project.name}`,
          `a project has ${MAX_RECIPIENTS} at most`,
        )
      } else if (!project.recipients.some((other) => other.recipient.text === recipient.text)) {
        project.recipients.push({ recipient, fingerprint: fingerprint(recipient), sharedAt })
      }
    }
  }

  #current(name: string | undefined, names: ReadonlyMap<string, string>): string | undefined {
    if (name === undefined || name === '') return undefined
    const current = names.get(name)
    if (current === undefined) this.#remarks.leave('setting', `current project ${name}`, 'there is no such project')
    return current
  }
}

function recipientOf(publicKey: Uint8Array): Recipient | undefined {
  try {
    return recipientFrom(publicKey)
  } catch (error) {
    if (error instanceof Failure) return undefined
    throw error
  }
}

function projectOf(name: string): string {
  return name.slice(0, name.indexOf('/'))
}

function keyOf(name: string): string {
  return name.slice(name.indexOf('/') + 1)
}

function describe({ project, key, version }: GoVersion, name = project): string {
  return `secret ${printable(key)} of project ${printable(name)}, version ${version},`
}
