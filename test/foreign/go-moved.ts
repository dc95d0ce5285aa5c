// A Go vault read and moved into a vault in memory, in process: what the tests of this folder look at.
import { Bbolt } from '../../src/foreign/bbolt.ts'
import { makePlan } from '../../src/foreign/go-plan.ts'
import { Damages } from '../../src/foreign/go-remarks.ts'
import { damageFailure, goSource } from '../../src/foreign/go-source.ts'
import { GO_KDF, GoVault } from '../../src/foreign/go-vault.ts'
import { openMemory } from '../../src/store/memory.ts'
import { TABLES } from '../../src/vault/schema.ts'
import { plantVault } from '../../src/vault/transplant.ts'
import type { Plan } from '../../src/foreign/go-plan.ts'
import type { Store } from '../../src/store/store.ts'
import type { AuditNote } from '../../src/vault/audit.ts'
import { inMemory } from './bbolt-file.ts'
import { KEK } from './go-file.ts'

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
