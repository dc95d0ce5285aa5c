// From titles and fields of another program to keys of ours. The rule is written down in topic `moving-in`: who changes
// it makes the second import of a file give other names than the first. Two things never share a key.
import { Failure } from '../lib/errors.ts'
import { isKey } from '../lib/names.ts'
import { Secret } from '../lib/secret.ts'
import type { Foreign, ForeignNote } from './importer.ts'

/** The longest key, less room for a number behind it. */
const LONGEST_NAME = 245
/** What is told about one thing. */
const LONGEST_PLACE = 300
/** More than this from one file is refused: nobody keeps so many, and it bounds the work. */
export const MAX_ENTRIES = 100_000

/** Letters that have no ASCII letter inside them, as people write them when they have to. */
const SPELLED: Readonly<Record<string, string>> = { ß: 'ss', ẞ: 'ss', æ: 'ae', Æ: 'ae', ø: 'o', Ø: 'o', ł: 'l', Ł: 'l' }

/**
 * A key out of names: letters lose their accents, everything else that is no ASCII letter or digit becomes `_`, the
 * parts are joined by `_`, all in upper case. `GitHub`, `password` gives `GITHUB_PASSWORD`. A part without any letter
 * or digit is left out; when nothing is left the key is `UNNAMED`. A digit in front gets a `_`. At most 245 characters.
 */
export function keyFrom(parts: readonly string[]): string {
  const words = parts.map((part) =>
    part
      .slice(0, 1000)
      .replace(/[ßẞæÆøØłŁ]/g, (letter) => SPELLED[letter] ?? '')
      .normalize('NFKD')
      .replace(/\p{M}/gu, '')
      .toUpperCase()
      .replace(/[^A-Z0-9]+/g, '_')
      .replace(/^_|_$/g, ''),
  )
  const name = words.filter((word) => word !== '').join('_') || 'UNNAMED'
  return (/^[0-9]/.test(name) ? `_${name}` : name).slice(0, LONGEST_NAME)
}

interface Waiting {
  key: string
  value: Secret
  source: string
}

/** Collects what one file holds. `finish` hands everything over; `wipe` throws everything away. */
export class Collector {
  readonly #entries: Waiting[] = []
  readonly #notes: ForeignNote[] = []

  get size(): number {
    return this.#entries.length
  }

  /** A value whose key is made of `parts`. Takes over `value`. An empty one is nothing, and not kept. */
  take(parts: readonly string[], value: Uint8Array, source: string): void {
    if (value.length > 0) this.#add(keyFrom(parts), value, source)
  }

  /** A value that has the name of an environment variable already: kept as it is when it is a key. May be empty. */
  takeNamed(name: string, value: Uint8Array | Secret, source: string): void {
    if (isKey(name)) {
      this.#add(name, value, source)
      return
    }
    const key = keyFrom([name])
    this.#note({ kind: 'renamed', what: key, where: source, why: `${name} cannot be the name of a secret` })
    this.#add(key, value, source)
  }

  /** Something that a person would miss. */
  leaveOut(what: string, where: string, why: string): void {
    this.#note({ kind: 'skipped', what, where, why })
  }

  /** Something that nobody would. */
  ignore(what: string, where: string, why: string): void {
    this.#note({ kind: 'ignored', what, where, why })
  }

  #note(note: ForeignNote): void {
    if (this.#notes.length >= MAX_ENTRIES) return
    this.#notes.push({ ...note, what: short(note.what), where: short(note.where), why: short(note.why) })
  }

  #add(key: string, given: Uint8Array | Secret, source: string): void {
    const value = given instanceof Secret ? given : new Secret(given)
    if (this.#entries.length < MAX_ENTRIES) {
      this.#entries.push({ key, value, source: short(source) })
      return
    }
    value.wipe()
    throw new Failure('failed', `there are more than ${MAX_ENTRIES} values in one file`)
  }

  /**
   * Entries in the order of the file. Of several with one key the first keeps it, the others get `_2`, `_3` … behind
   * it, and a note says so.
   */
  finish(): Foreign {
    const natural = new Set(this.#entries.map(({ key }) => key))
    const owners = new Map<string, string>()
    const next = new Map<string, number>()
    const entries = this.#entries.splice(0).map(({ key, value, source }) => {
      const owner = owners.get(key)
      if (owner === undefined) {
        owners.set(key, source)
        return { key, value, source }
      }
      let number = next.get(key) ?? 2
      while (natural.has(`${key}_${number}`)) number++
      next.set(key, number + 1)
      const renamed = `${key}_${number}`
      this.#note({ kind: 'renamed', what: renamed, where: source, why: `${key} is the name of ${owner}` })
      return { key: renamed, value, source }
    })
    return { entries, notes: this.#notes.splice(0) }
  }

  wipe(): void {
    for (const { value } of this.#entries.splice(0)) value.wipe()
  }
}

function short(text: string): string {
  return text.length > LONGEST_PLACE ? `${text.slice(0, LONGEST_PLACE)}…` : text
}

/** Runs `work` with a collector and hands over what it took; when it throws, everything taken is wiped first. */
export async function collect(work: (collector: Collector) => void | Promise<void>): Promise<Foreign> {
  const collector = new Collector()
  try {
    await work(collector)
    return collector.finish()
  } catch (error) {
    collector.wipe()
    throw error
  }
}
