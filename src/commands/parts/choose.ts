// Which secrets a program is to get: one answer for `run`, `docker` and `ssh`. What is missing is told before the
// program starts, and names of our own are never given on.
import { selection } from '../../faces/fields.ts'
import { cell } from '../../faces/table.ts'
import { Failure } from '../../lib/errors.ts'
import type { Entry } from '../../vault/view.ts'
import type { Context } from '../context.ts'
import { openSource } from './source.ts'
import type { Source, SourceInput } from './source.ts'

/** Names that belong to tvault; a secret called so would change how a tvault inside the program behaves. */
const OWN = 'TVAULT_'

/** The flags of `GIVE_FIELDS` as a body receives them. */
export interface Choice extends SourceInput {
  only?: string[] | undefined
  prefix?: string | undefined
  strict: boolean
}

/**
 * The secrets that were chosen, sorted bytewise by key, for the caller to wipe. Throws a usage failure for an empty
 * selector, and with `strict` `not_found` when a key is missing or nothing is chosen.
 */
export async function choose(
  context: Context,
  { only, prefix, strict, ...from }: Choice,
  open: () => Promise<Source> = () => openSource(context, from),
): Promise<Entry[]> {
  const selected = selection({ only, prefix })
  const source = await open()
  const { entries, missing } = source.read(selected)
  let handedOver = false
  try {
    if (missing.length > 0) {
      const words = `--only key(s) not found in ${source.name}: ${missing.map(cell).join(', ')}`
      if (strict) throw new Failure('not_found', words, { hint: 'tvault list shows what is there' })
      context.note(`warning: ${words}`)
    }
    if (strict && entries.length === 0) {
      throw new Failure('not_found', `no secret of ${source.name} is selected`, {
        hint: 'tvault list shows what is there',
      })
    }
    noteOwn(entries, (text) => context.note(text))
    handedOver = true
    return entries.filter(({ key }) => !isOwn(key))
  } finally {
    for (const { key, value } of entries) if (!handedOver || isOwn(key)) value.wipe()
  }
}

/** Whether a name is one of ours, and is never given to a program. */
export function isOwn(key: string): boolean {
  return key.startsWith(OWN)
}

/** Warns of the entries that are not given on. */
export function noteOwn(entries: readonly { key: string }[], note: (text: string) => void): void {
  const own = entries.filter(({ key }) => isOwn(key)).map(({ key }) => key)
  if (own.length > 0) note(`warning: not given to the program, because ${OWN} names are our own: ${own.join(', ')}`)
}
