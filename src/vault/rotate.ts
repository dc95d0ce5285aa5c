// Copy-on-write changes of the whole file (decision D5): a new passphrase, and everything that must leave nothing
// decryptable behind. The fresh file is built from the rows that stay, checked row by row, and swapped in whole.
import { compare } from '../lib/bytes.ts'
import { Failure } from '../lib/errors.ts'
import { now } from '../lib/time.ts'
import { appendAudit } from './audit.ts'
import { decodeHeader, encodeHeader } from './header-record.ts'
import { newHeader, openHeader } from './header.ts'
import { Keyring } from './keyring.ts'
import { allProjects } from './projects.ts'
import { META, TABLES, damaged, encodeProject } from './schema.ts'
import { readAuditKey, writeAuditKey } from './session.ts'
import { verifyAll, verifyStructure } from './verify.ts'
import type { KdfParameters } from '../crypto/kdf-parameters.ts'
import type { Secret } from '../lib/secret.ts'
import type { Reader, Writer } from '../store/store.ts'
import type { AuditNote } from './audit.ts'
import type { Header } from './header-record.ts'
import type { Session } from './session.ts'
import type { Progress } from './view.ts'

/** Copies all rows except those for which `drop` says yes. */
export function copyRows(
  from: Reader,
  to: Writer,
  drop: (table: string, key: Uint8Array) => boolean = () => false,
): void {
  for (const table of TABLES) {
    for (const { key, value } of from.range(table)) if (!drop(table, key)) to.put(table, key, value)
  }
}

/**
 * Replaces the file by what `build` makes of it, with the keys rechecked under the write lock and the result's
 * structure checked before the swap, and whatever `check` checks. Throws what they throw and leaves the old file then.
 */
export async function rebuild(
  session: Session,
  build: (from: Reader, to: Writer) => void,
  check: (fresh: Reader) => void = () => undefined,
): Promise<void> {
  await session.store.replace(
    (from, to) => {
      session.recheck(from)
      build(from, to)
    },
    (fresh) => {
      verifyStructure(fresh)
      check(fresh)
    },
  )
}

/**
 * New passphrase, salt and parameters; every project key and the audit key are wrapped anew, the audit chain goes
 * on. The session holds the new keys afterwards. Throws `usage` for an empty passphrase, bad parameters, and for the
 * present passphrase again unless parameters were given.
 */
export async function rotateVault(
  session: Session,
  passphrase: Secret,
  kdf: Partial<KdfParameters>,
  { note, progress }: { note: (projects: number) => AuditNote; progress?: Progress },
): Promise<{ projects: number }> {
  const old = session.keys
  if (Object.keys(kdf).length === 0) refuseSame(session.header, passphrase)
  // Derived before the write lock is taken: nothing slow may happen under it.
  const { header, kek } = newHeader(passphrase, { ...session.header.kdf, ...kdf }, session.header)
  const fresh = new Keyring(header, kek, { key: old.auditKey.slice() }, session.options.protect)
  let projects = 0
  try {
    await session.store.replace(
      (from, to) => {
        session.recheck(from)
        copyRows(from, to, (table) => table === 'projects')
        projects = rewrap(from, to, old, fresh)
        writeAuditKey(to, fresh.wrapAuditKey())
        to.put('meta', META.header, encodeHeader(header))
        appendAudit(to, fresh.auditKey, note(projects))
      },
      (written) => verifyRotated(written, header, fresh, progress),
    )
  } catch (error) {
    fresh.wipe()
    throw error
  }
  session.adopt(header, fresh)
  return { projects }
}

/** With the same passphrase and parameters a rotation would only look like one. */
function refuseSame(header: Header, passphrase: Secret): void {
  if (passphrase.size === 0) return
  try {
    openHeader(header, passphrase).fill(0)
  } catch (error) {
    if (error instanceof Failure && error.kind === 'wrong_passphrase') return
    throw error
  }
  throw new Failure('usage', 'the new passphrase is the present one', { hint: 'choose another passphrase' })
}

function rewrap(from: Reader, to: Writer, old: Keyring, fresh: Keyring): number {
  const at = now()
  let projects = 0
  for (const { id, wrappedKey, ...project } of allProjects(from)) {
    const changed = { ...project, updatedAt: project.updatedAt > at ? project.updatedAt : at }
    const box = fresh.wrapProjectKey(id, changed, old.projectKey(id, { ...project, wrappedKey }))
    to.put('projects', id, encodeProject(id, { ...changed, wrappedKey: box }))
    projects++
  }
  return projects
}

/** The finished file holds this header, and every key and value in it opens with the new keys. */
function verifyRotated(reader: Reader, header: Header, keys: Keyring, progress?: Progress): void {
  if (compare(encodeHeader(decodeHeader(reader.get('meta', META.header))), encodeHeader(header)) !== 0) {
    throw damaged('the header of the rotated vault')
  }
  keys.checkAuditKey(readAuditKey(reader))
  verifyAll(reader, { header, keys }, progress)
}
