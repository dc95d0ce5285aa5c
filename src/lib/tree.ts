// Reads the files of a directory tree that somebody else may have prepared. Symbolic links are not followed anywhere,
// so nothing outside of the tree is reached; depth, number and size are bounded.
import { readdirSync, realpathSync } from 'node:fs'
import { join, sep } from 'node:path'
import { Failure } from './errors.ts'
import { checkDirectory, fileFailure, lstatOrNothing, readSafely } from './files.ts'
import { printable } from './names.ts'

export interface TreeLimits {
  maxFiles: number
  maxDepth: number
  /** Of one file. */
  maxBytes: number
  /** Of all files together. */
  maxTotalBytes: number
}

export interface Tree {
  /** Sorted by name. `name` is the path below the root, with slashes. Files that are not `wanted` have no bytes. */
  files: { name: string; bytes: Uint8Array }[]
  /** Links, FIFOs, sockets and devices, which were not opened. */
  refused: string[]
}

/**
 * The regular files below `root`. Directories whose name begins with a dot are left out. Throws `failed` when `root` is
 * no directory but a link to one, and when a limit is passed; what was read is wiped then.
 */
export function readTree(root: string, wanted: (name: string) => boolean, limits: TreeLimits): Tree {
  const stats = lstatOrNothing(root)
  if (!stats) throw new Failure('failed', `cannot read ${printable(root)}: it does not exist`)
  if (stats.isSymbolicLink()) {
    throw new Failure('failed', `${printable(root)} is a symbolic link, not a directory`, {
      hint: `name the directory itself: "$(realpath ${printable(root)})"`,
    })
  }
  checkDirectory(root, stats)
  const real = realpathSync(root)
  const tree: Tree = { files: [], refused: [] }
  let total = 0

  function walk(below: string, depth: number): void {
    const directory = join(real, below)
    // A directory that was replaced by a link while we looked leads outside.
    const place = realpathSync(directory)
    if (place !== real && !place.startsWith(real + sep))
      throw new Failure('failed', `${printable(root)} changed while it was read`)
    if (depth > limits.maxDepth)
      throw new Failure('failed', `${printable(root)} is deeper than ${limits.maxDepth} directories`)
    for (const entry of readdirSync(directory, { withFileTypes: true })) {
      const name = below === '' ? entry.name : `${below}/${entry.name}`
      if (entry.isDirectory()) {
        if (!entry.name.startsWith('.')) walk(name, depth + 1)
      } else if (entry.isFile()) {
        if (tree.files.length >= limits.maxFiles) {
          throw new Failure('failed', `${printable(root)} holds more than ${limits.maxFiles} files`)
        }
        const bytes = wanted(name) ? readSafely(join(real, name), limits.maxBytes) : new Uint8Array(0)
        tree.files.push({ name, bytes })
        total += bytes.length
        if (total > limits.maxTotalBytes) {
          throw new Failure(
            'failed',
            `the files in ${printable(root)} exceed the limit of ${limits.maxTotalBytes} bytes`,
          )
        }
      } else tree.refused.push(name)
    }
  }

  try {
    walk('', 0)
  } catch (error) {
    for (const { bytes } of tree.files) bytes.fill(0)
    throw fileFailure(error, root, 'read')
  }
  tree.files.sort((a, b) => (a.name < b.name ? -1 : 1))
  tree.refused.sort()
  return tree
}
