// Saying which paths are sealed, and saying at once what is plaintext in git already: tracking changes nothing about
// that, and a value that was ever pushed is known.
import { RECIPIENTS_FILE } from '../formats/recipients-file.ts'
import { utf8 } from '../lib/bytes.ts'
import { lstatOrNothing, writeAtomically } from '../lib/files.ts'
import { addExceptions, addTracking, readAttributes } from './attributes.ts'
import type { Surroundings } from './filter.ts'
import { inspectHistory } from './inspect.ts'
import type { Plain } from './inspect.ts'
import { isInstalled } from './install.ts'
import { Objects } from './objects.ts'
import { ATTRIBUTES_FILE, DRIVER, Repository, shown } from './repository.ts'
import { sealedForm } from './seal.ts'

export interface TrackResult {
  added: string[]
  /** Patterns whose line lacked something. */
  completed: string[]
  isInstalled: boolean
  /** Tracked paths that the index has as plaintext. */
  plaintext: string[]
  /** Versions that some commit has as plaintext. */
  history: Plain[]
  /** Versions that this clone does not have, so that nobody looked. */
  absent: number
}

/** Tracks `patterns`, which are written into the .gitattributes of the top directory and count from there. */
export async function track(around: Surroundings, patterns: readonly string[]): Promise<TrackResult> {
  const repository = Repository.at(around.cwd, around.environment)
  const before = readAttributes(repository)
  const { file, added, completed } = addTracking(before, patterns)
  if (added.length + completed.length > 0) writeAttributes(repository, file)
  const objects = new Objects(repository)
  try {
    const plaintext: string[] = []
    for (const entry of repository.tracked()) {
      const bytes = (await objects.find(entry.oid))?.bytes
      if (bytes && bytes.length > 0 && !sealedForm(bytes)) plaintext.push(shown(entry))
    }
    const { plaintext: history, absent } = await inspectHistory(repository, objects, patterns)
    return { added, completed, isInstalled: isInstalled(repository), plaintext, history, absent }
  } finally {
    await objects.close()
  }
}

/** Writes the file, and excepts from it what git and we must be able to read ourselves. */
function writeAttributes(repository: Repository, file: Uint8Array): void {
  const path = repository.file(ATTRIBUTES_FILE)
  const mode = (lstatOrNothing(path)?.mode ?? 0o644) & 0o777
  writeAtomically(path, file, { overwrite: true, mode })
  const own = [ATTRIBUTES_FILE, RECIPIENTS_FILE]
  const caught = repository.attributes(own.map(utf8), ['filter'])
  const names = own.filter((name) => caught.get(name)?.[0] === DRIVER)
  if (names.length > 0) writeAtomically(path, addExceptions(file, names), { overwrite: true, mode })
}
