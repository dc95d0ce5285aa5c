// How a repository stands: filters, recipients, identities, and what the identities at hand really open.
import { readAttributes, trackedPatterns } from './attributes.ts'
import { findOpener } from './filter.ts'
import type { Surroundings } from './filter.ts'
import { guardState } from './hook.ts'
import type { Guard } from './hook.ts'
import { isInstalled } from './install.ts'
import { Objects } from './objects.ts'
import { RecipientList } from './recipients.ts'
import { Repository, configAt, shown } from './repository.ts'
import { look } from './reseal.ts'
import type { State } from './reseal.ts'

export interface Status {
  top: string
  isInstalled: boolean
  guard: Guard
  /** tvault1… */
  recipients: string[]
  /** The name that is looked for first. */
  identity: string
  hasIdentity: boolean
  /** Whether one of the identities is on the list. */
  isRecipient: boolean
  /** Patterns of the .gitattributes in the top directory. */
  patterns: string[]
  /** Every blob of the index that is tracked, by what it is. */
  files: Readonly<Record<State, string[]>>
}

/** Looks at everything, and opens every blob on trial. Changes nothing. */
export async function statusOf(around: Surroundings): Promise<Status> {
  const repository = Repository.at(around.cwd, around.environment)
  const recipients = new RecipientList(repository).present()
  const opener = await findOpener(around)
  const objects = new Objects(repository)
  const files: Record<State, string[]> = {
    current: [],
    stale: [],
    'stale, cannot open': [],
    'cannot open': [],
    damaged: [],
    plaintext: [],
    empty: [],
    vault: [],
  }
  try {
    const entries = repository.tracked().filter(({ stage }) => stage === 0)
    for (const { entry, state } of await look(entries, { repository, objects, recipients, opener }))
      files[state].push(shown(entry))
  } finally {
    await objects.close()
  }
  const texts = recipients.map(({ text }) => text)
  return {
    top: repository.top,
    isInstalled: isInstalled(repository),
    guard: guardState(repository),
    recipients: texts,
    identity: around.environment['TVAULT_IDENTITY'] || configAt('tvault.identity', repository.call) || 'default',
    hasIdentity: opener !== undefined,
    isRecipient: opener?.recipients.some(({ text }) => texts.includes(text)) ?? false,
    patterns: trackedPatterns(readAttributes(repository)),
    files,
  }
}
