// Brings a file or a tree of another program to its importer: reads it under the rules for foreign input, finds the
// importer, and gives it what it may ask for. Everything that was read is wiped when the importer is done.
import { basename, dirname, join } from 'node:path'
import { Failure } from '../lib/errors.ts'
import { lstatOrNothing, readFound, readSafely } from '../lib/files.ts'
import { printable } from '../lib/names.ts'
import { expandHome } from '../lib/paths.ts'
import type { Environment } from '../lib/paths.ts'
import type { Secret } from '../lib/secret.ts'
import type { ForeignAsk, ForeignInput, Read } from '../foreign/importer.ts'

/** The largest file that is read: a 1PUX export with its attachments. */
const MAX_FOREIGN_BYTES = 268_435_456
const MAX_KEY_FILE_BYTES = 1_048_576
const TREE_LIMITS = { maxFiles: 20_000, maxDepth: 32, maxBytes: 4_194_304, maxTotalBytes: 134_217_728 }
/** Files of a tree whose content is looked at; of the others only the name is told. */
const WANTED = /\.(?:gpg|age)$/

export interface Around {
  environment: Environment
  /** All of standard input, at most so many bytes. */
  stdin: (maxBytes: number) => Uint8Array
  /** The passphrase from its source, or from the person. */
  passphrase: (label: string) => Promise<Secret>
  progress: (done: number, total: number) => void
}

/**
 * What another program keeps at `path`, under keys of ours; the values are the caller's to wipe. `format` is a word of
 * `--from`, also `auto`. Throws `failed` for what cannot be read or is not of that format, `corrupt` for what fails its
 * own checksum, `locked` when a passphrase is needed and nobody can tell it.
 */
export async function readForeign(
  path: string,
  { format, keyFile }: { format: string; keyFile?: string | undefined },
  { environment, stdin, passphrase, progress }: Around,
): Promise<Read> {
  const { importerFor } = await import('../foreign/importers.ts')
  const { input, refused } = await readInput(path, stdin)
  let given: { path: string; bytes: Uint8Array } | undefined
  const ask: ForeignAsk = {
    passphrase,
    progress,
    keyFile() {
      if (keyFile === undefined) return undefined
      given ??= { path: keyFile, bytes: readKeyFile(expandHome(keyFile, environment)) }
      return { path: keyFile, bytes: given.bytes.slice() }
    },
    beside(name) {
      const file = join(dirname(path), name)
      if (path === '-' || basename(path) === name || lstatOrNothing(file) === undefined) return undefined
      return readKeyFile(file)
    },
    async gpg(message, file) {
      const { decryptWithGpg } = await import('../guard/gpg.ts')
      return decryptWithGpg(message, file, environment)
    },
  }
  try {
    const importer = importerFor(format, input)
    const { entries, notes } = await importer.read(input, ask)
    for (const name of refused) {
      notes.push({ kind: 'skipped', what: 'the file', where: name, why: 'links and special files are not followed' })
    }
    return { entries, notes, format: importer.format, about: importer.about, clear: importer.isClear(input) }
  } finally {
    input.bytes.fill(0)
    for (const { bytes } of input.files ?? []) bytes.fill(0)
    given?.bytes.fill(0)
  }
}

async function readInput(
  path: string,
  stdin: (maxBytes: number) => Uint8Array,
): Promise<{ input: ForeignInput; refused: readonly string[] }> {
  if (path === '-') return { input: { path: 'standard input', bytes: stdin(MAX_FOREIGN_BYTES) }, refused: [] }
  const isTree = lstatOrNothing(path)?.isDirectory() ?? false
  if (!isTree) return { input: { path, bytes: readSafely(path, MAX_FOREIGN_BYTES) }, refused: [] }
  const { readTree } = await import('../lib/tree.ts')
  const { files, refused } = readTree(path, (name) => WANTED.test(name), TREE_LIMITS)
  return { input: { path, bytes: new Uint8Array(0), files }, refused }
}

/** A file with keys in it; one that others can read is still read, because it was found that way and is not ours. */
function readKeyFile(path: string): Uint8Array {
  const { bytes, uid } = readFound(path, MAX_KEY_FILE_BYTES, { followLink: true })
  const me = process.geteuid?.()
  if (uid === me || uid === 0 || me === 0) return bytes
  bytes.fill(0)
  throw new Failure('failed', `${printable(path)} belongs to somebody else`)
}
