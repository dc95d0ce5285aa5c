// What the tests of the vault share: a small vault with the cheapest allowed key derivation, and askers.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect } from 'bun:test'
import { KDF_FLOOR } from '../../src/crypto/kdf-parameters.ts'
import { Secret } from '../../src/lib/secret.ts'
import { openLmdb } from '../../src/store/lmdb.ts'
import { openMemory } from '../../src/store/memory.ts'
import { TABLES } from '../../src/vault/schema.ts'
import { Vault } from '../../src/vault/vault.ts'
import { failure } from '../failure.ts'
import { WORDS } from './words.ts'
import type { FailureKind } from '../../src/lib/errors.ts'
import type { Asker, Effect, Policy, Question } from '../../src/lib/gate.ts'
import type { Store } from '../../src/store/store.ts'
import type { View } from '../../src/vault/view.ts'

const cleanup: (() => unknown)[] = []
afterAll(async () => {
  for (const undo of cleanup.splice(0).toReversed()) await undo()
})

export function passphrase(words = WORDS): Secret {
  return Secret.fromText(words)
}

export const everything: Policy = { keyless: true, decide: () => ({ allow: true, rule: 'owner' }) }

/** A policy that refuses what `refuses` says, by rule `test`. */
export function policyOf(refuses: (question: Question) => boolean): Policy {
  return { decide: (question) => ({ allow: !refuses(question), rule: 'test' }) }
}

export function owner(effect: Effect = 'reveal', command = 'get', policy: Policy = everything): Asker {
  return { principal: { kind: 'owner', interactive: true }, command, effect, policy }
}

/** Someone who is not the owner: a kind of principal that comes later, made here by force. */
export function stranger(effect: Effect, policy: Policy): Asker {
  return {
    principal: { kind: 'guest', interactive: false } as unknown as Asker['principal'],
    command: 'get',
    effect,
    policy,
  }
}

export function memory(): Store {
  return openMemory({ tables: TABLES })
}

/** A store on disk, in a directory that is removed after the tests of the file. */
export async function disk(directory = scratch()): Promise<Store> {
  const store = await openLmdb(join(directory, 'vault.db'), { tables: TABLES, mode: 'create' })
  cleanup.push(() => store.close())
  return store
}

/** What the vault must behave the same on. */
export const BACKENDS = [
  { name: 'memory', open: async () => memory() },
  { name: 'lmdb', open: () => disk() },
]

export interface Made {
  store: Store
  vault: Vault
  view: View
}

/** A new vault on `store`, unlocked, with a view that may do everything. */
export function made(store: Store = memory()): Made {
  const vault = Vault.create(store, passphrase(), KDF_FLOOR)
  return { store, vault, view: vault.view(owner()) }
}

export function secret(value: string | Uint8Array): Secret {
  return typeof value === 'string' ? Secret.fromText(value) : new Secret(value.slice())
}

export function put(view: View, key: string, value: string | Uint8Array, project = 'default'): number {
  return view.write(project, key, secret(value)).version
}

/** The value as text, wiped behind it. */
export function shown(value: Secret): string {
  const words = new TextDecoder().decode(value.reveal())
  value.wipe()
  return words
}

export function get(view: View, key: string, version?: number, project = 'default'): string {
  return shown(view.read(project, key, version === undefined ? {} : { version }))
}

export function expectKind(act: () => unknown, kind: FailureKind): void {
  expect(failure(act).kind).toBe(kind)
}

/** Changes one stored row behind the vault's back; undefined removes it. */
export function plant(store: Store, table: string, key: Uint8Array, value: Uint8Array | undefined): void {
  store.commit((writer) => {
    if (value) writer.put(table, key, value)
    else writer.delete(table, key)
  })
}

/** All rows of a table. */
export function rows(store: Store, table: string): { key: Uint8Array; value: Uint8Array }[] {
  return Array.from(store.range(table))
}

/** A directory of this test file, removed afterwards. */
export function scratch(): string {
  const directory = mkdtempSync(join(tmpdir(), 'tvault-test-'))
  cleanup.push(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}
