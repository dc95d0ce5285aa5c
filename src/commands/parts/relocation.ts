// What copy and move are told: a key, where it goes, and under which name.
import { KEY_FIELD } from '../../faces/fields.ts'
import { Failure } from '../../lib/errors.ts'
import { checkKey } from '../../lib/names.ts'
import type { SecretPlace } from '../../vault/view.ts'

export const RELOCATE_FIELDS = {
  key: KEY_FIELD,
  name: { kind: 'text', at: 1, about: 'Its new name; default: the same' },
  to: { kind: 'text', placeholder: 'project', complete: 'project', about: 'The project it goes to; default: its own' },
} as const

/** Both places. Throws a usage failure when they are the same, or for a name that cannot be one. */
export function places(
  project: string,
  input: { key: string; name?: string | undefined; to?: string | undefined },
): { from: SecretPlace; to: SecretPlace } {
  const from = { project, key: input.key }
  const to = { project: input.to ?? project, key: checkKey(input.name ?? input.key) }
  if (from.project === to.project && from.key === to.key) {
    throw new Failure('usage', 'it would stay where it is', { hint: 'give a new name, or --to PROJECT' })
  }
  return { from, to }
}
