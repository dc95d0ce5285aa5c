// The unlocked vault as one command holds it. Each method asks the policy, then does all of its reading or writing
// in one transaction together with its audit row. A value is opened only after its intent is on disk. Reading works
// with the keys of an identity as well; whatever needs the owner's goes through `#own`.
import { checkKey } from '../lib/names.ts'
import { boundedNames, verifyChain } from './audit.ts'
import { writeAll } from './bulk.ts'
import { Catalogue } from './catalogue.ts'
import { differences, resolve } from './group-reads.ts'
import { pin, promote, promotionPlan, unpin } from './group-writes.ts'
import { addEnvironment, createGroup, deleteGroup, refuseInGroup, removeEnvironment, setBase } from './groups.ts'
import { OPERATIONS } from './operations.ts'
import { setPolicy } from './policy.ts'
import { addProject, currentProject, resetCurrent } from './projects.ts'
import { copySecret, moveSecret } from './relocate.ts'
import { copyRows, rebuild, rotateVault } from './rotate.ts'
import { ID_BYTES, secretKey } from './schema.ts'
import { currentRow, existsAlready, openAll, openRow, putValue, rowHolds, soundRows, versionRow } from './secrets.ts'
import { share, unshare } from './sharing.ts'
import { clearTiers, lowerTier, raiseTier } from './tiers.ts'
import { verifyAll } from './verify.ts'
import { compare, compareTexts } from '../lib/bytes.ts'
import { Secret } from '../lib/secret.ts'
import { now } from '../lib/time.ts'
import type { KdfParameters } from '../crypto/kdf-parameters.ts'
import type { FailureKind } from '../lib/errors.ts'
import type { Reader } from '../store/store.ts'
import type { Project } from './projects.ts'
import type { Keyring } from './keyring.ts'
import type { Opener, SecretRow } from './secrets.ts'
import type {
  Entry,
  GroupDifference,
  Progress,
  Promotion,
  RecipientInfo,
  Resolved,
  Selection,
  View,
  Written,
  SecretPlace,
} from './view.ts'

export class Handle extends Catalogue implements View {
  read(project: string, key: string, options: { version?: number } = {}): Secret {
    const { version } = options
    return this.#act((opener) => {
      this.scope.demand(OPERATIONS.read, { project, key })
      const found = this.scope.intend((writer) => {
        const within = this.scope.project(writer, project)
        const current = this.scope.found(currentRow(writer, within, key), { project, key })
        const row =
          version === undefined
            ? current
            : this.scope.found(versionRow(writer, within, key, version), { project, key, version })
        const metadata = version === undefined ? {} : { source: 'version', version }
        return { found: { within, row }, intent: this.scope.note(OPERATIONS.read, { project, key }, { metadata }) }
      })
      return openRow(opener, found.within, found.row)
    })
  }

  readMany(
    project: string,
    selection: Selection,
    { recipients, progress }: { recipients?: readonly string[]; progress?: Progress } = {},
  ): { entries: Entry[]; missing: string[] } {
    const { only, prefix } = selection
    return this.#act((opener) => {
      this.scope.demand(OPERATIONS.read, { project })
      const { within, rows, missing } = this.scope.intend((writer) => {
        const within = this.scope.project(writer, project)
        const { rows, missing } = this.#rows(writer, within, selection)
        const names = rows.map((row) => row.key)
        const selected = only !== undefined || prefix !== undefined
        const metadata = {
          bulk: true,
          count: names.length,
          ...(selected && { selected }),
          keys: boundedNames(names),
          ...(recipients && { recipients: boundedNames(recipients) }),
        }
        const intent = rows.length === 0 ? undefined : this.scope.note(OPERATIONS.read, { project }, { metadata })
        return { found: { within, rows, missing }, intent }
      })
      const entries = openAll(
        opener,
        rows.map((row) => ({ project: within, row })),
        progress,
      )
      return { entries, missing }
    })
  }

  compareMany(
    project: string,
    entries: readonly Entry[],
    { progress }: { progress?: Progress } = {},
  ): { key: string; state: 'absent' | 'same' | 'different' }[] {
    return this.#act((opener) => {
      this.scope.demand(OPERATIONS.compare, { project })
      const { within, rows } = this.scope.intend((writer) => {
        const within = this.scope.project(writer, project)
        const rows = new Map<string, SecretRow>()
        for (const { key } of entries) {
          const row = this.scope.allowed(OPERATIONS.compare, project, key) ? currentRow(writer, within, key) : undefined
          if (row) rows.set(key, row)
        }
        const metadata = { bulk: true, source: 'diff', count: rows.size, keys: boundedNames([...rows.keys()]) }
        const intent = rows.size === 0 ? undefined : this.scope.note(OPERATIONS.compare, { project }, { metadata })
        return { found: { within, rows }, intent }
      })
      return entries.map(({ key, value }, at) => {
        const row = rows.get(key)
        const same = row && rowHolds(opener, within, row, value)
        progress?.(at + 1, entries.length)
        return { key, state: !row ? 'absent' : same ? 'same' : 'different' }
      })
    })
  }

  write(project: string, key: string, value: Secret, options: { onlyNew?: boolean } = {}): Written {
    return this.#act((opener) => {
      this.scope.demand(OPERATIONS.write, { project, key: checkKey(key) })
      return this.scope.session.commit((writer) => {
        const within = this.scope.project(writer, project)
        if (options.onlyNew && currentRow(writer, within, key)) throw existsAlready(project, key)
        const written = putValue(writer, opener, within, key, value)
        const metadata = { version: written.version }
        this.scope.record(writer, this.scope.note(OPERATIONS.write, { project, key }, { metadata }))
        return written
      })
    })
  }

  writeMany(
    project: string,
    entries: readonly Entry[],
    options: { overwrite: boolean; progress?: Progress },
  ): { written: Written[]; skipped: string[] } {
    return this.#act((opener) => writeAll(this.scope, opener, project, entries, options))
  }

  rollback(project: string, key: string, to: number): Written {
    return this.#act((opener) => {
      this.scope.demand(OPERATIONS.rollback, { project, key })
      return this.scope.session.commit((writer) => {
        const within = this.scope.project(writer, project)
        this.scope.found(currentRow(writer, within, key), { project, key })
        const row = this.scope.found(versionRow(writer, within, key, to), { project, key, version: to })
        const value = openRow(opener, within, row)
        try {
          const written = putValue(writer, opener, within, key, value)
          const metadata = { from_version: to, new_version: written.version }
          this.scope.record(writer, this.scope.note(OPERATIONS.rollback, { project, key }, { metadata }))
          return written
        } finally {
          value.wipe()
        }
      })
    })
  }

  async delete(project: string, keys: readonly string[]): Promise<void> {
    await this.#actLong(async () => {
      for (const key of keys) this.scope.demand(OPERATIONS.delete, { project, key })
      if (keys.length === 0) return
      await rebuild(this.scope.session, (from, to) => {
        const within = this.scope.project(from, project)
        for (const key of keys) this.scope.found(from.get('secrets', secretKey(within.id, key)), { project, key })
        const doomed = new Set(keys.map((key) => secretKey(within.id, key).toHex()))
        copyRows(from, to, (table, row) => {
          if (table === 'secrets') return doomed.has(row.toHex())
          return table === 'history' && doomed.has(row.subarray(0, -5).toHex())
        })
        for (const key of new Set(keys)) this.scope.record(to, this.scope.note(OPERATIONS.delete, { project, key }))
      })
    })
  }

  copy(from: SecretPlace, to: SecretPlace): number {
    return this.#own((owner) => copySecret(this.scope, owner, from, to))
  }

  async move(from: SecretPlace, to: SecretPlace): Promise<number> {
    return this.#ownLong(async (owner) => moveSecret(this.scope, owner, from, to))
  }

  createProject(name: string, description: string): void {
    this.#own((opener) => {
      this.scope.demand(OPERATIONS.createProject, { project: name })
      this.scope.session.commit((writer) => {
        addProject(writer, opener.keys, { name, description, at: now() })
        this.scope.record(writer, this.scope.note(OPERATIONS.createProject, { project: name }))
      })
    })
  }

  async deleteProject(name: string): Promise<void> {
    await this.#ownLong(async (owner) => {
      this.scope.demand(OPERATIONS.deleteProject, { project: name })
      await rebuild(this.scope.session, (from, to) => {
        const project = this.scope.project(from, name)
        refuseInGroup(from, project)
        const wasCurrent = currentProject(from)?.name === name
        copyRows(from, to, (table, row) => {
          const keyed = ['projects', 'recipients', 'secrets', 'history'].includes(table)
          return keyed && compare(row.subarray(0, ID_BYTES), project.id) === 0
        })
        if (wasCurrent) resetCurrent(to)
        this.scope.record(to, this.scope.note(OPERATIONS.deleteProject, { project: name }))
      })
      owner.keys.forgetProjects()
    })
  }

  share(
    project: string,
    recipient: string,
    options: { label?: string } = {},
  ): { recipient: RecipientInfo; changed: boolean } {
    return this.#own((owner) => share(this.scope, owner, project, recipient, options.label))
  }

  async unshare(
    project: string,
    recipient: string,
    options: { progress?: Progress } = {},
  ): Promise<{ recipient: RecipientInfo; couldRead: string[]; versions: number; remaining: number }> {
    return this.#ownLong(async (owner) => unshare(this.scope, owner, project, recipient, options.progress))
  }

  createGroup(group: Parameters<View['createGroup']>[0]): void {
    this.#own(() => createGroup(this.scope, group))
  }

  addEnvironment(group: string, environment: { name: string; project: string }, options: { force: boolean }): void {
    this.#own(() => addEnvironment(this.scope, group, environment, options.force))
  }

  removeEnvironment(group: string, environment: string): void {
    this.#own(() => removeEnvironment(this.scope, group, environment))
  }

  deleteGroup(name: string): void {
    this.#own(() => deleteGroup(this.scope, name))
  }

  setBase(group: string, environment: string, base: string | undefined): void {
    this.#own(() => setBase(this.scope, group, environment, base))
  }

  resolve(
    group: string,
    environment: string,
    selection: Selection,
    about: { recipients?: readonly string[] } = {},
  ): { entries: Resolved[]; missing: string[] } {
    return this.#act((opener) => resolve(this.scope, opener, group, environment, selection, about.recipients))
  }

  differences(group: string): GroupDifference[] {
    return this.#act((opener) => differences(this.scope, opener, group))
  }

  promotionPlan(group: string, from: string, to: string, keys?: readonly string[]): Promotion[] {
    return this.#act((opener) => promotionPlan(this.scope, opener, group, from, to, keys))
  }

  promote(group: string, from: string, to: string, plan: readonly Promotion[]): Written[] {
    return this.#own((owner) => promote(this.scope, owner, group, from, to, plan))
  }

  pin(group: string, environment: string, key: string): Written & { from: string } {
    return this.#own((owner) => pin(this.scope, owner, group, environment, key))
  }

  async unpin(group: string, environment: string, key: string): Promise<{ key: string; from: string }> {
    return this.#ownLong(async () => unpin(this.scope, group, environment, key))
  }

  setPolicy(text: string, { revision }: { revision: number }): { revision: number } {
    return this.#own((owner) => setPolicy(this.scope, owner, text, revision))
  }

  raiseTier(project: string, keys: readonly string[]): string[] {
    return this.#own((owner) => raiseTier(this.scope, owner, project, keys))
  }

  lowerTier(project: string, keys: readonly string[]): string[] {
    return this.#own((owner) => lowerTier(this.scope, owner, project, keys))
  }

  clearTiers(): void {
    this.#own((owner) => clearTiers(this.scope, owner))
  }

  async rotate(
    passphrase: Secret,
    kdf: Partial<KdfParameters> = {},
    progress?: Progress,
  ): Promise<{ projects: number }> {
    return this.#actLong(async () => {
      this.scope.demand(OPERATIONS.rotate)
      const note = (projects: number) => this.scope.note(OPERATIONS.rotate, {}, { metadata: { projects } })
      return rotateVault(this.scope.session, passphrase, kdf, { note, ...(progress && { progress }) })
    })
  }

  verifyAudit(head?: string): { rows: number; head: string } {
    return this.#own((owner) => {
      this.scope.demand(OPERATIONS.verify)
      return this.scope.session.look((reader) => verifyChain(reader, owner.keys.auditKey, head))
    })
  }

  verifyAll(progress?: Progress): { values: number; versions: number } {
    return this.#own((opener) => {
      this.scope.demand(OPERATIONS.verify)
      return this.scope.session.look((reader) => verifyAll(reader, opener, progress))
    })
  }

  fileKey(salt: Uint8Array): Secret {
    return this.#own((owner) => {
      this.scope.demand(OPERATIONS.fileKey)
      this.scope.intend(() => ({ found: undefined, intent: this.scope.note(OPERATIONS.fileKey, {}) }))
      return new Secret(owner.keys.fileKey(salt))
    })
  }

  settle(result: 'ok' | FailureKind): void {
    this.scope.settle(result)
  }

  #act<T>(work: (opener: Opener) => T): T {
    return this.scope.attempt(() => work(this.#opener()))
  }

  async #actLong<T>(work: (opener: Opener) => Promise<T>): Promise<T> {
    return this.scope.attemptLong(() => work(this.#opener()))
  }

  #own<T>(work: (owner: Opener & { keys: Keyring }) => T): T {
    return this.scope.attempt(() => work(this.#owner()))
  }

  async #ownLong<T>(work: (owner: Opener & { keys: Keyring }) => Promise<T>): Promise<T> {
    return this.scope.attemptLong(() => work(this.#owner()))
  }

  /** Throws `locked` before anything is asked or written. */
  #opener(): Opener {
    return this.scope.session.opener
  }

  /** The keys are taken when they are used: to an identity, which has none, the policy speaks first. */
  #owner(): Opener & { keys: Keyring } {
    const { session } = this.scope
    const { header } = session.opener
    return {
      header,
      get keys() {
        return session.keys
      },
    }
  }

  /** Rows sorted bytewise by key. A refused key that was only matched, not named, must not turn up as missing. */
  #rows(reader: Reader, project: Project, { only, prefix }: Selection): { rows: SecretRow[]; missing: string[] } {
    const isAllowed = (key: string): boolean => this.scope.allowed(OPERATIONS.read, project.name, key)
    const rows = only === undefined || prefix !== undefined ? soundRows(reader, project, prefix, isAllowed) : []
    if (only === undefined) return { rows, missing: [] }
    const missing: string[] = []
    const matched = new Set(rows.map(({ key }) => key))
    for (const key of new Set(only)) {
      if (matched.has(key)) continue
      const row = isAllowed(key) ? currentRow(reader, project, key) : undefined
      if (row) rows.push(row)
      else missing.push(key)
    }
    return { rows: rows.sort((a, b) => compareTexts(a.key, b.key)), missing: missing.sort(compareTexts) }
  }
}
