// The report of `sync`, before and after. The block of headings and names is that of TinyVault 0.23, which scripts
// read; where both sides are written, each name says to which it goes.
import { cell } from '../../faces/table.ts'
import { escaped } from '../../lib/names.ts'
import type { Style } from '../context.ts'
import type { Direction, Plan } from './sync-plan.ts'

export interface Reported {
  direction: Direction
  project: string
  file: string
  /** Whether there was a file before. */
  existed: boolean
  dryRun: boolean
  vaultKeys: number
  fileKeys: number
  plan: Plan
}

/** Text for a person: where, then the names by what happens to them. Holds no value. */
export function syncReport(
  { direction, project, file, existed, dryRun, vaultKeys, fileKeys, plan }: Reported,
  style: Style,
): string {
  const side = (to: 'file' | 'vault'): string => (direction === 'mirror' ? ` (to the ${to})` : '')
  const changed = (change: 'created' | 'updated'): string[] =>
    plan.steps.filter((step) => step.change === change).map(({ key, to }) => `${key}${side(to)}`)
  const made = !existed && plan.steps.some(({ to }) => to === 'file')
  const lists: [string, string[]][] = [
    ['Created', changed('created')],
    ['Updated', changed('updated')],
    ['Unchanged', plan.unchanged],
    ['Skipped', plan.skipped],
    ['References, kept as they are', plan.references],
    ['Conflicts', plan.conflicts.map(({ key, resolution }) => `${key} [resolution: ${resolution}]`)],
  ]
  const head = [
    `Direction: ${direction}`,
    `Project:   ${cell(project)}`,
    `File:      ${escaped(file)}${made ? ` (file did not exist; ${dryRun ? 'would be created' : 'created'})` : ''}`,
    `Vault:     ${vaultKeys} keys`,
    `Env:       ${fileKeys} keys`,
    '',
  ]
  const body = lists
    .filter(([, keys]) => keys.length > 0)
    .flatMap(([title, keys]) => [`${title} (${keys.length}):`, ...keys.map((key) => `  - ${key}`)])
  const tail = [
    ...(plan.skipped.length > 0
      ? [style.info('Skipped keys have another value in the vault; --overwrite replaces it.')]
      : []),
    ...(dryRun ? [style.info('Nothing was written.')] : []),
  ]
  return `${[...head, ...body, ...tail].join('\n')}\n`
}
