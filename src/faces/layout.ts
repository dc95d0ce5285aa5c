// Paragraphs and two-column lists that keep to a width. Pure text: the callers know how wide the terminal is.

/** Columns that help takes where the terminal is unknown. */
export const PLAIN_WIDTH = 80

/** Wider lines are hard to read and narrower ones hold no two columns, whatever the terminal says. */
const [NARROWEST, WIDEST] = [40, 100]

const INDENT = '  '
const GAP = '  '

function measure(width: number): number {
  return Math.max(NARROWEST, Math.min(WIDEST, width))
}

/** `text` in lines of at most `width` columns, each after `indent`. A word that is longer stands alone. */
export function wrap(text: string, width = PLAIN_WIDTH, indent = ''): string {
  return lines(text, measure(width) - indent.length)
    .map((line) => `${indent}${line}\n`)
    .join('')
}

/**
 * Two columns: names padded to the widest, then what they do, wrapped beside them. `least` makes the first column
 * at least so wide. Where the names leave too little room, what they do stands below them.
 */
export function columns(
  rows: readonly (readonly [string, string])[],
  { width = PLAIN_WIDTH, least = 0 }: { width?: number; least?: number } = {},
): string {
  const names = Math.max(least, ...rows.map(([name]) => name.length))
  const left = INDENT.length + names + GAP.length
  const room = measure(width) - left
  const longest = Math.max(0, ...rows.map(([, about]) => about.length))
  if (room < Math.min(longest, 30)) {
    return rows.map(([name, about]) => `${INDENT}${name}\n${wrap(about, width, `${INDENT}    `)}`).join('')
  }
  return rows
    .map(([name, about]) => {
      const [first = '', ...more] = lines(about, room)
      const head = `${INDENT}${name.padEnd(names)}${GAP}${first}`.trimEnd()
      return [head, ...more.map((line) => ' '.repeat(left) + line)].map((line) => `${line}\n`).join('')
    })
    .join('')
}

function lines(text: string, room: number): string[] {
  const made: string[] = []
  let line = ''
  for (const word of text.split(/\s+/).filter(Boolean)) {
    if (line !== '' && line.length + 1 + word.length > room) {
      made.push(line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  if (line !== '') made.push(line)
  return made
}
