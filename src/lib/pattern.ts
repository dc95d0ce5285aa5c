// Name patterns of the policy for AI agents: `*` and `?` as in a file name, `[a-z]` and `[^a-z]`, `\` takes the next sign
// as it is, `**` also crosses a `/`. A pattern that denies reaches further than one that allows: it ignores case, and
// its `*` crosses a `/` too. The work is at most pattern times name, whatever the pattern.
import { Failure } from './errors.ts'

type Piece =
  | { kind: 'sign'; sign: string }
  | { kind: 'one' }
  /** Inclusive ranges. */
  | { kind: 'class'; negated: boolean; ranges: readonly (readonly [string, string])[] }
  | { kind: 'run'; crosses: boolean }

export interface PatternOptions {
  ignoreCase: boolean
  /** `*`, `?` and classes match a `/` as well. */
  deep: boolean
}

/** A test for whole names. Throws a usage failure for a pattern that is broken: an open `[` or a `\` at its end. */
export function namePattern(pattern: string, { ignoreCase, deep }: PatternOptions): (name: string) => boolean {
  const fold = (text: string): string => (ignoreCase ? text.toLowerCase() : text)
  const pieces = piecesOf(fold(pattern), deep)
  return (name) => matches(pieces, Array.from(fold(name)), deep)
}

function piecesOf(pattern: string, deep: boolean): Piece[] {
  const signs = Array.from(pattern)
  const pieces: Piece[] = []
  for (let at = 0; at < signs.length; at++) {
    const sign = signs[at]!
    if (sign === '*') {
      let stars = 1
      while (signs[at + 1] === '*') {
        stars += 1
        at += 1
      }
      pieces.push({ kind: 'run', crosses: deep || stars > 1 })
    } else if (sign === '?') pieces.push({ kind: 'one' })
    else if (sign === '[') {
      const { piece, end } = classAt(signs, at + 1)
      pieces.push(piece)
      at = end
    } else if (sign === '\\') {
      at += 1
      pieces.push({ kind: 'sign', sign: signs[at] ?? broken('it ends with \\') })
    } else pieces.push({ kind: 'sign', sign })
  }
  return pieces
}

/** The class whose first sign after `[` is at `from`; `end` is where its `]` stands. */
function classAt(signs: readonly string[], from: number): { piece: Piece; end: number } {
  let at = from
  const negated = signs[at] === '^'
  if (negated) at += 1
  const ranges: [string, string][] = []
  const one = (): string => {
    if (signs[at] === '\\') at += 1
    const sign = signs[at]
    at += 1
    return sign ?? broken('a [ is not closed')
  }
  while (signs[at] !== ']' || ranges.length === 0) {
    if (signs[at] === ']' || signs[at] === '-') broken('a [ has nothing in it')
    const low = one()
    const high = signs[at] === '-' && signs[at + 1] !== ']' ? (at++, one()) : low
    if (high < low) broken('a range in [ ] goes backwards')
    ranges.push([low, high])
  }
  return { piece: { kind: 'class', negated, ranges }, end: at }
}

function broken(what: string): never {
  throw new Failure('usage', `a pattern that is none: ${what}`, {
    hint: 'for the sign itself write a \\ in front of it',
  })
}

/** Which prefixes of the pattern match the name so far, one sign of the name after the other. */
function matches(pieces: readonly Piece[], name: readonly string[], deep: boolean): boolean {
  let reached = new Uint8Array(pieces.length + 1)
  reached[0] = 1
  const passRuns = (): void => {
    for (let p = 0; p < pieces.length; p++) if (reached[p] === 1 && pieces[p]!.kind === 'run') reached[p + 1] = 1
  }
  passRuns()
  for (const sign of name) {
    const next = new Uint8Array(pieces.length + 1)
    for (const [p, piece] of pieces.entries()) {
      if (reached[p] === 0) continue
      if (piece.kind === 'run') {
        if (piece.crosses || sign !== '/') next[p] = 1
      } else if (takes(piece, sign, deep)) next[p + 1] = 1
    }
    reached = next
    passRuns()
  }
  return reached[pieces.length] === 1
}

function takes(piece: Exclude<Piece, { kind: 'run' }>, sign: string, deep: boolean): boolean {
  if (piece.kind === 'sign') return piece.sign === sign
  if (sign === '/' && !deep) return false
  return piece.kind === 'one' || piece.ranges.some(([low, high]) => low <= sign && sign <= high) !== piece.negated
}
