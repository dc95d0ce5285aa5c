// A small vault with everything a flipped byte could hide: two projects, versions, a value on pages of its own.
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { KDF_FLOOR } from '../../src/crypto/kdf-parameters.ts'
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

/** LMDB keeps a little of every opening until the process ends, so each process does so many. */
const TRIES_OF_A_CHILD = 4000

/** Flips every `step`th byte of the vault file at `path`, in child processes. Throws when one died. */
export function flipAll(path: string, step: number): FlipCounts {
  const total: FlipCounts = { tries: 0, refused: 0, answered: 0, faults: [] }
  const bytes = statSync(path).size
  for (let first = 0; first < bytes; first += TRIES_OF_A_CHILD * step) {
    const range = [first, first + TRIES_OF_A_CHILD * step].map(String)
    const words = [process.execPath, join(import.meta.dir, 'flips.ts'), path, String(step), ...range]
    const child = Bun.spawnSync(words, { stdout: 'pipe', stderr: 'pipe' })
    if (child.exitCode !== 0) {
      throw new Error(
        `bytes from ${first}: ${child.signalCode ?? child.exitCode}: ${child.stderr.toString().slice(-800)}`,
      )
    }
    const counts = JSON.parse(child.stdout.toString()) as FlipCounts
    for (const name of ['tries', 'refused', 'answered'] as const) total[name] += counts[name]
    total.faults.push(...counts.faults)
  }
  return total
}
