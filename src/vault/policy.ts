// Stores the owner's policy for AI agents. What it says is judged outside of the vault (formats/policy.ts); here it is
// made sure that nobody but the owner changes it, that the change is in the audit log, and that counting begins anew.
import { sha256 } from '../crypto/keys.ts'
import { utf8 } from '../lib/bytes.ts'
import { Failure } from '../lib/errors.ts'
import { now } from '../lib/time.ts'
import { OPERATIONS } from './operations.ts'
import { putPolicyRow, readPolicyRow } from './policy-row.ts'
import { META } from './schema.ts'
import type { Keyring } from './keyring.ts'
import type { Scope } from './scope.ts'
import type { Opener } from './secrets.ts'

/** Replaces the policy of `revision` by `text`. Throws `denied`, and `conflict` when it is another one by now. */
export function setPolicy(
  scope: Scope,
  owner: Opener & { keys: Keyring },
  text: string,
  revision: number,
): { revision: number } {
  scope.demand(OPERATIONS.setPolicy)
  if (!scope.isOwner) throw new Failure('denied', 'only the owner may change the policy')
  const { keys, header } = owner
  return scope.session.commit((writer) => {
    // Not checked: storing one again is how the owner gets out of a policy that somebody else changed.
    const before = readPolicyRow(writer, header.vaultId, undefined)?.revision ?? 0
    if (before !== revision) {
      throw new Failure('conflict', `the policy was changed meanwhile: it is at revision ${before}`, {
        hint: 'tvault policy show, then edit it again',
      })
    }
    const row = { revision: before + 1, changedAt: now(), text }
    putPolicyRow(writer, header.vaultId, keys, row)
    writer.delete('meta', META.uses)
    const metadata = { revision: row.revision, sha256: sha256(utf8(text)).toHex().slice(0, 16), bytes: text.length }
    scope.record(writer, scope.note(OPERATIONS.setPolicy, {}, { metadata }))
    return { revision: row.revision }
  })
}
