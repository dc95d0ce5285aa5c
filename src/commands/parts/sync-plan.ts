// What `sync` is going to do, as data: nothing is read or written here, and no value is known. A reference to the vault
// in the file is never replaced by the value it stands for, whichever way it goes (W8).

export const DIRECTIONS = ['pull', 'push', 'mirror'] as const

export type Direction = (typeof DIRECTIONS)[number]

export interface Known {
  direction: Direction
  /** Whether the file wins where both sides have another value (push, mirror). */
  overwrite: boolean
  /** Names in the project, sorted bytewise. */
  inVault: readonly string[]
  /** Names in the file, sorted bytewise. */
  inFile: readonly string[]
  /** Names in the file whose value refers to the vault. */
  references: ReadonlySet<string>
  /** How the values of the file compare with those of the vault; references left out. */
  states: ReadonlyMap<string, 'absent' | 'same' | 'different'>
}

export interface Step {
  key: string
  to: 'file' | 'vault'
  change: 'created' | 'updated'
}

export interface Plan {
  /** Sorted bytewise by key. */
  steps: Step[]
  unchanged: string[]
  /** Another value on each side, and neither is touched. */
  skipped: string[]
  references: string[]
  /** Another value on each side, and which one stays. */
  conflicts: { key: string; resolution: 'kept-vault' | 'kept-env' }[]
}

export function planSync({ direction, overwrite, inVault, inFile, references, states }: Known): Plan {
  const plan: Plan = { steps: [], unchanged: [], skipped: [], references: [], conflicts: [] }
  const file = new Set(inFile)
  for (const key of [...new Set([...inVault, ...inFile])].sort()) {
    const state = states.get(key)
    if (references.has(key)) plan.references.push(key)
    else if (!file.has(key)) {
      if (direction !== 'push') plan.steps.push({ key, to: 'file', change: 'created' })
    } else if (state === 'same') plan.unchanged.push(key)
    else if (state === 'different') differing(plan, key, direction, overwrite)
    else if (direction === 'pull') plan.unchanged.push(key)
    else plan.steps.push({ key, to: 'vault', change: 'created' })
  }
  return plan
}

/** One key with another value on each side. */
function differing(plan: Plan, key: string, direction: Direction, overwrite: boolean): void {
  if (direction === 'mirror') plan.conflicts.push({ key, resolution: overwrite ? 'kept-env' : 'kept-vault' })
  if (direction === 'pull' || (direction === 'mirror' && !overwrite)) {
    plan.steps.push({ key, to: 'file', change: 'updated' })
  } else if (overwrite) plan.steps.push({ key, to: 'vault', change: 'updated' })
  else plan.skipped.push(key)
}
