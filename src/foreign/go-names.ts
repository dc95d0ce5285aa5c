// Names of a Go vault that our rules refuse, made to fit. The peer takes any name; here a name may not forge what a
// terminal shows. A name that fits is never touched, and no two things get one name.
import { checkDescription, checkProjectName, isGroupName, isKey, withoutControls } from '../lib/names.ts'
import { MAX_DESCRIPTION_BYTES, MAX_PROJECT_BYTES } from '../lib/names.ts'

const MAX_KEY = 255

/** Names that are given out, so that each is given once. */
export class Taken {
  readonly #names = new Set<string>()

  /** `name`, or with a number behind it when it is taken; at most `bytes` long. */
  take(name: string, bytes: number, suffix: (number: number) => string = (number) => ` (${number})`): string {
    let free = cut(name, bytes)
    for (let number = 2; this.#names.has(free); number++) {
      const end = suffix(number)
      free = `${cut(name, bytes - end.length)}${end}`
    }
    this.#names.add(free)
    return free
  }
}

/** A project name as near to `name` as can be: `_` for control characters, no blanks at the ends, 100 bytes. */
export function fitProjectName(name: string, taken: Taken): string {
  const bare = accepts(checkProjectName, name) ? name : tidy(name)
  return taken.take(bare === '' ? 'unnamed' : bare, MAX_PROJECT_BYTES)
}

/** The same for the name of a group or an environment. */
export function fitGroupName(name: string, taken: Taken): string {
  const bare = isGroupName(name) ? name : tidy(name)
  return taken.take(bare === '' ? 'unnamed' : bare, MAX_PROJECT_BYTES)
}

/** A key as near to `key` as can be: `_` for what no key may hold, and in front of a digit. */
export function fitKey(key: string, taken: Taken): string {
  const bare = isKey(key) ? key : key.replace(/[^A-Za-z0-9_]/gu, '_').replace(/^(?=[0-9]|$)/, '_')
  return taken.take(bare, MAX_KEY, (number) => `_${number}`)
}

/** A description of 500 bytes without control characters, blanks for them. */
export function fitDescription(description: string): string {
  if (accepts(checkDescription, description)) return description
  return cut(withoutControls(description, ' '), MAX_DESCRIPTION_BYTES)
}

function tidy(name: string): string {
  return cut(withoutControls(name, '_').trim(), MAX_PROJECT_BYTES).trim()
}

function accepts(check: (name: string) => string, name: string): boolean {
  try {
    check(name)
    return true
  } catch {
    return false
  }
}

/** As many whole characters from the start as fit into `bytes` of UTF-8. */
function cut(text: string, bytes: number): string {
  if (Buffer.byteLength(text) <= bytes) return text
  let size = 0
  let end = 0
  for (const character of text) {
    size += Buffer.byteLength(character)
    if (size > bytes) break
    end += character.length
  }
  return text.slice(0, end)
}
