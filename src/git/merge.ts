// The merge driver: three sealed versions of a dotenv file become one, by key. It leaves nothing but sealed bytes where
// git looks, and says names of keys, never values. It calls a merge clean only when both sides are sealed to the
// recipients of now: where one side took somebody off the list, the other side's list would let them read what is new.
import { findOpener } from './filter.ts'
import type { Surroundings } from './filter.ts'
import { RecipientList, listNeverChanged } from './recipients.ts'
import { Repository } from './repository.ts'
import { MAX_FILE_BYTES, OpenedBlob, sealBlob, sealedForm } from './seal.ts'
import type { Opener } from './seal.ts'
import type { Recipient } from '../crypto/recipient.ts'
import { mergeThreeWay } from '../formats/dotenv-three-way.ts'
import { readSafely, writeAtomically } from '../lib/files.ts'
import { Secret } from '../lib/secret.ts'

/** How a merge ended. Whatever is not clean is a conflict to git; the file then holds our side, and what could be merged. */
export interface MergeResult {
  isClean: boolean
  /** Keys that both sides changed. */
  conflicts: string[]
  /** Why it is not clean, when no key is to blame. */
  reason?: string
}

/** Three files that git made: the common one (empty when there is none), ours, which gets the result, and theirs. */
export interface MergeFiles {
  base: string
  ours: string
  theirs: string
}

/** Merges into the file `ours`. Failure `failed` when a file cannot be read or written. */
export async function mergeBlobs(around: Surroundings, files: MergeFiles): Promise<MergeResult> {
  const repository = Repository.at(around.cwd, around.environment)
  const recipients = new RecipientList(repository).present()
  const opener = await findOpener(around)
  if (opener === undefined) return unclean('there is no identity to open the two sides with')
  if (recipients.length === 0) return unclean('there is nobody to seal the result to')
  const versions: Version[] = []
  try {
    for (const path of [files.base, files.ours, files.theirs]) {
      const version = open(readSafely(path, MAX_FILE_BYTES), opener)
      if (typeof version === 'string') return unclean(version)
      versions.push(version)
    }
    const [base, ours, theirs] = versions as [Version, Version, Version]
    const result = mergeThreeWay(base.plaintext, ours.plaintext, theirs.plaintext)
    if (result === undefined) return unclean('it is no dotenv file, so it cannot be merged by key')
    const blob = sealBlob(result.merged, recipients)
    result.merged.wipe()
    writeAtomically(files.ours, blob, { overwrite: true, mode: 0o600 })
    if (result.conflicts.length > 0) return { isClean: false, conflicts: result.conflicts }
    if (isSealedTo(theirs, recipients, repository)) return { isClean: true, conflicts: [] }
    return unclean('the two sides are not sealed to the same recipients')
  } finally {
    for (const { plaintext, opened } of versions) {
      plaintext.wipe()
      opened?.close()
    }
  }
}

interface Version {
  plaintext: Secret
  /** Undefined for a version that is not sealed. */
  opened: OpenedBlob | undefined
}

function unclean(reason: string): MergeResult {
  return { isClean: false, conflicts: [], reason }
}

function open(bytes: Uint8Array, opener: Opener): Version | string {
  const form = sealedForm(bytes)
  if (form === undefined) return { plaintext: new Secret(bytes), opened: undefined }
  if (form.version === 1) return 'a version of it is sealed with the key of a vault'
  const opened = opener.open(bytes)
  if (opened instanceof OpenedBlob) return { plaintext: opened.plaintext, opened }
  return opened === 'damaged' ? 'a version of it is damaged' : 'a version of it is not sealed to an identity at hand'
}

/** A blob that does not say to whom it is sealed counts only where the list never was another one. */
function isSealedTo({ opened }: Version, recipients: readonly Recipient[], repository: Repository): boolean {
  const sealed = opened?.sealedTo(recipients) ?? 'exactly'
  return sealed === 'exactly' || (sealed === 'unknown' && listNeverChanged(repository, recipients))
}
