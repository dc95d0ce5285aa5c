// The directories of a server for AI agents: what the owner allows, narrowed to what the client says it works in. A client
// can take away and never add.
import { realpathSync } from 'node:fs'
import { sep } from 'node:path'
import { fileURLToPath } from 'node:url'

/** `owned` (real paths) as far as the `file:` URIs of the client reach; other URIs and missing folders count as nothing. */
export function narrowed(owned: readonly string[], uris: readonly string[]): string[] {
  const theirs = uris.flatMap(realFolder)
  const found = owned.flatMap((root) =>
    theirs.flatMap((folder) => (isBelow(folder, root) ? [folder] : isBelow(root, folder) ? [root] : [])),
  )
  return [...new Set(found)]
}

function realFolder(uri: string): string[] {
  try {
    return [realpathSync(fileURLToPath(uri))]
  } catch {
    return []
  }
}

function isBelow(path: string, parent: string): boolean {
  return path === parent || path.startsWith(parent.endsWith(sep) ? parent : parent + sep)
}
