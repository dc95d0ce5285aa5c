// To whom this repository seals: `.tvault-recipients` in the top directory. Whoever can change that file decides who
// reads the next version of every tracked file, so it is read anew for every seal and never taken from anywhere else.
import { parseRecipient } from '../crypto/recipient.ts'
import type { Recipient } from '../crypto/recipient.ts'
import {
  MAX_RECIPIENTS_BYTES,
  RECIPIENTS_FILE,
  addRecipient,
  parseRecipients,
  printRecipients,
} from '../formats/recipients-file.ts'
import { compare, latin1, utf8 } from '../lib/bytes.ts'
import { Failure } from '../lib/errors.ts'
import { lstatOrNothing, readSafely, writeAtomically } from '../lib/files.ts'
import type { Objects } from './objects.ts'
import type { Repository } from './repository.ts'
import type { OpenedBlob } from './seal.ts'

/** The list as it is in the work tree now; parsed again only when its bytes changed. */
export class RecipientList {
  readonly #repository: Repository
  #bytes: Uint8Array | undefined
  #parsed: readonly Recipient[] = []

  constructor(repository: Repository) {
    this.#repository = repository
  }

  /** The recipients, none when the file is missing or names nobody. Failure `failed` for a bad line or a bad file. */
  present(): readonly Recipient[] {
    const path = this.#repository.file(RECIPIENTS_FILE)
    if (!lstatOrNothing(path)) return []
    const bytes = readSafely(path, MAX_RECIPIENTS_BYTES)
    if (this.#bytes === undefined || compare(this.#bytes, bytes) !== 0) {
      this.#parsed = parseRecipients(bytes)
      this.#bytes = bytes
    }
    return this.#parsed
  }

  /** The recipients; Failure `failed` when there is nobody to seal to. */
  required(): readonly Recipient[] {
    const present = this.present()
    if (present.length > 0) return present
    throw new Failure('failed', `there is nobody to seal to: ${RECIPIENTS_FILE} is missing or names no recipient`, {
      hint: 'tvault git-filter install --recipient tvault1…',
    })
  }
}

/** Adds `texts` to the list of the repository, which is made when it is missing; returns those that were not in it. */
export function addRecipients(repository: Repository, texts: readonly string[]): Recipient[] {
  const wanted = new Map(texts.map(parseRecipient).map((recipient) => [recipient.text, recipient]))
  const path = repository.file(RECIPIENTS_FILE)
  const stats = lstatOrNothing(path)
  const before = stats ? readSafely(path, MAX_RECIPIENTS_BYTES) : printRecipients([])
  for (const { text } of parseRecipients(before)) wanted.delete(text)
  const fresh = [...wanted.values()]
  if (fresh.length === 0) return []
  const after = fresh.reduce(addRecipient, before)
  writeAtomically(path, after, { overwrite: true, mode: stats ? stats.mode & 0o777 : 0o644 })
  return fresh
}

/** Says whether a blob is sealed to exactly the recipients of now, for blobs of others too. */
export class Currency {
  readonly #repository: Repository
  readonly #objects: Objects
  #committed: readonly Recipient[] | undefined | 'not asked' = 'not asked'
  #lastChange: string | undefined

  constructor(repository: Repository, objects: Objects) {
    this.#repository = repository
    this.#objects = objects
  }

  /**
   * Whether the blob `oid` at `path` need not be sealed again for `recipients`. A blob whose stanzas are bound says it
   * itself. For others, which have the right number of stanzas, history decides: it counts as sealed to the list of the
   * commit that brought it, and is current unless the list changed after that. One that no commit holds is not current.
   */
  async isCurrent(
    path: Uint8Array,
    oid: string,
    opened: OpenedBlob,
    recipients: readonly Recipient[],
  ): Promise<boolean> {
    const sealed = opened.sealedTo(recipients)
    if (sealed !== 'unknown') return sealed === 'exactly'
    if ((await this.#objects.find(at('HEAD', path)))?.oid !== oid) return false
    if (this.#committed === 'not asked') this.#committed = await this.#listOfHead()
    if (this.#committed === undefined || !isSameSet(this.#committed, recipients)) return false
    this.#lastChange ??= lastChange(this.#repository)
    if (this.#lastChange === '') return true
    return (await this.#objects.find(at(`${this.#lastChange}^`, path)))?.oid !== oid
  }

  async #listOfHead(): Promise<Recipient[] | undefined> {
    const found = await this.#objects.find(`HEAD:${RECIPIENTS_FILE}`)
    try {
      return found && parseRecipients(found.bytes)
    } catch (error) {
      if (error instanceof Failure) return undefined
      throw error
    }
  }
}

/** Whether no branch or tag ever had another list than `recipients`, which is also that of the work tree. */
export function listNeverChanged(repository: Repository, recipients: readonly Recipient[]): boolean {
  const words = ['log', '--all', '--full-history', '--format=%H', '--', `:(top,literal)${RECIPIENTS_FILE}`]
  const commits = latin1(repository.run(words).out)
    .split('\n')
    .filter((line) => line !== '')
  if (commits.length !== 1) return false
  const { code, out } = repository.run(['cat-file', 'blob', `${commits[0]}:${RECIPIENTS_FILE}`], { answers: [0, 128] })
  try {
    return code === 0 && isSameSet(parseRecipients(out), recipients)
  } catch (error) {
    if (error instanceof Failure) return false
    throw error
  }
}

function at(commit: string, path: Uint8Array): Uint8Array {
  return Buffer.concat([utf8(`${commit}:`), path])
}

/** The last commit that changed the list, or '' when there is none. */
function lastChange(repository: Repository): string {
  const words = ['log', '-1', '--format=%H', 'HEAD', '--', `:(top,literal)${RECIPIENTS_FILE}`]
  return new TextDecoder().decode(repository.run(words, { answers: [0, 128] }).out).trim()
}

/** Whether both name the same keys. Neither names one twice. */
export function isSameSet(a: readonly Recipient[], b: readonly Recipient[]): boolean {
  const texts = new Set(a.map(({ text }) => text))
  return a.length === b.length && b.every(({ text }) => texts.has(text))
}
