// The half of the vault that needs no key: names, versions, sizes, times. Names are filtered by what the asker may
// know before anything is counted, limited or suggested.
import { queryAudit, projectOf } from './audit.ts'
import { backupVault } from './backup.ts'
import { keySources, visibleGroup, visibleGroups } from './group-names.ts'
import { decodeHeader } from './header-record.ts'
import { OPERATIONS } from './operations.ts'
import { readPolicyRow } from './policy-row.ts'
import { readTierRow } from './tier-row.ts'
import { allProjects, currentProject, makeCurrent } from './projects.ts'
import { checkedRecipients, readRecipients } from './recipient-rows.ts'
import { META } from './schema.ts'
import { searchSecrets } from './search.ts'
import { archivedRows, countKeys, currentKeys, currentRow, currentRows, secretInfo } from './secrets.ts'
import { recipientInfo } from './sharing.ts'
import type { Reader } from '../store/store.ts'
import type { Project } from './projects.ts'
import type { Scope } from './scope.ts'
import type {
  AuditEntry,
  AuditQuery,
  GroupInfo,
  KeySource,
  Names,
  PolicyText,
  ProjectInfo,
  RecipientInfo,
  SearchQuery,
  SecretPlace,
  SecretInfo,
  VaultSummary,
} from './view.ts'

const GOVERNING: readonly string[] = [OPERATIONS.setPolicy.action, OPERATIONS.approve.action]

export class Catalogue implements Names {
  protected readonly scope: Scope

  constructor(scope: Scope) {
    this.scope = scope
  }

  summary(): VaultSummary {
    return this.look((reader) => {
      const header = decodeHeader(reader.get('meta', META.header))
      const projects = this.#visible(reader)
      return {
        vaultId: header.vaultId,
        createdAt: header.createdAt,
        kdf: header.kdf,
        currentProject: this.#current(reader),
        projects: projects.length,
        secrets: projects.reduce((sum, project) => sum + this.#count(reader, project), 0),
      }
    })
  }

  /** The name stored as current; empty when there is none. */
  currentProject(): string {
    return this.look((reader) => this.#current(reader))
  }

  projects(): ProjectInfo[] {
    return this.look((reader) => {
      const current = this.#current(reader)
      return this.#visible(reader).map((project) => ({
        name: project.name,
        description: project.description,
        createdAt: project.createdAt,
        updatedAt: project.updatedAt,
        current: project.name === current,
        secrets: this.#count(reader, project),
      }))
    })
  }

  list(project: string, { prefix }: { prefix?: string } = {}): SecretInfo[] {
    const { store, listings } = this.scope.session
    const state = store.state()
    return this.look((reader) => {
      this.scope.demand(OPERATIONS.list, { project })
      const found = this.scope.project(reader, project)
      const walk = (): SecretInfo[] => Array.from(currentRows(reader, found, prefix), (row) => secretInfo(found, row))
      const infos = prefix === undefined ? listings.of(state, project, walk) : walk()
      return infos.filter(({ key }) => this.scope.sees(project, key))
    })
  }

  history(project: string, key: string): SecretInfo[] {
    return this.look((reader) => {
      this.scope.demand(OPERATIONS.list, { project, key })
      const found = this.scope.project(reader, project)
      const current = this.scope.found(currentRow(reader, found, key), { project, key })
      return [...archivedRows(reader, found, key), current].map((row) => secretInfo(found, row))
    })
  }

  search(query: SearchQuery): { results: SecretInfo[]; total: number } {
    return this.look((reader) => {
      if (query.project !== undefined) {
        this.scope.demand(OPERATIONS.list, { project: query.project })
        this.scope.project(reader, query.project)
      }
      return searchSecrets(reader, query, (project, key) => this.scope.sees(project, key))
    })
  }

  recipients(project: string): RecipientInfo[] {
    return this.look((reader) => {
      this.scope.demand(OPERATIONS.list, { project })
      const found = this.scope.project(reader, project)
      const { ownKeys: keys, header } = this.scope.session
      const list = keys ? checkedRecipients(reader, { header, keys }, found) : readRecipients(reader, found)
      return list.map(recipientInfo)
    })
  }

  groups(): GroupInfo[] {
    return this.look((reader) => visibleGroups(this.scope, reader))
  }

  group(name: string): GroupInfo {
    return this.look((reader) => visibleGroup(this.scope, reader, name))
  }

  keySources(group: string, environment: string): KeySource[] {
    return this.look((reader) => keySources(this.scope, reader, group, environment))
  }

  audit(query: AuditQuery): AuditEntry[] {
    return this.look((reader) => {
      let groups: ReadonlySet<string> | undefined
      const seesGroup = (name: string): boolean => {
        groups ??= new Set(visibleGroups(this.scope, reader).map((group) => group.name))
        return groups.has(name)
      }
      return queryAudit(reader, query, (entry) => this.#seesEntry(entry) && this.#knowsAll(entry, seesGroup))
    })
  }

  policy(): PolicyText {
    return this.look((reader) => {
      this.scope.demand(OPERATIONS.showPolicy)
      const { header, ownKeys } = this.scope.session
      return readPolicyRow(reader, header.vaultId, ownKeys) ?? { revision: 0, changedAt: 0n, text: '' }
    })
  }

  tiers(): SecretPlace[] {
    return this.look((reader) => {
      this.scope.demand(OPERATIONS.showPolicy)
      const { header, ownKeys } = this.scope.session
      return readTierRow(reader, header.vaultId, ownKeys)
    })
  }

  useProject(name: string): void {
    this.scope.attempt(() => {
      this.scope.demand(OPERATIONS.useProject, { project: name })
      this.scope.session.commit((writer) => makeCurrent(writer, this.scope.project(writer, name)))
    })
  }

  async backup(
    path: string,
    options: { overwrite: boolean },
  ): Promise<{ bytes: number; secrets: number; sha256: string }> {
    return this.scope.attemptLong(async () => {
      this.scope.demand(OPERATIONS.backup)
      return backupVault(this.scope.session, path, options)
    })
  }

  /** One consistent state, with what stops the look explained. */
  protected look<T>(look: (reader: Reader) => T): T {
    return this.scope.attempt(() => this.scope.session.look(look))
  }

  #visible(reader: Reader): Project[] {
    return allProjects(reader).filter((project) => this.scope.sees(project.name))
  }

  #current(reader: Reader): string {
    const name = currentProject(reader)?.name ?? ''
    return this.scope.sees(name) ? name : ''
  }

  #count(reader: Reader, project: Project): number {
    if (this.scope.seesAllOf(project.name)) return countKeys(reader, project)
    let count = 0
    for (const key of currentKeys(reader, project)) if (this.scope.sees(project.name, key)) count++
    return count
  }

  /** Rows that name a project or key are shown to those who may know it; the owner's list of names stays whole. */
  #seesEntry(entry: AuditEntry): boolean {
    // A row about a group names projects in its own way, and so does one about what the owner decided.
    const isOwners = entry.resourceType === 'env_group' || GOVERNING.includes(entry.action)
    if (isOwners) return this.scope.isOwner
    const project = projectOf(entry)
    if (project === undefined) return true
    if (!this.scope.sees(project)) return false
    const keys = entry.resourceType === 'secret' ? [entry.resourceName] : entry.metadata['keys']
    return !Array.isArray(keys) || keys.every((key) => this.scope.sees(project, key))
  }

  /** What else a row names must be known as well to who is not the owner: groups, where a copy went, keys left out. */
  #knowsAll({ resourceType, resourceName, metadata }: AuditEntry, seesGroup: (name: string) => boolean): boolean {
    if (this.scope.isOwner) return true
    const { group, to_project: project, to_key: key, keys, count } = metadata
    const named = resourceType === 'env_group' ? resourceName : group
    if (typeof named === 'string' && !seesGroup(named)) return false
    if (typeof project === 'string' && !this.scope.sees(project, typeof key === 'string' ? key : undefined))
      return false
    return !(Array.isArray(keys) && typeof count === 'number' && count > keys.length)
  }
}
