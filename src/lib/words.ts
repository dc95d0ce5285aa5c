// Splits a command line into words the way a POSIX shell does (XCU 2.2 and 2.6.5), and does nothing else of what
// a shell does: no variables, no substitution, no patterns.
import { Failure } from './errors.ts'

/**
 * The words of `line`. Blanks separate; a backslash outside quotes keeps the next character; single quotes keep
 * everything; inside double quotes a backslash keeps only `$`, backtick, `"`, `\` and is removed with a line end, and
 * stays before anything else (W48). Throws a usage failure naming `setting` for an unclosed quote.
 */
export function splitWords(line: string, setting: string): string[] {
  const words: string[] = []
  let word: string | undefined
  for (let i = 0; i < line.length; i++) {
    const c = line[i] ?? ''
    if (c === ' ' || c === '\t' || c === '\n') {
      if (word !== undefined) words.push(word)
      word = undefined
    } else if (c === "'" || c === '"') {
      const [text, end] = c === "'" ? single(line, i + 1) : double(line, i + 1)
      if (end >= line.length) throw new Failure('usage', `${setting} has a quote that is not closed`)
      word = (word ?? '') + text
      i = end
    } else if (c === '\\') {
      i++
      if (i >= line.length) throw new Failure('usage', `${setting} ends with a backslash`)
      if (line[i] !== '\n') word = (word ?? '') + line[i]
    } else word = (word ?? '') + c
  }
  if (word !== undefined) words.push(word)
  return words
}

/** Text up to the closing single quote and the place of that quote (the length of the line when there is none). */
function single(line: string, from: number): [string, number] {
  const end = line.indexOf("'", from)
  return end === -1 ? ['', line.length] : [line.slice(from, end), end]
}

/** The same for double quotes. */
function double(line: string, from: number): [string, number] {
  let text = ''
  for (let i = from; i < line.length; i++) {
    const c = line[i] ?? ''
    if (c === '"') return [text, i]
    const next = line[i + 1]
    if (c === '\\' && next !== undefined && '$`"\\\n'.includes(next)) {
      if (next !== '\n') text += next
      i++
    } else text += c
  }
  return ['', line.length]
}
