// Plain tables for people: columns two blanks apart, no trailing blanks. Names out of a vault go through `cell`,
// because a name can hold what a terminal would obey.
import { escaped } from '../lib/names.ts'

const GAP = '  '

/** A name from the vault as it may stand in a line of text: control characters as escapes, never shortened. */
export function cell(name: string): string {
  return escaped(name)
}

/**
 * Rows under their headings, one line each, with a newline at the end. `fit` is the widest line allowed in columns;
 * then the column `flexible` (by number) is shortened with `…` as far as needed. Without `fit` nothing is shortened.
 */
export function table(
  headings: readonly string[],
  rows: readonly (readonly string[])[],
  fit?: { width: number; flexible: number },
): string {
  const lines = [headings, ...rows]
  const widths = headings.map((_, i) => Math.max(...lines.map((line) => Bun.stringWidth(line[i] ?? ''))))
  if (fit) {
    const total = widths.reduce((sum, width) => sum + width, GAP.length * (widths.length - 1))
    const present = widths[fit.flexible] ?? 0
    const heading = Bun.stringWidth(headings[fit.flexible] ?? '')
    widths[fit.flexible] = Math.max(heading, 8, present - Math.max(0, total - fit.width))
  }
  return lines
    .map((line) => {
      const cells = widths.map((width, i) => pad(shorten(line[i] ?? '', width), width))
      return `${cells.join(GAP).trimEnd()}\n`
    })
    .join('')
}

function pad(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - Bun.stringWidth(text)))
}

function shorten(text: string, width: number): string {
  if (Bun.stringWidth(text) <= width) return text
  let short = ''
  for (const character of text) {
    if (Bun.stringWidth(short + character) > width - 1) break
    short += character
  }
  return `${short}…`
}

const MOST_LISTED = 20

/** Lines with one of `items` each, indented; at most twenty, and then how many more there are. */
export function listed(items: readonly string[]): string[] {
  const more = items.length - MOST_LISTED
  return [...items.slice(0, MOST_LISTED).map((item) => `  ${item}`), ...(more > 0 ? [`  and ${more} more`] : [])]
}
