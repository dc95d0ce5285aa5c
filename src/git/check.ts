// The question of the guard and of CI: is anything that is tracked stored as plaintext? Without an identity it can be
// answered; with one it is also said what the recipients of now cannot open, and which conflicts are left in a file.
import { RECIPIENTS_FILE, parseRecipients } from '../formats/recipients-file.ts'
import type { Recipient } from '../crypto/recipient.ts'
import { latin1 } from '../lib/bytes.ts'
import { readAttributes, trackedPatterns } from './attributes.ts'
import { findOpener } from './filter.ts'
import type { Surroundings } from './filter.ts'
import { inspectAll, inspectHistory, inspectStaged, onlyTracked, stagedChanges } from './inspect.ts'
import type { Inspected, Plain } from './inspect.ts'
import { Objects } from './objects.ts'
import { RecipientList } from './recipients.ts'
import { Repository, pathOf, shown } from './repository.ts'
import { look } from './reseal.ts'
import { OpenedBlob, sealedForm } from './seal.ts'
import type { Opener } from './seal.ts'

export interface Checked extends Inspected {
  /** Paths that are not sealed to exactly the recipients of now, as far as that can be told. */
  stale: string[]
  /** Those of them that could be sealed anew here. */
  canReseal: boolean
  /** Keys of which a merge said that both sides changed them, in files that are about to be committed. */
  conflicts: { path: string; keys: string[] }[]
}

/** What the next commit would store, and nothing else. */
export async function checkStaged(around: Surroundings): Promise<Checked> {
  const repository = Repository.at(around.cwd, around.environment)
  const objects = new Objects(repository)
  try {
    const changes = stagedChanges(repository)
    const inspected = await inspectStaged(repository, objects, changes)
    const listChanges = changes.some(({ raw }) => latin1(raw) === RECIPIENTS_FILE)
    const needsKeys = inspected.blobs > 0 || listChanges
    const opener = needsKeys ? await findOpener(around) : undefined
    const stale = listChanges ? await staleIn(repository, objects, opener, await stagedList(objects)) : NONE
    return { ...inspected, ...stale, conflicts: await conflictsIn(repository, objects, opener, changes) }
  } finally {
    await objects.close()
  }
}

/** Index and HEAD; with `history` every commit of every branch as well. */
export async function checkAll(around: Surroundings, { history }: { history: boolean }): Promise<Checked> {
  const repository = Repository.at(around.cwd, around.environment)
  const objects = new Objects(repository)
  try {
    const now = await inspectAll(repository, objects)
    const opener = await findOpener(around)
    const stale = await staleIn(repository, objects, opener, new RecipientList(repository).present())
    const past = history
      ? await inspectHistory(repository, objects, trackedPatterns(readAttributes(repository)))
      : { blobs: 0, plaintext: [] as Plain[], absent: 0 }
    return {
      blobs: now.blobs + past.blobs,
      plaintext: [...now.plaintext, ...past.plaintext],
      unsafe: now.unsafe,
      absent: now.absent + past.absent,
      ...stale,
      conflicts: [],
    }
  } finally {
    await objects.close()
  }
}

const NONE = { stale: [] as string[], canReseal: false }

async function staleIn(
  repository: Repository,
  objects: Objects,
  opener: Opener | undefined,
  recipients: readonly Recipient[],
): Promise<Pick<Checked, 'stale' | 'canReseal'>> {
  const entries = repository.tracked().filter(({ stage }) => stage === 0)
  const looked = await look(entries, { repository, objects, recipients, opener })
  return {
    stale: looked.filter(({ state }) => state.startsWith('stale')).map(({ entry }) => shown(entry)),
    canReseal: looked.some(({ state }) => state === 'stale'),
  }
}

/** The list as it is about to be committed. Failure `failed` for a bad line in it. */
async function stagedList(objects: Objects): Promise<Recipient[]> {
  const found = await objects.find(`:0:${RECIPIENTS_FILE}`)
  return found ? parseRecipients(found.bytes) : []
}

async function conflictsIn(
  repository: Repository,
  objects: Objects,
  opener: Opener | undefined,
  changes: ReturnType<typeof stagedChanges>,
): Promise<Checked['conflicts']> {
  const found: Checked['conflicts'] = []
  for (const { raw, oid } of opener === undefined ? [] : onlyTracked(repository, changes)) {
    const bytes = (await objects.find(oid))?.bytes
    if (bytes === undefined || sealedForm(bytes)?.version !== 2) continue
    const opened = opener?.open(bytes)
    if (!(opened instanceof OpenedBlob)) continue
    const keys = opened.unresolvedKeys()
    opened.close()
    if (keys.length > 0) found.push({ path: shown(pathOf(raw)), keys })
  }
  return found
}
