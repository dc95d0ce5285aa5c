// The commands that are called all day, each loaded by its name alone: the table of all of them takes longer to load
// than most of them run. Only commands of one word of which no other begins, and which never ask for the catalogue;
// test/house/startup.test.ts holds both.
import type { Command } from './define.ts'

export const BY_NAME: Readonly<Record<string, () => Promise<{ default: unknown }>>> = {
  delete: () => import('./delete.ts'),
  diff: () => import('./diff.ts'),
  export: () => import('./export.ts'),
  generate: () => import('./generate.ts'),
  get: () => import('./get.ts'),
  history: () => import('./history.ts'),
  import: () => import('./import.ts'),
  list: () => import('./list.ts'),
  run: () => import('./run.ts'),
  search: () => import('./search.ts'),
  set: () => import('./set.ts'),
  status: () => import('./status.ts'),
}

/** The command whose name is exactly `word`, or undefined: then the table knows. */
export async function byName(word: string | undefined): Promise<Command | undefined> {
  if (word === undefined || !Object.hasOwn(BY_NAME, word)) return undefined
  return (await BY_NAME[word]!()).default as Command
}
