// A Go vault read and moved into a vault in memory, in process: what the tests of this folder look at.
import { Bbolt } from '../../src/foreign/bbolt.ts'
import { makePlan } from '../../src/foreign/go-plan.ts'
import { Damages } from '../../src/foreign/go-remarks.ts'
import { damageFailure, goSource } from '../../src/foreign/go-source.ts'
import { GO_KDF, GoVault } from '../../src/foreign/go-vault.ts'
import { openMemory } from '../../src/store/memory.ts'
import { TABLES } from '../../src/vault/schema.ts'
import { verifyChain } from '../../src/vault/audit.ts'
import { keptHeader } from '../../src/vault/header.ts'
import { Keyring } from '../../src/vault/keyring.ts'
import { allProjects, currentProject } from '../../src/vault/projects.ts'
import { archivedRows, currentRows, openRow } from '../../src/vault/secrets.ts'
import { readAuditKey } from '../../src/vault/session.ts'
import { plantVault } from '../../src/vault/transplant.ts'
import { verifyStructure } from '../../src/vault/verify.ts'
import { toRfc3339 } from '../../src/lib/time.ts'
import type { Plan } from '../../src/foreign/go-plan.ts'
import type { Store } from '../../src/store/store.ts'
import type { AuditNote } from '../../src/vault/audit.ts'
import { inMemory } from './bbolt-file.ts'
import { KEK, SALT, VAULT_ID } from './go-file.ts'

export const NOTE: AuditNote = {
  action: 'vault.migrate',
  resourceType: 'vault',
  resourceName: 'vault',
  principal: 'owner',
  command: 'migrate',
  phase: 'done',
  result: 'ok',
  metadata: {},
}

export interface Read {
  vault: GoVault
  plan: Plan
}

/** What `tvault migrate --dry-run` finds out. */
export function readGo(
  file: Uint8Array,
  { includeDeleted = false, kek = KEK as Uint8Array, unlock = true } = {},
): Read {
  const damages = new Damages()
  const db = new Bbolt(inMemory(file))
  db.check(damages.tell)
  const vault = new GoVault(db, damages.tell)
  if (unlock)
    vault.unlock(
      kek,
      vault.projects(() => undefined),
    )
  return { vault, plan: makePlan(vault, unlock, damages, { includeDeleted }) }
}

/** Moves it; throws like the command when something is damaged and `salvage` is not set. */
export function moveGo({ vault, plan }: Read, { salvage = false, kek = KEK as Uint8Array } = {}): Store {
  if (plan.damages > 0 && !salvage) throw damageFailure(plan)
  const store = openMemory({ tables: TABLES })
  plantVault(store, kek, { ...vault.meta, kdf: GO_KDF }, goSource(vault, plan, salvage), { note: NOTE })
  return store
}

const HEADER = { vaultId: VAULT_ID, createdAt: 1_795_635_360_123_456_789n, salt: SALT, kdf: GO_KDF }

export interface Content {
  /** By `project/KEY@version`: value in latin1 and both times. */
  values: Record<string, string>
  current: string | undefined
}

/** Everything in a vault that was moved, opened with the kept key. */
export function contentOf(store: Store): Content {
  const header = keptHeader(KEK, HEADER)
  return store.snapshot((reader) => {
    const keys = new Keyring(header, KEK.slice(), { box: readAuditKey(reader) })
    const values: Record<string, string> = {}
    for (const project of allProjects(reader)) {
      for (const row of currentRows(reader, project)) {
        for (const version of [...archivedRows(reader, project, row.key), row]) {
          const value = openRow({ header, keys }, project, version)
          const times = `${toRfc3339(version.createdAt)} ${toRfc3339(version.updatedAt)}`
          values[`${project.name}/${row.key}@${version.version}`] =
            `${Buffer.from(value.reveal()).toString('latin1')} ${times}`
        }
      }
    }
    verifyChain(reader, keys.auditKey)
    verifyStructure(reader)
    return { values, current: currentProject(reader)?.name }
  })
}
