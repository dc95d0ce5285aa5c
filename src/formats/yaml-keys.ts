// Reads YAML of other people's making, in the plain part of the language that manifests use. The parser of the runtime
// lets the last of two equal keys win without a word; here the keys of the text are counted, and must be as many as
// the parsed keys. Anchors, aliases, tags, merge keys, directives and deep nesting are refused before anything is parsed.
import { Failure } from '../lib/errors.ts'

const MOST_LEVELS = 16
const CLOSERS = { '{': '}', '[': ']' } as const

/** Thrown inside of the scanner, with the position it came to. */
class Refusal extends Error {
  readonly at: number
  constructor(at: number, what: string) {
    super(what)
    this.at = at
  }
}

/** The first document of a text. */
interface Document {
  value: unknown
  /** Whether there are others. */
  more: boolean
  /** The line of a key of one of its mappings, from 1; 0 where it cannot be told. */
  lineOf(mapping: object, key: string): number
}

/**
 * The first document of `source`. Failure `failed`, with the number of the line where one can be told: it is not YAML,
 * uses what is not taken, or has a key twice in one mapping.
 */
export function parseFirstDocument(source: string): Document {
  const content = source.startsWith('\ufeff') ? source.slice(1) : source
  try {
    const { keys, from, to, more } = new Scanner(content).scan()
    const value: unknown = Bun.YAML.parse(content.slice(from, to))
    const parsed = countKeys(value)
    if (parsed < keys.length) throw new Refusal(-1, 'a key comes twice in one mapping')
    if (parsed > keys.length) throw new Refusal(-1, 'it is written in a way that is not taken')
    return { value, more, lineOf: (mapping, key) => lineAt(content, placeOf(value, keys, mapping, key)) }
  } catch (error) {
    if (!(error instanceof Refusal)) throw new Failure('failed', 'not valid YAML', { cause: error })
    const line = error.at < 0 ? '' : ` line ${lineAt(content, error.at)}:`
    throw new Failure('failed', `YAML that is not taken:${line} ${error.message}`)
  }
}

function lineAt(content: string, at: number | undefined): number {
  return at === undefined ? 0 : content.slice(0, at).split('\n').length
}

/**
 * Where `key` of `mapping` stands: `places` has the keys in the order of the text, which is that of the parsed ones
 * unless some are numbers.
 */
function placeOf(value: unknown, places: readonly number[], mapping: object, key: string): number | undefined {
  let next = 0
  let found: number | undefined
  let isOrdered = true
  const walk = (inner: unknown): void => {
    if (typeof inner !== 'object' || inner === null) return
    if (Array.isArray(inner)) return inner.forEach(walk)
    for (const [name, item] of Object.entries(inner)) {
      if (/^\d+$/.test(name)) isOrdered = false
      if (inner === mapping && name === key) found = places[next]
      next += 1
      walk(item)
    }
  }
  walk(value)
  return isOrdered ? found : undefined
}

/** How many keys all mappings in `value` have together. */
function countKeys(value: unknown): number {
  let count = 0
  for (const left = [value]; left.length > 0;) {
    const next = left.pop()
    if (typeof next !== 'object' || next === null) continue
    const inner = Object.values(next)
    if (!Array.isArray(next)) count += inner.length
    for (const item of inner) left.push(item)
  }
  return count
}

/** Walks over one document and counts what is a key in it. Knows just enough of YAML 1.2 to be sure of that. */
class Scanner {
  readonly #text: string
  #at = 0
  /** Where each key begins. */
  readonly #keys: number[] = []

  constructor(text: string) {
    this.#text = text
  }

  scan(): { keys: readonly number[]; from: number; to: number; more: boolean } {
    let from = 0
    let begun = false
    while (this.#at < this.#text.length) {
      const start = this.#at
      const mark = this.#text.slice(start, start + 3)
      const alone = mark === '...' || mark === '---' ? /^(?:\s|$)/.test(this.#text.slice(start + 3, start + 4)) : false
      if (alone && (begun || mark === '...')) {
        return { keys: this.#keys, from, to: start, more: /^(?!\s*(?:#.*)?$)/m.test(this.#text.slice(start + 3)) }
      }
      if (alone) {
        begun = true
        this.#at = from = start + 3
        this.#endLine('text behind ---')
        continue
      }
      if (this.#line()) begun = true
    }
    return { keys: this.#keys, from, to: this.#text.length, more: false }
  }

  /** One line in block style, with whatever value begins on it. False when it is blank. */
  #line(): boolean {
    const start = this.#at
    while (this.#peek() === ' ') this.#at += 1
    if (this.#peek() === '\t' && !this.#blankRest()) throw this.#refuse('a tab in front of a key')
    if (this.#blankRest()) {
      this.#endLine('')
      return false
    }
    if (this.#peek() === '%' && this.#at === start) throw this.#refuse('a directive')
    let parent = this.#at - start - 1
    for (let marks = 0; this.#peek() === '-' && this.#blankAt(1); marks++) {
      if (marks === MOST_LEVELS) throw this.#refuse('too many levels')
      parent = this.#at - start
      this.#at += 1
      while (this.#peek() === ' ' || this.#peek() === '\t') this.#at += 1
    }
    if (this.#peek() === '?' && this.#blankAt(1)) throw this.#refuse('a key with ?')
    const column = this.#at - start
    if (column > 400) throw this.#refuse('too many levels')
    if (this.#blankRest()) this.#endLine('')
    else if (this.#keyHere()) {
      this.#keys.push(start + column)
      this.#value(column)
    } else this.#value(parent)
    return true
  }

  /** Steps over `key:` and is true, or stays and is false. */
  #keyHere(): boolean {
    const start = this.#at
    if (this.#peek() === '"' || this.#peek() === "'") {
      this.#quoted()
      const single = !this.#text.slice(start, this.#at).includes('\n')
      while (this.#peek() === ' ') this.#at += 1
      if (single && this.#peek() === ':' && this.#blankAt(1)) {
        this.#at += 1
        return true
      }
      this.#at = start
      return false
    }
    if (/[&*!|>{[%@`]/.test(this.#peek())) return false
    const end = this.#lineEnd()
    for (let at = start; at < end; at++) {
      const c = this.#text[at]
      if (c === '#' && at > start && isBlank(this.#text[at - 1])) return false
      if (c === ':' && (at + 1 === end || isBlank(this.#text[at + 1]))) {
        if (this.#text.slice(start, at).trim() === '<<') throw this.#refuse('a merge key')
        this.#at = at + 1
        return true
      }
    }
    return false
  }

  /** The value that begins here, to the end of its last line. `parent`: column that a block scalar is indented beyond. */
  #value(parent: number): void {
    while (this.#peek() === ' ' || this.#peek() === '\t') this.#at += 1
    switch (this.#peek()) {
      case '&':
      case '*':
        throw this.#refuse('an anchor or alias')
      case '!':
        throw this.#refuse('a tag')
      case '"':
      case "'":
        this.#quoted()
        this.#endLine('text behind a quoted value')
        return
      case '{':
      case '[':
        this.#flow(1)
        this.#endLine('text behind a value in brackets')
        return
      case '|':
      case '>':
        this.#at = this.#lineEnd() + 1
        while (this.#at < this.#text.length && this.#indentedBeyond(parent)) this.#at = this.#lineEnd() + 1
        return
      default:
        this.#at = this.#lineEnd() + 1
    }
  }

  /** Whether the line here belongs to a block scalar whose parent stands in column `parent`. */
  #indentedBeyond(parent: number): boolean {
    const end = this.#lineEnd()
    let at = this.#at
    while (at < end && this.#text[at] === ' ') at += 1
    return at - this.#at > parent || this.#text.slice(at, end).trim() === ''
  }

  /** A collection in brackets, from its first bracket to behind its last. */
  #flow(level: number): void {
    if (level > MOST_LEVELS) throw this.#refuse('too many levels')
    const open = this.#peek() as keyof typeof CLOSERS
    this.#at += 1
    for (;;) {
      this.#skipInFlow()
      if (this.#peek() === CLOSERS[open]) break
      const adjacent = /["'{[]/.test(this.#peek())
      const begin = this.#at
      const before = this.#keys.length
      this.#flowNode(level)
      this.#skipInFlow()
      const pair = this.#peek() === ':' && (adjacent || /[\s,[\]{}]/.test(this.#text[this.#at + 1] ?? ' '))
      if (pair || open === '{') this.#keys.splice(before, 0, begin)
      if (pair) {
        this.#at += 1
        this.#skipInFlow()
        if (!/[,}\]]/.test(this.#peek())) this.#flowNode(level)
        this.#skipInFlow()
      }
      if (this.#peek() === ',') this.#at += 1
      else if (this.#peek() !== CLOSERS[open]) throw this.#refuse('brackets that do not fit')
    }
    this.#at += 1
  }

  #flowNode(level: number): void {
    const c = this.#peek()
    if (c === '"' || c === "'") this.#quoted()
    else if (c === '{' || c === '[') this.#flow(level + 1)
    else {
      if (c === '' || /[&*!?|>%@`,\]}]/.test(c)) throw this.#refuse('an unexpected character')
      const start = this.#at
      while (!/^[\n,[\]{}]?$/.test(this.#peek()) && !(this.#peek() === ':' && /[\s,[\]{}]|^$/.test(this.#next()))) {
        if (this.#peek() === '#' && isBlank(this.#text[this.#at - 1])) break
        this.#at += 1
      }
      if (this.#at === start) throw this.#refuse('an unexpected character')
      if (this.#text.slice(start, this.#at).trim() === '<<') throw this.#refuse('a merge key')
    }
  }

  /** Blanks, line ends and comments between the parts of a collection in brackets. */
  #skipInFlow(): void {
    for (;;) {
      const c = this.#peek()
      if (c === ' ' || c === '\t' || c === '\n' || c === '\r') this.#at += 1
      else if (c === '#' && isBlank(this.#text[this.#at - 1])) this.#at = this.#lineEnd()
      else return
    }
  }

  /** A text in quotes, from the first to behind the last. */
  #quoted(): void {
    const start = this.#at
    const quote = this.#peek()
    for (this.#at += 1; this.#at < this.#text.length; this.#at++) {
      const c = this.#peek()
      if (c === '\\' && quote === '"') this.#at += 1
      else if (c === quote && quote === "'" && this.#next() === "'") this.#at += 1
      else if (c === quote) {
        this.#at += 1
        return
      }
    }
    throw new Refusal(start, 'a quote that is not closed')
  }

  /** Goes to the next line; only blanks and a comment may stand before it. */
  #endLine(what: string): void {
    if (!this.#blankRest()) throw this.#refuse(what)
    this.#at = this.#lineEnd() + 1
  }

  #blankRest(): boolean {
    const rest = this.#text.slice(this.#at, this.#lineEnd())
    return /^\s*$/.test(rest) || (/^\s*#/.test(rest) && (!rest.startsWith('#') || isBlank(this.#text[this.#at - 1])))
  }

  #blankAt(offset: number): boolean {
    return isBlank(this.#text[this.#at + offset])
  }

  #peek(): string {
    return this.#text[this.#at] ?? ''
  }

  #next(): string {
    return this.#text[this.#at + 1] ?? ''
  }

  #lineEnd(): number {
    const found = this.#text.indexOf('\n', this.#at)
    return found === -1 ? this.#text.length : found
  }

  #refuse(what: string): Refusal {
    return new Refusal(this.#at, what)
  }
}

/** Blank, line end, or the end (or beginning) of the text. */
function isBlank(c: string | undefined): boolean {
  return c === undefined || c === ' ' || c === '\t' || c === '\n' || c === '\r'
}
