// The keys of an unlocked vault, all in one block of memory that is locked once and zeroed by `wipe`. Keys are
// handed out as views into it: use them at once, never keep, copy or print them. Unwrapped keys that arrive in
// other arrays are zeroed as soon as they are in here.
import { seal, unseal } from '../crypto/aead.ts'
import { LABELS, hkdf } from '../crypto/keys.ts'
import { equalConstantTime, utf8 } from '../lib/bytes.ts'
import { auditKeyBinding, projectKeyBinding } from './boxes.ts'
import { KEY_BYTES, damaged } from './schema.ts'
import type { Header } from './header-record.ts'
import type { ProjectRecord } from './schema.ts'

/** Keeps memory out of swap and core dumps; best effort. */
export type Protect = (bytes: Uint8Array) => void

/** Where the keys of projects come from: the owner's passphrase, or what was wrapped for a recipient. */
export interface ProjectKeys {
  /** The project's key, valid until the next call. Throws `corrupt` when it was not wrapped for this very project. */
  projectKey(id: Uint8Array, project: ProjectRecord): Uint8Array
}

const SLOTS = 128
const KEK = 0
const AUDIT = 1
const FIRST_PROJECT = 2

export class Keyring implements ProjectKeys {
  readonly #arena: Uint8Array
  readonly #header: Header
  /** Which slot holds the key of which wrapped box, oldest first. */
  readonly #slots = new Map<string, number>()
  /** The record asked for last, by identity: spares the comparison in loops over one project. */
  #last: { project: ProjectRecord; slot: number } | undefined

  /** Takes the 32-byte `kek` and zeroes it. `auditKey`: its box, or the key itself, which is zeroed too. */
  constructor(header: Header, kek: Uint8Array, auditKey: { box: Uint8Array } | { key: Uint8Array }, protect?: Protect) {
    // An ArrayBuffer of its own: small typed arrays live inside the collector's heap, where a later `.buffer` copies them.
    this.#arena = new Uint8Array(new ArrayBuffer(SLOTS * KEY_BYTES))
    this.#header = header
    protect?.(this.#arena)
    this.#take(KEK, kek)
    if ('key' in auditKey) this.#take(AUDIT, auditKey.key)
    else {
      const key = unseal(header.suite, this.#slot(KEK), auditKey.box, auditKeyBinding(header.vaultId))
      if (key?.length !== KEY_BYTES) {
        this.wipe()
        throw damaged('the audit key')
      }
      this.#take(AUDIT, key)
    }
  }

  /** The key of the audit chain. */
  get auditKey(): Uint8Array {
    return this.#slot(AUDIT)
  }

  /** 32 bytes for one purpose, made of the audit key, which outlives every passphrase. The caller wipes them. */
  derived(label: 'audit-signer' | 'group' | 'policy', salt: Uint8Array): Uint8Array {
    return signingKey(this.auditKey, label, salt)
  }

  projectKey(id: Uint8Array, project: ProjectRecord): Uint8Array {
    if (project === this.#last?.project) return this.#slot(this.#last.slot)
    // By the box and its binding, so that a changed record is always opened anew.
    const binding = projectKeyBinding(this.#header.vaultId, id, project)
    const name = `${project.wrappedKey.toHex()} ${binding.toHex()}`
    const known = this.#slots.get(name)
    if (known !== undefined) return this.#use(project, known)
    const key = unseal(this.#header.suite, this.#slot(KEK), project.wrappedKey, binding)
    if (!key || key.length !== KEY_BYTES) throw damaged(`the key of project ${project.name}`)
    let slot = FIRST_PROJECT + this.#slots.size
    if (slot >= SLOTS) {
      const [oldest] = this.#slots
      if (oldest) [, slot] = oldest
      if (oldest) this.#slots.delete(oldest[0])
    }
    this.#slots.set(name, slot)
    this.#take(slot, key)
    return this.#use(project, slot)
  }

  /** The box of a project key under this KEK. Does not zero `key`. */
  wrapProjectKey(id: Uint8Array, project: Omit<ProjectRecord, 'wrappedKey'>, key: Uint8Array): Uint8Array {
    return seal(this.#header.suite, this.#slot(KEK), key, projectKeyBinding(this.#header.vaultId, id, project))
  }

  /** The box of the audit key under this KEK. */
  wrapAuditKey(): Uint8Array {
    return seal(this.#header.suite, this.#slot(KEK), this.auditKey, auditKeyBinding(this.#header.vaultId))
  }

  /** Throws `corrupt` when `box` does not hold the audit key under this KEK. */
  checkAuditKey(box: Uint8Array): void {
    const key = unseal(this.#header.suite, this.#slot(KEK), box, auditKeyBinding(this.#header.vaultId))
    const same = key !== undefined && equalConstantTime(key, this.auditKey)
    key?.fill(0)
    if (!same) throw damaged('the audit key')
  }

  /** The key for one sealed file of version 1, 32 bytes: HKDF of the KEK, so it changes with the passphrase. */
  fileKey(salt: Uint8Array): Uint8Array {
    return hkdf(this.#slot(KEK), salt, utf8(LABELS['file-key']), KEY_BYTES)
  }

  /** Zeroes the project keys; they are unwrapped again when they are asked for. */
  forgetProjects(): void {
    this.#arena.fill(0, FIRST_PROJECT * KEY_BYTES)
    this.#slots.clear()
    this.#last = undefined
  }

  /** Zeroes every key. Safe to call twice. */
  wipe(): void {
    this.#arena.fill(0)
    this.#slots.clear()
    this.#last = undefined
  }

  #use(project: ProjectRecord, slot: number): Uint8Array {
    this.#last = { project, slot }
    return this.#slot(slot)
  }

  #slot(index: number): Uint8Array {
    return this.#arena.subarray(index * KEY_BYTES, (index + 1) * KEY_BYTES)
  }

  #take(index: number, key: Uint8Array): void {
    this.#slot(index).set(key)
    key.fill(0)
  }
}

/** What `derived` gives, for those who hold the audit key itself. */
export function signingKey(
  auditKey: Uint8Array,
  label: 'audit-signer' | 'group' | 'policy',
  salt: Uint8Array,
): Uint8Array {
  return hkdf(auditKey, salt, utf8(LABELS[label]), KEY_BYTES)
}
