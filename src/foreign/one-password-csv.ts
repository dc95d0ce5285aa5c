// 1Password's CSV export: one record for each login, the first line names the columns. What the columns do not hold
// (sections, attachments) is not in the file; its 1PUX export has them.
import { collect } from './collect.ts'
import { parseCsv } from './csv.ts'
import { Failure } from '../lib/errors.ts'
import { printable } from '../lib/names.ts'
import type { Importer } from './importer.ts'
import { linesOf } from './lines.ts'

/** Columns that sort and mark, and hold no secret. */
const MARKS = new Set(['title', 'favorite', 'archived', 'tags', 'type', 'vault', 'account'])
const LABELS: Readonly<Record<string, string>> = { otpauth: 'totp', 'one-time password': 'totp', website: 'url' }
/** The first line is looked at up to here. */
const LONGEST_HEAD = 4096

export const onePasswordCsv: Importer = {
  format: '1password-csv',
  about: 'a 1Password export (CSV)',
  isClear: () => true,

  recognise({ bytes }) {
    const [head] = linesOf(bytes.subarray(0, LONGEST_HEAD))
    const names = new TextDecoder()
      .decode(head?.bytes)
      .toLowerCase()
      .replace(/["\ufeff]/g, '')
      .split(',')
    return names.includes('title') && names.includes('password') && names.length > 2
  },

  async read({ bytes, path }) {
    const [head, ...rows] = parseCsv(bytes, path)
    try {
      const columns = (head?.cells ?? []).map((cell) => new TextDecoder().decode(cell).trim())
      const title = columns.findIndex((column) => column.toLowerCase() === 'title')
      if (title === -1) {
        throw new Failure('failed', `${printable(path)} has no column Title in its first line`, {
          hint: 'export it from 1Password with column names',
        })
      }
      return await collect((collector) => {
        for (const { line, cells } of rows) {
          if (cells.length !== columns.length) {
            throw new Failure(
              'failed',
              `${printable(path)}: line ${line} has ${cells.length} cells, the first line has ${columns.length}`,
            )
          }
          const text = (index: number): string => new TextDecoder().decode(cells[index])
          const name = text(title)
          const archived = columns.findIndex((column) => column.toLowerCase() === 'archived')
          if (archived !== -1 && text(archived).toLowerCase() === 'true') {
            collector.leaveOut('the whole item', `${name} (line ${line})`, 'it is archived')
            continue
          }
          columns.forEach((column, index) => {
            const label = LABELS[column.toLowerCase()] ?? column
            if (MARKS.has(label.toLowerCase())) return
            collector.take([name, label], cells[index]!.slice(), `${name} / ${label} (line ${line})`)
          })
        }
      })
    } finally {
      for (const { cells } of rows) for (const cell of cells) cell.fill(0)
    }
  },
}
