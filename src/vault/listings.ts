// Lists of secrets that were walked once, for processes that are asked again and again. A list holds for one state of the
// store and is forgotten when the state is another one, whoever wrote; nothing in it needed a key.
import type { SecretInfo } from './view.ts'

/** Rows that are kept at most; a longer list is walked every time. */
const MOST_ROWS = 50_000

export class Listings {
  #state: string | undefined
  #rows = 0
  readonly #lists = new Map<string, readonly SecretInfo[]>()

  /**
   * The secrets of the project under `name`. `state` is the state of the store, asked before `walk` reads it; without
   * one nothing is kept.
   */
  of(state: string | undefined, name: string, walk: () => readonly SecretInfo[]): readonly SecretInfo[] {
    if (state === undefined) return walk()
    if (state !== this.#state) this.#forget(state)
    const known = this.#lists.get(name)
    if (known) return known
    const list = walk()
    if (this.#rows + list.length <= MOST_ROWS) {
      this.#rows += list.length
      this.#lists.set(name, list.map(Object.freeze) as SecretInfo[])
    }
    return list
  }

  #forget(state: string): void {
    this.#state = state
    this.#rows = 0
    this.#lists.clear()
  }
}
