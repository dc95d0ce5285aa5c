// What a command sees of the vault: `Names` without the key, `View` with it. A View is already scoped to one
// principal and one effect; it asks the policy for every key and writes the audit intent before a value leaves,
// so a command that forgets to ask cannot leak (decision D6). The implementation is scope.ts.
import type { FailureKind } from '../lib/errors.ts'
import type { Secret } from '../lib/secret.ts'
import type { Nanoseconds } from '../lib/time.ts'
import type { KdfParameters } from '../crypto/kdf.ts'

export interface ProjectInfo {
  name: string
  description: string
  createdAt: Nanoseconds
  updatedAt: Nanoseconds
  current: boolean
  secrets: number
}

export interface SecretInfo {
  project: string
  key: string
  version: number
  /** First creation of the key. */
  createdAt: Nanoseconds
  /** Time of this version. */
  updatedAt: Nanoseconds
  /** Size of the value in bytes. */
  size: number
}

export interface SearchQuery {
  project?: string
  prefix?: string
  /** Glob with `*` and `?`; case-insensitive unless it holds an upper-case letter. */
  nameLike?: string
  since?: Nanoseconds
  until?: Nanoseconds
  minVersion?: number
  limit: number
}

export interface AuditQuery {
  limit: number
  action?: string
  resourceType?: string
  project?: string
  since?: Nanoseconds
  until?: Nanoseconds
}

export interface AuditEntry {
  /** Position in the chain, from 1. */
  sequence: number
  timestamp: Nanoseconds
  /** Peer-compatible name such as `secret.read`. */
  action: string
  resourceType: string
  resourceName: string
  principal: string
  /** The command that asked. */
  command: string
  /** `intent` was written before the act; `outcome` completes it. */
  phase: 'intent' | 'outcome' | 'done' | 'refused'
  /** Outcome rows and refusals: `ok` or the failure kind. */
  result: string
  metadata: Record<string, string | number | boolean | string[]>
}

export interface VaultSummary {
  vaultId: string
  createdAt: Nanoseconds
  kdf: KdfParameters
  currentProject: string
  projects: number
  secrets: number
}

/** The half that needs no key. Reading it has effect `list`. */
export interface Names {
  summary(): VaultSummary
  currentProject(): string
  projects(): ProjectInfo[]
  /** Current secrets of a project sorted bytewise by key. `not_found` for an unknown project. */
  list(project: string, options?: { prefix?: string }): SecretInfo[]
  /** All versions, oldest first; the last is current. `not_found` for an unknown key. */
  history(project: string, key: string): SecretInfo[]
  /** Sorted by project, then key. `total` counts matches beyond the limit too. */
  search(query: SearchQuery): { results: SecretInfo[]; total: number }
  /** Newest first. */
  audit(query: AuditQuery): AuditEntry[]
  /** Stores which project is current. Needs no key: it changes no secret. */
  useProject(name: string): void
  /** Writes a consistent compact copy to `path` and checks it by opening it. */
  backup(path: string, options: { overwrite: boolean }): Promise<{ bytes: number; secrets: number; sha256: string }>
}

export interface Written {
  key: string
  version: number
  /** `unchanged`: the value was already exactly that and no version was made. */
  change: 'created' | 'updated' | 'unchanged'
}

export interface Entry {
  key: string
  value: Secret
}

/** The unlocked half. Secrets that are returned belong to the caller, who wipes them. */
export interface View extends Names {
  /** One value. `not_found` when key or version is missing. */
  read(project: string, key: string, options?: { version?: number }): Secret
  /** Several values in one audited act, sorted bytewise by key. All, or those named in `only` plus those with `prefix`. `missing` lists unknown names. */
  readMany(
    project: string,
    selection: { only?: readonly string[]; prefix?: string },
  ): { entries: Entry[]; missing: string[] }
  /**
   * Stores a new version (an equal value too: the caller asked for it). Does not wipe `value`. With `onlyNew` a key
   * that exists already is a `conflict` and stays as it is.
   */
  write(project: string, key: string, value: Secret, options?: { onlyNew?: boolean }): Written
  /** All in one transaction. Existing keys are left alone unless `overwrite`; equal values make no new version. */
  writeMany(
    project: string,
    entries: readonly Entry[],
    options: { overwrite: boolean },
  ): { written: Written[]; skipped: string[] }
  /** Which of `entries` exist already, and which of those hold the same value. */
  compareMany(project: string, entries: readonly Entry[]): { key: string; state: 'absent' | 'same' | 'different' }[]
  /** Makes the value of version `to` a new version. */
  rollback(project: string, key: string, to: number): Written
  /** Destroys keys with all versions; nothing of them stays in the file. `not_found` names the first missing key and nothing is deleted. */
  delete(project: string, keys: readonly string[]): Promise<void>
  createProject(name: string, description: string): void
  /** Destroys the project, its key and everything under it. The current project falls back to `default` when it was this one. */
  deleteProject(name: string): Promise<void>
  /** New passphrase, salt and parameters; every wrapped key is re-wrapped in a fresh file (D5). */
  rotate(passphrase: Secret, kdf?: Partial<KdfParameters>): Promise<{ projects: number }>
  /** Checks the whole audit chain, and that `head` (as printed by `auditHead`) is in it. */
  verifyAudit(head?: string): { rows: number; head: string }
  /** Opens every value and version; returns counts. Throws `corrupt` naming project, key and version. */
  verifyAll(progress?: (done: number, total: number) => void): { values: number; versions: number }
  /** Completes the audit records this view opened, with `ok` or the failure kind. Called by execute, once; harmless when nothing is open. */
  settle(result: 'ok' | FailureKind): void
}
