// Vault directories and contexts for the tests of this folder. Key derivation is as cheap as the floor allows.
import { afterAll } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Ask, Context } from '../../src/commands/context.ts'
import type { Command } from '../../src/commands/define.ts'
import { createContext } from '../../src/context.ts'
import { KDF_FLOOR } from '../../src/crypto/kdf-parameters.ts'
import { Failure } from '../../src/lib/errors.ts'
import type { Effect } from '../../src/lib/gate.ts'
import { Secret } from '../../src/lib/secret.ts'
import { resolveGlobals } from '../../src/settings.ts'

export const PASSPHRASE = 'plover drum cinder maple'

/** A directory that is removed after the tests of the file. */
export function makeRoot(name: string): string {
  const root = mkdtempSync(join(tmpdir(), `${name}-`))
  afterAll(() => rmSync(root, { recursive: true, force: true }))
  return root
}

export function secret(text: string): Secret {
  return Secret.fromText(text)
}

export function stubCommand(effect: Effect, path = 'probe'): Command {
  return {
    path,
    about: '',
    effect,
    on: ['cli'],
    holdsKeys: false,
    input: {},
    examples: [],
    run: () => undefined,
  }
}

/** Runs `use` with a context whose environment additionally holds `variables`. */
export async function withContext<T>(
  directory: string,
  effect: Effect,
  use: (context: Context) => Promise<T>,
  variables: Record<string, string> = { TVAULT_PASSPHRASE: PASSPHRASE },
  path = 'probe',
): Promise<T> {
  const before = { ...process.env }
  for (const name of Object.keys(process.env)) if (name.startsWith('TVAULT_')) delete process.env[name]
  Object.assign(process.env, variables)
  try {
    const globals = resolveGlobals({ vault: directory })
    const context = await createContext({ globals, command: stubCommand(effect, path), catalog: () => [] })
    try {
      return await use(context)
    } finally {
      await context.release()
    }
  } finally {
    for (const name of Object.keys(variables)) delete process.env[name]
    Object.assign(process.env, before)
  }
}

/** Makes a vault with the given secrets in project `default`. */
export async function makeFilledVault(directory: string, secrets: Record<string, string> = {}): Promise<void> {
  await withContext(directory, 'admin', (context) => context.create(secret(PASSPHRASE), KDF_FLOOR))
  await withContext(directory, 'write', async (context) => {
    const view = await context.vault()
    for (const [key, value] of Object.entries(secrets)) view.write('default', key, secret(value))
  })
}

/** The value of a secret, read through a context of its own. */
export function valueOf(directory: string, key: string, passphrase = PASSPHRASE): Promise<string> {
  return withContext(
    directory,
    'reveal',
    async (context) => Buffer.from((await context.vault()).read('default', key).reveal()).toString(),
    { TVAULT_PASSPHRASE: passphrase },
  )
}

/** A person who answers hidden questions with the given lines, in order; the questions are collected. */
export function person(lines: readonly string[]): Ask & { questions: string[] } {
  const left = [...lines]
  const questions: string[] = []
  return {
    questions,
    possible: true,
    async hidden(label) {
      questions.push(label)
      const line = left.shift()
      if (line === undefined) throw new Failure('cancelled', 'cancelled')
      return secret(line)
    },
    confirm: async () => false,
    choose: async () => [],
  }
}

/** Nobody is there. */
export const nobody: Ask = {
  possible: false,
  hidden: async () => {
    throw new Failure('locked', 'there is no terminal')
  },
  confirm: async () => false,
  choose: async () => [],
}
