// The unlocked vault as one command holds it. Each method asks the policy, then does all of its reading or writing
// in one transaction together with its audit row. A value is opened only after its intent is on disk.
import { Failure } from '../lib/errors.ts'
import { checkKey, printable } from '../lib/names.ts'
import { boundedNames, verifyChain } from './audit.ts'
import { Catalogue } from './catalogue.ts'
import { OPERATIONS } from './operations.ts'
import { addProject, currentProject, resetCurrent } from './projects.ts'
import { copyRows, rebuild, rotateVault } from './rotate.ts'
import { ID_BYTES, secretKey } from './schema.ts'
import { currentKeys, currentRow, openRow, putValue, rowHolds, versionRow } from './secrets.ts'
import { verifyAll } from './verify.ts'
import { compare, utf8 } from '../lib/bytes.ts'
import { now } from '../lib/time.ts'
import type { KdfParameters } from '../crypto/kdf.ts'
import type { FailureKind } from '../lib/errors.ts'
import type { Secret } from '../lib/secret.ts'
import type { Reader } from '../store/store.ts'
import type { Project } from './projects.ts'
import type { Opener, SecretRow } from './secrets.ts'
import type { Entry, View, Written } from './view.ts'

type Change = Written['change'] | 'skipped'

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
    selection: { only?: readonly string[]; prefix?: string },
  ): { entries: Entry[]; missing: string[] } {
    const { only, prefix } = selection
    return this.#act((opener) => {
      this.scope.demand(OPERATIONS.read, { project })
      const { within, rows, missing } = this.scope.intend((writer) => {
        const within = this.scope.project(writer, project)
        const picked = new Set(only)
        if (prefix !== undefined || only === undefined)
          for (const key of currentKeys(writer, within, prefix)) picked.add(key)
        const { rows, absent } = this.#rows(writer, within, picked)
        const missing = absent.filter((key) => only?.includes(key))
        const names = rows.map((row) => row.key)
        const selected = only !== undefined || prefix !== undefined
        const metadata = { bulk: true, count: names.length, ...(selected && { selected }), keys: boundedNames(names) }
        const intent = rows.length === 0 ? undefined : this.scope.note(OPERATIONS.read, { project }, { metadata })
        return { found: { within, rows, missing }, intent }
      })
      return { entries: openAll(opener, within, rows), missing }
    })
  }

  compareMany(project: string, entries: readonly Entry[]): { key: string; state: 'absent' | 'same' | 'different' }[] {
    return this.#act((opener) => {
      this.scope.demand(OPERATIONS.compare, { project })
      const { within, rows } = this.scope.intend((writer) => {
        const within = this.scope.project(writer, project)
        const rows = new Map<string, SecretRow>()
        for (const { key } of entries) {
          const row = this.#allowed(OPERATIONS.compare, project, key) ? currentRow(writer, within, key) : undefined
          if (row) rows.set(key, row)
        }
        const metadata = { bulk: true, source: 'diff', count: rows.size, keys: boundedNames([...rows.keys()]) }
        const intent = rows.size === 0 ? undefined : this.scope.note(OPERATIONS.compare, { project }, { metadata })
        return { found: { within, rows }, intent }
      })
      return entries.map(({ key, value }) => {
        const row = rows.get(key)
        return { key, state: !row ? 'absent' : rowHolds(opener, within, row, value) ? 'same' : 'different' }
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
    options: { overwrite: boolean },
  ): { written: Written[]; skipped: string[] } {
    return this.#act((opener) => {
      this.scope.demand(OPERATIONS.write, { project })
      for (const { key } of entries) this.scope.demand(OPERATIONS.write, { project, key: checkKey(key) })
      if (entries.length === 0) return { written: [], skipped: [] }
      return this.scope.session.commit((writer) => {
        const within = this.scope.project(writer, project)
        const written: Written[] = []
        const skipped: string[] = []
        for (const { key, value } of entries) {
          const row = currentRow(writer, within, key)
          if (row && !options.overwrite) skipped.push(key)
          else if (row && rowHolds(opener, within, row, value))
            written.push({ key, version: row.version, change: 'unchanged' })
          else written.push(putValue(writer, opener, within, key, value))
        }
        const count = (change: Change): number => written.filter((one) => one.change === change).length
        const metadata = {
          bulk: true,
          count: entries.length,
          created: count('created'),
          updated: count('updated'),
          unchanged: count('unchanged'),
          skipped: skipped.length,
          keys: boundedNames(written.filter((one) => one.change !== 'unchanged').map((one) => one.key)),
        }
        this.scope.record(writer, this.scope.note(OPERATIONS.write, { project }, { metadata }))
        return { written, skipped }
      })
    })
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

  createProject(name: string, description: string): void {
    this.#act((opener) => {
      this.scope.demand(OPERATIONS.createProject, { project: name })
      this.scope.session.commit((writer) => {
        addProject(writer, opener.keys, { name, description, at: now() })
        this.scope.record(writer, this.scope.note(OPERATIONS.createProject, { project: name }))
      })
    })
  }

  async deleteProject(name: string): Promise<void> {
    await this.#actLong(async ({ keys }) => {
      this.scope.demand(OPERATIONS.deleteProject, { project: name })
      await rebuild(this.scope.session, (from, to) => {
        const { id } = this.scope.project(from, name)
        const wasCurrent = currentProject(from)?.name === name
        copyRows(from, to, (table, row) => {
          if (table !== 'projects' && table !== 'secrets' && table !== 'history') return false
          return compare(row.subarray(0, ID_BYTES), id) === 0
        })
        if (wasCurrent) resetCurrent(to)
        this.scope.record(to, this.scope.note(OPERATIONS.deleteProject, { project: name }))
      })
      keys.forgetProjects()
    })
  }

  async rotate(passphrase: Secret, kdf: Partial<KdfParameters> = {}): Promise<{ projects: number }> {
    return this.#actLong(async () => {
      this.scope.demand(OPERATIONS.rotate)
      const note = (projects: number) => this.scope.note(OPERATIONS.rotate, {}, { metadata: { projects } })
      return rotateVault(this.scope.session, passphrase, kdf, note)
    })
  }

  verifyAudit(head?: string): { rows: number; head: string } {
    return this.#act(({ keys }) => {
      this.scope.demand(OPERATIONS.verify)
      return this.scope.session.look((reader) => verifyChain(reader, keys.auditKey, head))
    })
  }

  verifyAll(progress?: (done: number, total: number) => void): { values: number; versions: number } {
    return this.#act((opener) => {
      this.scope.demand(OPERATIONS.verify)
      return this.scope.session.look((reader) => verifyAll(reader, opener, progress))
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

  /** Throws `locked` before anything is asked or written. */
  #opener(): Opener {
    const { session } = this.scope
    return { header: session.header, keys: session.keys }
  }

  /** The owner is stopped by a refused key; for anyone else it is as if the key were not there. */
  #allowed(operation: (typeof OPERATIONS)['read' | 'compare'], project: string, key: string): boolean {
    if (this.scope.isOwner) this.scope.demand(operation, { project, key })
    return this.scope.may(operation, { project, key })
  }

  /** Rows sorted bytewise by key. A refused key that was only matched, not named, must not turn up as absent. */
  #rows(reader: Reader, project: Project, picked: ReadonlySet<string>): { rows: SecretRow[]; absent: string[] } {
    const rows: SecretRow[] = []
    const absent: string[] = []
    for (const key of [...picked].sort((a, b) => compare(utf8(a), utf8(b)))) {
      const row = this.#allowed(OPERATIONS.read, project.name, key) ? currentRow(reader, project, key) : undefined
      if (row) rows.push(row)
      else absent.push(key)
    }
    return { rows, absent }
  }
}

function existsAlready(project: string, key: string): Failure {
  return new Failure('conflict', `${key} exists already in project ${printable(project)}`, {
    hint: '--force makes a new version of it; the old one stays in the history',
  })
}

/** All values, or none: what was opened is wiped when one does not open. */
function openAll(opener: Opener, project: Project, rows: readonly SecretRow[]): Entry[] {
  const entries: Entry[] = []
  try {
    for (const row of rows) entries.push({ key: row.key, value: openRow(opener, project, row) })
    return entries
  } catch (error) {
    for (const entry of entries) entry.value.wipe()
    throw error
  }
}
