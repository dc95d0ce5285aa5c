// Making a vault: complete or not at all, never over anything, and one winner when several try (W1, W24).
import { describe, expect, test } from 'bun:test'
import { chmodSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { makeVault } from '../../src/context/place.ts'
import { failureOf } from '../failure.ts'
import { PASSPHRASE, makeFilledVault, makeRoot, secret, valueOf, withContext } from './fixture.ts'

const root = makeRoot('place')
const MAIN = join(import.meta.dir, '../../src/main.ts')

test('directory 0700, file 0600, nothing else left, and it opens', async () => {
  const directory = join(root, 'deep', 'vault')
  await makeFilledVault(directory, { A: 'one' })
  expect(statSync(directory).mode & 0o777).toBe(0o700)
  expect(statSync(join(directory, 'vault.db')).mode & 0o777).toBe(0o600)
  expect(readdirSync(directory).filter((name) => !/^vault\.db(-lock|-checked)?$/.test(name))).toEqual([])
  expect(await valueOf(directory, 'A')).toBe('one')
})

describe('nothing is replaced', () => {
  test.each(['', 'garbage'])('a vault.db that holds %j stays', async (content) => {
    const directory = join(root, `taken-${content}`)
    mkdirSync(directory, { mode: 0o700 })
    writeFileSync(join(directory, 'vault.db'), content)
    const create = () => withContext(directory, 'admin', (context) => context.create(secret(PASSPHRASE)))
    expect((await failureOf(create)).kind).toBe('conflict')
    expect(readFileSync(join(directory, 'vault.db'), 'utf8')).toBe(content)
    expect(readdirSync(directory)).toEqual(['vault.db'])
  })

  test('W24: a directory of other things that others may read is left as it is', async () => {
    const directory = join(root, 'shared')
    mkdirSync(directory)
    writeFileSync(join(directory, 'homework'), '')
    chmodSync(directory, 0o755)
    const create = () => withContext(directory, 'admin', (context) => context.create(secret(PASSPHRASE)))
    expect((await failureOf(create)).hint).toContain('chmod 700')
    expect(statSync(directory).mode & 0o777).toBe(0o755)
    expect(readdirSync(directory)).toEqual(['homework'])
  })

  test('when the filling fails, nothing stays, not even the directory', async () => {
    const directory = join(root, 'failing')
    const act = () =>
      makeVault(directory, 1000, () => {
        throw new Error('planted')
      })
    await expect(act()).rejects.toThrow('planted')
    expect(readdirSync(root)).not.toContain('failing')
  })

  test('a vault that appears while ours is being filled wins', async () => {
    const directory = join(root, 'late')
    const act = () => makeVault(directory, 1000, () => writeFileSync(join(directory, 'vault.db'), 'first'))
    expect((await failureOf(act)).kind).toBe('conflict')
    expect(readFileSync(join(directory, 'vault.db'), 'utf8')).toBe('first')
    expect(readdirSync(directory)).toEqual(['vault.db'])
  })
})

test('W1: of six racing inits with six passphrases one wins, and its vault is whole', async () => {
  const directory = join(root, 'race')
  const passphrases = Array.from({ length: 6 }, (_, i) => `${PASSPHRASE} ${i}`)
  const exits = await Promise.all(
    passphrases.map((TVAULT_PASSPHRASE) => {
      const env = { PATH: process.env['PATH'], TVAULT_DIR: directory, TVAULT_PASSPHRASE }
      const words = ['init', '--kdf-memory', '19MiB', '--kdf-passes', '2', '--kdf-lanes', '1']
      return Bun.spawn([process.execPath, MAIN, ...words], { env, stdout: 'ignore', stderr: 'ignore' }).exited
    }),
  )
  expect(exits.toSorted((a, b) => a - b)).toEqual([0, 10, 10, 10, 10, 10])
  const winner = passphrases[exits.indexOf(0)] ?? ''
  expect(readdirSync(directory).filter((name) => !/^vault\.db(-lock|-checked)?$/.test(name))).toEqual([])
  const write = async () =>
    withContext(directory, 'write', async (context) => (await context.vault()).write('default', 'A', secret('x')), {
      TVAULT_PASSPHRASE: winner,
    })
  expect((await write()).version).toBe(1)
  expect(await valueOf(directory, 'A', winner)).toBe('x')
})
