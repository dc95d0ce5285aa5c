// Where the files that belong to a git work tree are looked for. Only its top is found, by looking for `.git`: no
// program is started, and nothing of the repository's own settings is believed.
import { dirname, join, resolve } from 'node:path'
import { lstatOrNothing } from './files.ts'

/** The nearest folder at or above `from` that has a `.git` (a folder; in a linked work tree, a file), or undefined. */
export function workTree(from: string): string | undefined {
  for (let folder = resolve(from); ; folder = dirname(folder)) {
    const found = lstatOrNothing(join(folder, '.git'))
    if (found?.isDirectory() || found?.isFile()) return folder
    if (dirname(folder) === folder) return undefined
  }
}
