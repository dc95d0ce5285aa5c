// What a command sees of the vault: `Names` without the key, `View` with it. A View is already scoped to one
// principal and one effect; it asks the policy for every key and writes the audit intent before a value leaves,
// so a command that forgets to ask cannot leak (decision D6). The implementation is scope.ts.
import type { FailureKind } from '../lib/errors.ts'
import type { Secret } from '../lib/secret.ts'
import type { Nanoseconds } from '../lib/time.ts'
import type { KdfParameters } from '../crypto/kdf-parameters.ts'

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
  /** Said to AI agents: each use needs the owner's word. */
  tier?: 2
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

/** The owner's policy for AI agents, as text. */
export interface PolicyText {
  /** Counts the changes; 0: there never was one. */
  revision: number
  changedAt: Nanoseconds
  /** Empty: none holds. */
  text: string
}

/** Something to be counted against a budget: `count` more of at most `limit` in a window of `seconds`. */
export interface Charge {
  name: string
  count: number
  limit: number
  seconds: number
}

/** With whom a project is shared. */
export interface RecipientInfo {
  /** `tvault1…` */
  recipient: string
  /** Four groups of four hex digits, for people to compare. */
  fingerprint: string
  /** What the owner calls it; may be empty. */
  label: string
  sharedAt: Nanoseconds
}

export interface GroupInfo {
  name: string
  description: string
  createdAt: Nanoseconds
  updatedAt: Nanoseconds
  /** In their order; `from` is the environment that it inherits from. */
  environments: { name: string; project: string; from?: string }[]
}

/** A key of an environment and where its value comes from. */
export interface KeySource {
  key: string
  environment: string
  inherited: boolean
  /** Own, and still exactly what `pin` copied. */
  pinned: boolean
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
  /** In the order of sharing; with the owner's key also checked. Throws `corrupt` when somebody else changed the list. */
  recipients(project: string): RecipientInfo[]
  /** Environment groups sorted bytewise by name; with the owner's key also checked. */
  groups(): GroupInfo[]
  /** `not_found` when there is no such group. */
  group(name: string): GroupInfo
  /** Every key an environment has, of its own or from a base at any distance, sorted bytewise. */
  keySources(group: string, environment: string): KeySource[]
  /** Newest first. */
  audit(query: AuditQuery): AuditEntry[]
  /** For the owner alone. With the owner's key also checked; throws `corrupt` when somebody else changed it. */
  policy(): PolicyText
  /** The secrets of tier 2, also those that are deleted by now. For the owner alone; throws like `policy`. */
  tiers(): SecretPlace[]
  /** Stores which project is current. Needs no key: it changes no secret. */
  useProject(name: string): void
  /** Writes a consistent compact copy to `path` and checks it by opening it. */
  backup(path: string, options: { overwrite: boolean }): Promise<{ bytes: number; secrets: number; sha256: string }>
}

/** Hears how much of what takes long is done. */
export type Progress = (done: number, total: number) => void

export interface Written {
  key: string
  version: number
  /** `unchanged`: the value was already exactly that and no version was made. */
  change: 'created' | 'updated' | 'unchanged'
}

export interface SecretPlace {
  project: string
  key: string
}

export interface Entry {
  key: string
  value: Secret
}

/** A value that was found through an environment group. */
export interface Resolved extends Entry {
  /** The environment that has it of its own. */
  environment: string
}

/** Those named in `only` plus those with `prefix`; without either all. */
export interface Selection {
  only?: readonly string[]
  prefix?: string
}

/** Which environments of a group have a key of their own, and whether all of them have the same value. */
export interface GroupDifference {
  key: string
  environments: string[]
  same: boolean
}

/** What becomes of one key; `toVersion` is the present one of the target, 0 when it has none. */
export interface Promotion {
  key: string
  change: 'new' | 'changed' | 'same' | 'missing'
  fromVersion: number
  toVersion: number
}

/** The unlocked half. Secrets that are returned belong to the caller, who wipes them. */
export interface View extends Names {
  /** One value. `not_found` when key or version is missing. */
  read(project: string, key: string, options?: { version?: number }): Secret
  /** Several values in one audited act, sorted bytewise by key. All, or those named in `only` plus those with `prefix`. `missing` lists unknown names. `recipients`: to whom the values go, for the audit row. */
  readMany(
    project: string,
    selection: { only?: readonly string[]; prefix?: string },
    about?: { recipients?: readonly string[]; progress?: Progress },
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
    options: { overwrite: boolean; progress?: Progress },
  ): { written: Written[]; skipped: string[] }
  /** Which of `entries` exist already, and which of those hold the same value. */
  compareMany(
    project: string,
    entries: readonly Entry[],
    options?: { progress?: Progress },
  ): { key: string; state: 'absent' | 'same' | 'different' }[]
  /** Makes the value of version `to` a new version. */
  rollback(project: string, key: string, to: number): Written
  /** Destroys keys with all versions; nothing of them stays in the file. `not_found` names the first missing key and nothing is deleted. */
  delete(project: string, keys: readonly string[]): Promise<void>
  /**
   * The secret with its history under another name or in another project. Returns how many versions. `conflict` when
   * there is one already.
   */
  copy(from: SecretPlace, to: SecretPlace): number
  /** The same, and destroys the old one: nothing of it stays in the file. */
  move(from: SecretPlace, to: SecretPlace): Promise<number>
  createProject(name: string, description: string): void
  /** Destroys the project, its key and everything under it. The current project falls back to `default` when it was this one. */
  deleteProject(name: string): Promise<void>
  /** Lets whoever has the private key of `recipient` (tvault1…) read the project. `changed` is false when it could already. */
  share(
    project: string,
    recipient: string,
    options?: { label?: string },
  ): { recipient: RecipientInfo; changed: boolean }
  /**
   * Gives the project a new key and seals every value and version again, in a fresh file (D5), wrapped for those who
   * stay. `couldRead` names the secrets that the one who left could read, `versions` counts all their versions.
   */
  unshare(
    project: string,
    recipient: string,
    options?: { progress?: Progress },
  ): Promise<{ recipient: RecipientInfo; couldRead: string[]; versions: number; remaining: number }>
  createGroup(group: {
    name: string
    description: string
    environments: readonly { name: string; project: string }[]
    force: boolean
  }): void
  /** `force`: also when another group has the project. */
  addEnvironment(group: string, environment: { name: string; project: string }, options: { force: boolean }): void
  removeEnvironment(group: string, environment: string): void
  /** The projects stay. */
  deleteGroup(name: string): void
  /** `base` undefined: it inherits no longer. A circle is a usage failure. */
  setBase(group: string, environment: string, base: string | undefined): void
  /** Values of an environment, own or inherited, sorted bytewise by key. `recipients`: to whom they go, for the audit log. */
  resolve(
    group: string,
    environment: string,
    selection: Selection,
    options?: { recipients?: readonly string[] },
  ): { entries: Resolved[]; missing: string[] }
  /** Compares the own values of all environments. */
  differences(group: string): GroupDifference[]
  /** What `promote` would do with `keys`, or with all own keys of `from`. */
  promotionPlan(group: string, from: string, to: string, keys?: readonly string[]): Promotion[]
  /** Copies what is new or changed in `plan`, all or nothing. `conflict` when a version moved since. */
  promote(group: string, from: string, to: string, plan: readonly Promotion[]): Written[]
  /** Copies an inherited value into the environment's own project; an own one stays as it is. */
  pin(group: string, environment: string, key: string): Written & { from: string }
  /** Takes an unchanged pinned copy away. `conflict` for anything that would be lost. */
  unpin(group: string, environment: string, key: string): Promise<{ key: string; from: string }>
  /** Stores the policy for AI agents, which its caller has checked. `conflict` when it is not at `revision` any more. */
  setPolicy(text: string, options: { revision: number }): { revision: number }
  /** Puts secrets into tier 2: AI agents use them with the owner's word only. Which were not there. `not_found`. */
  raiseTier(project: string, keys: readonly string[]): string[]
  /** Puts them back; which were there. They need not exist any more. */
  lowerTier(project: string, keys: readonly string[]): string[]
  /** Puts all of them back, also when somebody else changed the list. */
  clearTiers(): void
  /** New passphrase, salt and parameters; every wrapped key is re-wrapped in a fresh file (D5). `progress` is that of checking it. */
  rotate(passphrase: Secret, kdf?: Partial<KdfParameters>, progress?: Progress): Promise<{ projects: number }>
  /** Checks the whole audit chain, and that `head` (as printed by `auditHead`) is in it. */
  verifyAudit(head?: string): { rows: number; head: string }
  /** Opens every value and version; returns counts. Throws `corrupt` naming project, key and version. */
  verifyAll(progress?: Progress): { values: number; versions: number }
  /** The key for a sealed file of version 1 with this salt: 32 bytes, of this vault and its present passphrase alone. */
  fileKey(salt: Uint8Array): Secret
  /** Completes the audit records this view opened, with `ok` or the failure kind. Called by execute, once; harmless when nothing is open. */
  settle(result: 'ok' | FailureKind): void
}
