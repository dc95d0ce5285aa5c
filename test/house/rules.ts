// Rules about the text of files that no linter knows: length, first lines, leftovers, streams, LMDB's traps.
import { linesWith, withoutComments } from './house.ts'
import type { House } from './house.ts'

export const MAX_LINES = 400

/** Files longer than 400 lines. */
export function lengthFaults(house: House): string[] {
  return [...house].flatMap(([path, text]) => {
    const lines = text.split('\n').length - (text.endsWith('\n') ? 1 : 0)
    return lines > MAX_LINES ? [`${path}: ${lines} lines`] : []
  })
}

/** Files that do not begin by saying what they are for. */
export function headFaults(house: House): string[] {
  return [...house].flatMap(([path, text]) =>
    /^(#![^\n]*\n)?(\/\/ \S|\/\*\*?\s)/.test(text) ? [] : [`${path}: no word about what it is for`],
  )
}

interface Rule {
  about: string
  pattern: RegExp
  /** Files the rule is about. */
  where: RegExp
  /** Files in which the pattern is allowed. */
  except?: RegExp
}

// Names that this file must not contain itself are put together at run time.
const LEFTOVER = new RegExp(['TO' + 'DO', 'FIX' + 'ME', 'X' + 'XX'].map((word) => `\\b${word}\\b`).join('|'))

export const RULES: readonly Rule[] = [
  { about: 'leftover', pattern: LEFTOVER, where: /./ },
  {
    about: 'a test that runs alone or not at all',
    pattern: new RegExp('\\b(?:test|describe|it)\\.(?:on' + 'ly|sk' + 'ip|to' + 'do)\\b'),
    where: /./,
  },
  {
    about: 'process streams cost 9 ms (use lib/out.ts)',
    pattern: /\bprocess\s*\.\s*(?:stdout|stdin|stderr)\b/,
    where: /^src\//,
    except: /^src\/modes\/cli\/prompt\.ts$/,
  },
  { about: 'console in the product (use lib/out.ts)', pattern: /\bconsole\s*\.\s*\w+/, where: /^src\// },
  { about: 'getBinaryFast returns a buffer that changes under you', pattern: /\bgetBinaryFast\b/, where: /^src\// },
  {
    about: 'LMDB commits an async transaction whose callback throws',
    pattern: /\.(?:transaction|childTransaction|transactionAsync)\(/,
    where: /^src\/store\//,
  },
  {
    about: 'transactionSync needs a block body (an expression body returns a promise)',
    pattern: /\btransactionSync\((?!\s*\(\)\s*=>\s*\{)/,
    where: /^src\/store\//,
  },
  { about: 'randomness that is none', pattern: /\bMath\.random\b/, where: /^src\// },
  { about: 'code from text', pattern: /\beval\(|\bnew Function\(/, where: /^src\// },
]

/** `path:line: rule` for every place that breaks a rule; comments are read only for leftovers. */
export function ruleFaults(house: House, rules: readonly Rule[] = RULES): string[] {
  return rules.flatMap((rule) =>
    [...house].flatMap(([path, text]) => {
      if (!rule.where.test(path) || rule.except?.test(path)) return []
      const lines =
        rule.about === 'leftover'
          ? text.split('\n').flatMap((line, index) => (rule.pattern.test(line) ? [index + 1] : []))
          : linesWith(text, rule.pattern)
      return lines.map((line) => `${path}:${line}: ${rule.about}`)
    }),
  )
}

/**
 * Writes to LMDB outside of a transaction. In a file that imports lmdb, `.put(` and `.remove(` may stand between the
 * braces of a `transactionSync(() => {`, in the class that is handed to such a body as its Writer, and on a `writer`
 * or `to` that was handed over this way.
 */
export function writeFaults(house: House): string[] {
  const faults: string[] = []
  for (const [path, text] of house) {
    if (!/from 'lmdb'/.test(text)) continue
    const code = withoutComments(text)
    for (const match of code.matchAll(/(\w*)\s*\.(put|remove|putSync|removeSync)\(/g)) {
      const handedOver = match[1] === 'writer' || match[1] === 'to'
      const heads = enclosing(code, match.index)
      if (
        !handedOver &&
        !heads.some((head) => /transactionSync\(\(\)\s*=>\s*$|class Rows implements Writer\s*$/.test(head))
      ) {
        faults.push(`${path}:${code.slice(0, match.index).split('\n').length}: ${match[2]} outside of a transaction`)
      }
    }
  }
  return faults
}

/** The text in front of every brace that is open at `position`, innermost first, up to 200 characters each. */
function enclosing(code: string, position: number): string[] {
  const heads: string[] = []
  let depth = 0
  for (let at = position - 1; at >= 0; at--) {
    if (code[at] === '}') depth += 1
    else if (code[at] === '{' && depth > 0) depth -= 1
    else if (code[at] === '{') heads.push(code.slice(Math.max(0, at - 200), at))
  }
  return heads
}
