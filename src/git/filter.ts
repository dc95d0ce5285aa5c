// The two halves of the filter. Clean turns a file of the work tree into what git stores, smudge turns it back. Clean
// never lets plaintext through, and gives the same bytes for the same file as long as the recipients are the same, or
// git would see changes where there are none. Smudge never fails for want of a key: the file then stays sealed.
import { concat, latin1, utf8 } from '../lib/bytes.ts'
import { Failure } from '../lib/errors.ts'
import type { Secret } from '../lib/secret.ts'
import type { Environment } from '../lib/paths.ts'
import type { Identity, Recipient } from '../crypto/recipient.ts'
import { Objects } from './objects.ts'
import { Currency, RecipientList } from './recipients.ts'
import { Repository, configAt, pathOf, shown } from './repository.ts'
import { Opener, hashOf, sealBlob, sealedAlready, sealedForm } from './seal.ts'

/** What the room needs of the program around it. */
export interface Surroundings {
  cwd: string
  environment: Environment
  /** Identities to try, the meant one first. `fallbackName` is what the configuration of git says. */
  identities(fallbackName: string | undefined): Promise<Identity[]>
  note(text: string): void
}

/** The blob with which a file of the work tree was made in this process, and what was written there. */
interface Written {
  oid: string
  hash: Uint8Array
}

/** How many of each sort of trouble are told one by one. */
const MOST_NOTES = 3

export class Filters {
  readonly #around: Surroundings
  readonly #written = new Map<string, Written>()
  readonly #told = new Map<string, number>()
  #repository: Repository | undefined
  #objects: Objects | undefined
  #recipients: RecipientList | undefined
  #currency: Currency | undefined
  #opener: Promise<Opener | undefined> | undefined

  constructor(around: Surroundings) {
    this.#around = around
  }

  /**
   * What git stores for `content`, the file at `path` (from the top). Sealed input stays as it is when it is whole.
   * Otherwise, with an identity, the blob that the index or HEAD has there, if it holds the same and is sealed to exactly
   * the recipients of now; else a new one. An empty file stays empty. Failure `failed` when there is nobody to seal to.
   * `content` stays the caller's.
   */
  async clean(path: Uint8Array | undefined, content: Secret): Promise<Uint8Array> {
    const sealed = sealedAlready(content)
    if (sealed) return sealed
    this.#repository ??= Repository.at(this.#around.cwd, this.#around.environment)
    this.#recipients ??= new RecipientList(this.#repository)
    // Git compares the sizes of empty files without asking the filter, so a sealed one would count as changed for ever.
    const empty = content.size === 0
    const recipients = empty ? this.#recipients.present() : this.#recipients.required()
    const same = path && (await this.#sameAsStored(this.#repository, recipients, path, content))
    return same ?? (empty ? new Uint8Array(0) : sealBlob(content, recipients))
  }

  /**
   * What belongs into the work tree for `blob`, or undefined when that is `blob` itself: it is not sealed, there is
   * no identity that opens it, or it is damaged. `oid` is what git calls it. The caller wipes what is returned.
   */
  async smudge(blob: Uint8Array, path?: Uint8Array, oid?: string): Promise<Secret | undefined> {
    const form = sealedForm(blob)
    if (form?.version !== 2) return undefined
    const opener = await this.opener()
    if (opener === undefined) {
      this.#tell('no identity available; leaving file encrypted (create one with `tvault identity new`)', path)
      return undefined
    }
    const opened = opener.open(blob)
    if (opened === 'not a recipient') {
      this.#tell('cannot decrypt (this identity is not a recipient); leaving file encrypted', path)
      return undefined
    }
    if (opened === 'damaged') {
      this.#tell('cannot decrypt, the file is damaged or was changed; leaving file encrypted', path)
      return undefined
    }
    const plaintext = opened.take()
    if (path && oid) this.#written.set(latin1(path), { oid, hash: hashOf(plaintext) })
    return plaintext
  }

  /** The identities of this process, found once; undefined when there is none that can be used. */
  opener(): Promise<Opener | undefined> {
    this.#opener ??= findOpener(this.#around)
    return this.#opener
  }

  /** Tells how much was not told, and ends git's process. */
  async close(): Promise<void> {
    for (const [what, count] of this.#told) {
      if (count > MOST_NOTES) this.#around.note(`tvault: ${count} files: ${what}`)
    }
    this.#told.clear()
    await this.#objects?.close()
  }

  async #sameAsStored(
    repository: Repository,
    recipients: readonly Recipient[],
    path: Uint8Array,
    content: Secret,
  ): Promise<Uint8Array | undefined> {
    const opener = await this.opener()
    if (opener === undefined) return undefined
    const objects = (this.#objects ??= new Objects(repository))
    const written = this.#written.get(latin1(path))
    // Git asks again about a file that it has just written, before the index on the disk knows of it. Whatever the
    // recipients are, the answer is the blob it came from; else a checkout would stumble over its own files.
    if (written && Buffer.compare(written.hash, hashOf(content)) === 0) {
      const found = await objects.find(written.oid)
      if (found) return found.bytes
    }
    this.#currency ??= new Currency(repository, objects)
    for (const find of [() => objects.staged(path), () => objects.find(concat(utf8('HEAD:'), path))]) {
      const found = await find()
      if (found?.type !== 'blob' || sealedForm(found.bytes)?.version !== 2) continue
      const opened = opener.open(found.bytes)
      if (typeof opened === 'string') continue
      try {
        if (!opened.holds(content)) continue
        const current = await this.#currency.isCurrent(path, found.oid, opened, recipients)
        return current ? found.bytes : undefined
      } finally {
        opened.close()
      }
    }
    return undefined
  }

  #tell(what: string, path: Uint8Array | undefined): void {
    const count = (this.#told.get(what) ?? 0) + 1
    this.#told.set(what, count)
    const where = path === undefined ? '' : `${shown(pathOf(path))}: `
    if (count <= MOST_NOTES) this.#around.note(`tvault: ${where}${what}`)
  }
}

/** The identities at hand. One that cannot be used is a note and not an error: a checkout must come to its end. */
export async function findOpener({ cwd, environment, identities, note }: Surroundings): Promise<Opener | undefined> {
  const fallback = environment['TVAULT_IDENTITY'] ? undefined : configAt('tvault.identity', { cwd, environment })
  // What git's configuration names may be missing on this machine; then the others are tried all the same.
  for (const name of fallback === undefined ? [undefined] : [fallback, undefined]) {
    try {
      const found = await identities(name)
      return found.length === 0 ? undefined : new Opener(found)
    } catch (error) {
      if (!(error instanceof Failure)) throw error
      note(`tvault: ${error.message}`)
    }
  }
  return undefined
}
