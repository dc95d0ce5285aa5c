// Restoring: only a sound vault takes the place, the replaced one stays, and every refusal changes nothing (W2–W4).
import { describe, expect, test } from 'bun:test'
import { copyFileSync, linkSync, mkdirSync, readFileSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Restored } from '../../src/commands/context.ts'
import { openLmdb } from '../../src/store/lmdb.ts'
import { TABLES, decodeSecret, encodeSecret } from '../../src/vault/schema.ts'
import { failureOf } from '../failure.ts'
import { PASSPHRASE, makeFilledVault, makeRoot, valueOf, withContext } from './fixture.ts'

const root = makeRoot('restore')
const source = join(root, 'source')
const backup = join(root, 'backup.db')
await makeFilledVault(source, { A: 'one', B: 'two' })
await withContext(source, 'admin', async (context) => (await context.names()).backup(backup, { overwrite: false }))

let next = 0
const place = () => join(root, `place-${next++}`)

function restore(
  directory: string,
  path = backup,
  options: { dryRun?: boolean; variables?: Record<string, string> } = {},
): Promise<Restored> {
  const { dryRun = false, variables } = options
  return withContext(directory, 'admin', (context) => context.restore(path, { dryRun }), variables)
}

/** Names and content of every file. */
function state(directory: string): Record<string, string> {
  return Object.fromEntries(
    readdirSync(directory)
      .filter((name) => !['vault.db-checked', 'vault.db-lock'].includes(name))
      .map((name) => [name, readFileSync(join(directory, name)).toString('latin1')]),
  )
}

describe('puts the backup in place', () => {
  test('of nothing, in a fresh directory', async () => {
    const directory = join(place(), 'deep')
    const restored = await restore(directory)
    expect(restored).toMatchObject({ projects: 1, secrets: 2, verified: 'values', kept: undefined })
    expect(await valueOf(directory, 'A')).toBe('one')
    expect(Object.keys(state(directory))).toEqual(['vault.db'])
  })

  test('of another vault, which stays beside it and still opens', async () => {
    const directory = place()
    await makeFilledVault(directory, { A: 'other' })
    const { kept = '' } = await restore(directory)
    expect(kept).toMatch(/vault\.db\.before-restore-\d{8}T\d{6}\.\d{3}Z$/)
    expect(await valueOf(directory, 'A')).toBe('one')
    const old = place()
    mkdirSync(old, { mode: 0o700 })
    copyFileSync(kept, join(old, 'vault.db'))
    expect(await valueOf(old, 'A')).toBe('other')
  })

  test.each([['garbage'], ['']])('of a broken file (%j), which stays as well', async (content) => {
    const directory = place()
    mkdirSync(directory, { mode: 0o700 })
    writeFileSync(join(directory, 'vault.db'), content)
    const { kept = '' } = await restore(directory)
    expect(readFileSync(kept, 'utf8')).toBe(content)
    expect(await valueOf(directory, 'B')).toBe('two')
    expect(Object.keys(state(directory))).toHaveLength(2)
  })

  test('of a vault that is damaged deep inside', async () => {
    const directory = place()
    await makeFilledVault(directory, { A: 'other' })
    const bytes = readFileSync(join(directory, 'vault.db'))
    bytes.fill(0xff, 8192)
    writeFileSync(join(directory, 'vault.db'), bytes)
    await restore(directory)
    expect(await valueOf(directory, 'A')).toBe('one')
  })

  test('without a passphrase the structure is checked', async () => {
    const directory = place()
    expect((await restore(directory, backup, { variables: {} })).verified).toBe('structure')
    expect(await valueOf(directory, 'A')).toBe('one')
  })

  test('an open reader of the old vault goes on, and a new one sees the new', async () => {
    const directory = place()
    await makeFilledVault(directory, { OLD: 'x' })
    await withContext(directory, 'list', async (context) => {
      const names = await context.names()
      expect(names.list('default').map(({ key }) => key)).toEqual(['OLD'])
      const env = { PATH: process.env['PATH'], TVAULT_DIR: directory, TVAULT_PASSPHRASE: PASSPHRASE }
      const words = [process.execPath, join(import.meta.dir, '../../src/main.ts'), 'restore', backup, '-y']
      expect(await Bun.spawn(words, { env, stdout: 'ignore', stderr: 'ignore' }).exited).toBe(0)
      expect(names.list('default').map(({ key }) => key)).toEqual(['OLD'])
    })
    expect(await valueOf(directory, 'A')).toBe('one')
  })
})

describe('a dry run', () => {
  test('changes nothing and tells the same', async () => {
    const directory = place()
    await makeFilledVault(directory, { A: 'other' })
    const before = state(directory)
    expect(await restore(directory, backup, { dryRun: true })).toMatchObject({ secrets: 2, kept: undefined })
    expect(state(directory)).toEqual(before)
    const fresh = place()
    await restore(fresh, backup, { dryRun: true })
    expect(readdirSync(root)).not.toContain(fresh.slice(root.length + 1))
  })
})

describe('W4, defect 8: refuses, and changes nothing', () => {
  const refused = async (path: string, variables?: Record<string, string>) => {
    const directory = place()
    await makeFilledVault(directory, { A: 'other' })
    const before = state(directory)
    const failure = await failureOf(() => restore(directory, path, variables === undefined ? {} : { variables }))
    expect(state(directory)).toEqual(before)
    const fresh = place()
    await failureOf(() => restore(fresh, path, variables === undefined ? {} : { variables }))
    expect(readdirSync(root)).not.toContain(fresh.slice(root.length + 1))
    return failure
  }

  test.each([
    ['a text', (path: string) => writeFileSync(path, 'root:x:0:0'), 'failed'],
    ['an empty file', (path: string) => writeFileSync(path, ''), 'failed'],
    ['a directory', (path: string) => mkdirSync(path), 'failed'],
    ['a link', (path: string) => symlinkSync(backup, path), 'failed'],
    ['nothing', () => {}, 'failed'],
    ['a truncated backup', (path: string) => writeFileSync(path, readFileSync(backup).subarray(0, 12_288)), 'corrupt'],
    [
      'a backup with its pages overwritten',
      (path: string) => {
        const bytes = readFileSync(backup)
        bytes.fill(0xff, 8192)
        writeFileSync(path, bytes)
      },
      'corrupt',
    ],
  ] as const)('%s', async (name, make, kind) => {
    const path = join(root, name)
    make(path)
    expect((await refused(path)).kind).toBe(kind)
  })

  test('a flipped bit is noticed or lies in a place that is not used', async () => {
    const bytes = readFileSync(backup)
    const path = join(root, 'flipped')
    const kinds = new Set<string>()
    for (let i = 8192 + 24; i < bytes.length; i += 997) {
      const changed = Buffer.from(bytes)
      changed[i] = (changed[i] ?? 0) ^ 1
      writeFileSync(path, changed)
      try {
        await restore(place(), path, { dryRun: true })
        kinds.add('ok')
      } catch (error) {
        kinds.add((error as { kind?: string }).kind ?? String(error))
      }
    }
    expect(kinds).toContain('corrupt')
    expect([...kinds].filter((kind) => !['ok', 'corrupt', 'wrong_passphrase'].includes(kind))).toEqual([])
  })

  test('a forged value in an otherwise sound file, found with the passphrase', async () => {
    const forged = join(root, 'forged.db')
    copyFileSync(backup, forged)
    const store = await openLmdb(forged, { tables: TABLES, mode: 'write' })
    store.commit((writer) => {
      for (const { key, value } of Array.from(writer.range('secrets'))) {
        const record = decodeSecret(key, value)
        record.box[record.box.length - 1] = (record.box.at(-1) ?? 0) ^ 1
        writer.put('secrets', key, encodeSecret(key, record))
      }
    })
    await store.close()
    expect((await restore(place(), forged, { dryRun: true, variables: {} })).verified).toBe('structure')
    expect((await refused(forged)).kind).toBe('corrupt')
  })

  test('a wrong passphrase', async () => {
    const failure = await refused(backup, { TVAULT_PASSPHRASE: 'wrong' })
    expect(failure.kind).toBe('wrong_passphrase')
  })

  test('the vault itself, under any name', async () => {
    const directory = place()
    await makeFilledVault(directory, { A: 'other' })
    linkSync(join(directory, 'vault.db'), join(directory, 'twin'))
    symlinkSync('vault.db', join(directory, 'alias'))
    for (const name of ['vault.db', 'twin', 'alias']) {
      expect((await failureOf(() => restore(directory, join(directory, name)))).kind).toBe('usage')
    }
    expect(await valueOf(directory, 'A')).toBe('other')
  })

  test('a Go vault in the place', async () => {
    const directory = place()
    mkdirSync(directory, { mode: 0o700 })
    const page = Buffer.alloc(16_384)
    for (const at of [0, 4096]) page.writeUInt32LE(0xed0cdaed, at + 16)
    writeFileSync(join(directory, 'vault.db'), page)
    const before = state(directory)
    const { kind, hint } = await failureOf(() => restore(directory))
    expect([kind, hint]).toEqual(['failed', expect.stringContaining('tvault migrate')])
    expect(state(directory)).toEqual(before)
  })
})
