// The key that is begun with before the vault is open: it is used for the vault it was begun for and never for another,
// and it decides nothing.
import { expect, test } from 'bun:test'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beginEarly, beginKey } from '../../src/context/ahead.ts'
import { core } from '../../src/crypto/core.ts'
import { failureOf } from '../failure.ts'
import { remains } from '../crypto/memory.ts'
import { PASSPHRASE, makeFilledVault, makeRoot, secret, valueOf, withContext } from './fixture.ts'

const root = makeRoot('ahead')
const [one, two] = [join(root, 'one'), join(root, 'two')]
await makeFilledVault(one, { A: 'of one' })
await makeFilledVault(two, { A: 'of two' })

/** How often a derivation was begun anew while `use` ran, and how often early. */
async function counted(use: () => Promise<unknown>): Promise<{ early: number; asked: number }> {
  const argon2 = core.argon2()!
  const { begin, derive } = argon2
  const counts = { early: 0, asked: 0 }
  argon2.begin = (...given) => {
    counts.early++
    begin(...given)
  }
  argon2.derive = (...given) => {
    counts.asked++
    return derive(...given)
  }
  try {
    await use()
    return counts
  } finally {
    Object.assign(argon2, { begin, derive })
  }
}

test('a passphrase that is known is begun with, and opens the vault', async () => {
  expect(await counted(async () => expect(await valueOf(one, 'A')).toBe('of one'))).toEqual({ early: 1, asked: 1 })
})

test('what was begun for another vault, or with another passphrase, is not used', async () => {
  await beginKey(two, secret(PASSPHRASE))
  expect(await valueOf(one, 'A')).toBe('of one')
  await beginKey(one, secret('wrong'))
  expect(await valueOf(one, 'A')).toBe('of one')
  await beginKey(one, secret(PASSPHRASE))
  expect(await failureOf(() => valueOf(one, 'A', 'wrong'))).toMatchObject({ kind: 'wrong_passphrase' })
})

test('it is wiped when it is thrown away, and the passphrase when it was taken', async () => {
  const passphrase = secret(PASSPHRASE)
  const drop = await beginKey(one, passphrase)
  expect(passphrase.size).toBe(0)
  drop()
  expect(remains(core.argon2()!.memory)).toEqual([])
})

test.each([
  ['nothing', (): void => {}],
  ['text', (path: string) => writeFileSync(path, 'hello '.repeat(2000))],
  ['a FIFO', (path: string): void => void Bun.spawnSync(['mkfifo', path])],
])('where there is %s nothing is begun', async (name, make) => {
  const directory = join(root, `with ${name}`)
  mkdirSync(directory, { mode: 0o700 })
  make(join(directory, 'vault.db'))
  const began = await counted(async () => {
    await beginKey(directory, secret(PASSPHRASE))
  })
  expect(began).toEqual({ early: 0, asked: 0 })
})

test.each([
  [['get', 'A'], {}, 1],
  [['get', 'A', '--help'], {}, 0],
  [['list'], {}, 0],
  [['get', 'A'], { TVAULT_PASSPHRASE: '' }, 0],
  [['get', 'A'], { TVAULT_DIR: 'nowhere' }, 0],
] as const)('the words %j with %j', async (tokens, variables, early) => {
  const given = { TVAULT_DIR: one, TVAULT_PASSPHRASE: PASSPHRASE, ...variables }
  const before = { ...process.env }
  Object.assign(process.env, given)
  try {
    expect(await counted(() => beginEarly(tokens))).toEqual({ early, asked: 0 })
    for (const [name, value] of Object.entries(given)) expect(process.env[name]).toBe(value)
  } finally {
    for (const name of Object.keys(given)) delete process.env[name]
    Object.assign(process.env, before)
    core.argon2()!.drop()
  }
})

test('with an agent at the vault nothing is begun', async () => {
  writeFileSync(join(two, 'agent.sock'), '')
  await withContext(
    two,
    'list',
    async () => {
      process.env['TVAULT_DIR'] = two
      try {
        expect(await counted(() => beginEarly(['get', 'A']))).toEqual({ early: 0, asked: 0 })
      } finally {
        delete process.env['TVAULT_DIR']
      }
    },
    { TVAULT_PASSPHRASE: PASSPHRASE },
  )
})
