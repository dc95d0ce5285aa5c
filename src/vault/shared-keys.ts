// The keys that somebody holds who opens a vault with an identity instead of the passphrase: those of the projects
// shared with it, and for each the key that signs audit rows in its name. Nothing here leads to the owner's keys.
// Whoever can write the file can make a whole project up for such a reader: a public key does not tell who sealed.
import { recipientFrom, unwrapKey } from '../crypto/recipient.ts'
import { Failure } from '../lib/errors.ts'
import { principalName } from '../lib/gate.ts'
import { allProjects } from './projects.ts'
import { checkedRecipients, isShared, readRecipients } from './recipient-rows.ts'
import { KEY_BYTES, damaged } from './schema.ts'
import type { Identity } from '../crypto/recipient.ts'
import type { Reader } from '../store/store.ts'
import type { Header } from './header-record.ts'
import type { ProjectKeys, Protect } from './keyring.ts'
import type { Project } from './projects.ts'
import type { Shared } from './recipient-rows.ts'
import type { ProjectRecord } from './schema.ts'

interface Found {
  project: Project
  entry: Shared
  identity: Identity
}

/** Who opens a vault this way: the policy is asked with it. */
export interface SharedWith {
  recipients: readonly string[]
  /** Names of the projects, sorted bytewise. */
  projects: readonly string[]
}

export class SharedKeys implements ProjectKeys {
  readonly #arena: Uint8Array
  readonly #found: readonly Found[]

  /**
   * What is shared with any of `identities`, of which the first counts where several fit; they stay the caller's.
   * Throws `failed` when nothing is shared with them, `corrupt` when a stanza or a list is damaged.
   */
  constructor(reader: Reader, header: Header, identities: readonly Identity[], protect?: Protect) {
    this.#found = allProjects(reader).flatMap((project) => find(reader, project, identities))
    if (this.#found.length === 0) throw nothingShared(identities)
    this.#arena = new Uint8Array(new ArrayBuffer(this.#found.length * 2 * KEY_BYTES))
    protect?.(this.#arena)
    try {
      for (const [i, { project, entry, identity }] of this.#found.entries()) {
        this.#take(2 * i, entry.stanza, identity)
        this.#take(2 * i + 1, entry.signer, identity)
        checkedRecipients(reader, { header, keys: this }, project)
      }
    } catch (error) {
      this.wipe()
      throw error
    }
  }

  get sharedWith(): SharedWith {
    return {
      recipients: [...new Set(this.#found.map(({ identity }) => identity.recipient.text))],
      projects: this.#found.map(({ project }) => project.name),
    }
  }

  /** Throws `conflict` when the project got another key, or its record changed, after it was opened. */
  projectKey(id: Uint8Array, project: ProjectRecord): Uint8Array {
    const wanted = id.toHex()
    const index = this.#found.findIndex((one) => one.project.id.toHex() === wanted)
    const known = this.#found[index]
    if (!known) throw new Failure('denied', `project ${project.name} is not shared with this identity`)
    if (known.project.wrappedKey.toHex() === project.wrappedKey.toHex()) return this.#slot(2 * index)
    throw new Failure('conflict', `project ${project.name} was changed meanwhile`, { hint: 'run the command again' })
  }

  /** The key that signs a row about the project of that name, and how the row names who signed it. */
  signer(name: string | undefined): { key: Uint8Array; principal: string } {
    const index = this.#found.findIndex(({ project }) => project.name === name)
    const at = Math.max(0, index)
    const recipient = this.#found[at]?.identity.recipient.text ?? ''
    return {
      key: this.#slot(2 * at + 1),
      principal: principalName({ kind: 'identity', recipients: [recipient], projects: [] }),
    }
  }

  /** Zeroes every key. Safe to call twice. */
  wipe(): void {
    this.#arena.fill(0)
  }

  #slot(index: number): Uint8Array {
    return this.#arena.subarray(index * KEY_BYTES, (index + 1) * KEY_BYTES)
  }

  #take(index: number, stanza: Uint8Array, identity: Identity): void {
    const key = unwrapKey(stanza, identity)
    if (!key) throw damaged(`what is wrapped for ${identity.recipient.text}`)
    this.#slot(index).set(key)
    key.fill(0)
  }
}

function find(reader: Reader, project: Project, identities: readonly Identity[]): Found[] {
  if (!isShared(project)) return []
  const list = readRecipients(reader, project)
  for (const identity of identities) {
    const wanted = identity.recipient.publicKey.toHex()
    const entry = list.find(({ publicKey }) => publicKey.toHex() === wanted)
    if (entry) return [{ project, entry, identity }]
  }
  return []
}

function nothingShared(identities: readonly Identity[]): Failure {
  const [first] = identities
  const text = first ? recipientFrom(first.recipient.publicKey).text : 'tvault1…'
  return new Failure('failed', `no project of this vault is shared with this identity (${text})`, {
    hint: `ask the owner for: tvault projects share ${text}`,
  })
}
