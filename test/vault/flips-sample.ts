// A small vault with everything a flipped byte could hide: two projects, versions, a value on pages of its own.
import { join } from 'node:path'
import { KDF_FLOOR } from '../../src/crypto/kdf.ts'
import { Secret } from '../../src/lib/secret.ts'
import { openLmdb } from '../../src/store/lmdb.ts'
import { TABLES } from '../../src/vault/schema.ts'
import { Vault } from '../../src/vault/vault.ts'
import { policyFor } from '../../src/commands/policy.ts'

export const FLIP_PASSPHRASE = 'flipped bytes'

/** Writes it to `path`. */
export async function flipSample(path: string): Promise<void> {
  const store = await openLmdb(path, { tables: TABLES, mode: 'create' })
  const vault = Vault.create(store, Secret.fromText(FLIP_PASSPHRASE), KDF_FLOOR)
  const principal = { kind: 'owner', interactive: false } as const
  const view = vault.view({ principal, command: 'set', effect: 'write', policy: policyFor(principal) })
  view.createProject('web', 'Current')
  for (const text of ['one', 'two', 'three']) view.write('web', 'KEY', Secret.fromText(text))
  view.write('web', 'KIN', Secret.fromText('next to it'))
  view.write('web', 'LONG', Secret.fromText('long '.repeat(2000)))
  view.write('default', 'ONLY', Secret.fromText('alone'))
  view.useProject('web')
  await store.close()
}

export interface FlipCounts {
  tries: number
  refused: number
  answered: number
  faults: string[]
}

/** Flips every `step`th byte of the vault file at `path` in a child process. Throws when that died. */
export function flipAll(path: string, step: number): FlipCounts {
  const child = Bun.spawnSync([process.execPath, join(import.meta.dir, 'flips.ts'), path, String(step)], {
    stdout: 'pipe',
    stderr: 'pipe',
  })
  if (child.exitCode !== 0)
    throw new Error(`${child.signalCode ?? child.exitCode}: ${child.stderr.toString().slice(-800)}`)
  return JSON.parse(child.stdout.toString()) as FlipCounts
}
