// Blobs of the index that are not sealed to exactly the recipients of now, and sealing them again. Only the index
// changes: not the work tree, where there may be edits, and not the commits, where the old blobs stay.
import { latin1 } from '../lib/bytes.ts'
import type { Recipient } from '../crypto/recipient.ts'
import type { Objects } from './objects.ts'
import { Currency } from './recipients.ts'
import { shown } from './repository.ts'
import type { Entry, Repository } from './repository.ts'
import { sealBlob, sealedForm } from './seal.ts'
import type { OpenedBlob, Opener } from './seal.ts'

/** What one blob of the index is, for whoever holds these identities. */
export type State =
  | 'current'
  | 'stale'
  | 'stale, cannot open'
  | 'cannot open'
  | 'damaged'
  | 'plaintext'
  | 'empty'
  | 'vault'

export interface Looked {
  entry: Entry
  state: State
}

/**
 * Looks at every blob in `entries`. `opened` is called with each that opens and is stale; it is closed afterwards.
 * Without an identity only the number of recipients can be compared.
 */
export async function look(
  entries: readonly Entry[],
  at: { repository: Repository; objects: Objects; recipients: readonly Recipient[]; opener: Opener | undefined },
  stale: (entry: Entry, opened: OpenedBlob) => void = () => undefined,
): Promise<Looked[]> {
  const currency = new Currency(at.repository, at.objects)
  const looked: Looked[] = []
  for (const entry of entries) {
    const bytes = (await at.objects.find(entry.oid))?.bytes
    const form = bytes && sealedForm(bytes)
    const say = (state: State): void => void looked.push({ entry, state })
    if (bytes === undefined) say('damaged')
    else if (bytes.length === 0) say('empty')
    else if (form === undefined) say('plaintext')
    else if (form.version === 1) say('vault')
    else {
      const opened = at.opener?.open(bytes) ?? 'not a recipient'
      if (opened === 'damaged') say('damaged')
      else if (opened === 'not a recipient')
        say(form.stanzas === at.recipients.length ? 'cannot open' : 'stale, cannot open')
      else {
        const current = await currency.isCurrent(entry.raw, entry.oid, opened, at.recipients)
        if (!current) stale(entry, opened)
        say(current ? 'current' : 'stale')
        opened.close()
      }
    }
  }
  return looked
}

/** Seals the stale blobs of the index again, for `recipients`, and returns their paths. */
export async function reseal(
  repository: Repository,
  objects: Objects,
  recipients: readonly Recipient[],
  opener: Opener,
): Promise<string[]> {
  if (recipients.length === 0) return []
  const entries = repository.tracked().filter(({ stage, isSetAside }) => stage === 0 && !isSetAside)
  const sealed: Entry[] = []
  await look(entries, { repository, objects, recipients, opener }, (entry, opened) => {
    const input = sealBlob(opened.plaintext, recipients)
    const oid = latin1(repository.run(['hash-object', '-w', '--stdin', '--no-filters'], { input }).out).trim()
    sealed.push({ ...entry, oid })
  })
  repository.forgetFiles(sealed)
  return sealed.map(shown)
}
