// What a command does after its key is there, done once over nothing while other threads derive the key or a person types:
// the first call of a function in a process costs many times the later ones.
import { rehearseCiphers } from '../crypto/rehearse.ts'
import type { Store } from '../store/store.ts'
import { currentProject, findProject } from './projects.ts'
import { currentRow } from './secrets.ts'

/** Looks up what needs no key, and runs the ciphers over zeros. Tells nothing and changes nothing, whatever is in the file. */
export function rehearse(store: Store): void {
  try {
    store.snapshot((reader) => {
      const project = currentProject(reader)
      if (project) findProject(reader, project.name)
      if (project) currentRow(reader, project, 'A')
    })
    rehearseCiphers()
  } catch {
    // Told when it is needed.
  }
}
