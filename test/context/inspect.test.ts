// The look of status and doctor: the right state for everything that can be there, never an exception (W11).
import { describe, expect, test } from 'bun:test'
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  readFileSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import type { Inspection } from '../../src/commands/context.ts'
import { makeFilledVault, makeRoot, withContext } from './fixture.ts'

const root = makeRoot('inspect')
const vault = join(root, 'vault')
await makeFilledVault(vault, { A: 'one' })

const inspect = (directory: string, deep: boolean, variables: Record<string, string> = {}): Promise<Inspection> =>
  withContext(directory, 'none', (context) => context.inspect({ deep }), variables)

const check = ({ checks }: Inspection, name: string) => checks.find((candidate) => candidate.name === name)

test('a sound vault', async () => {
  const shallow = await inspect(vault, false)
  expect(shallow).toMatchObject({ state: 'ok', directory: vault })
  expect(shallow.detail).toBeUndefined()
  const deep = await inspect(vault, true)
  expect(deep.checks.filter(({ status }) => status === 'fail')).toEqual([])
  expect(check(deep, 'contents')?.detail).toContain('1 project(s), 1 secret(s)')
  expect(check(deep, 'integrity')?.status).toBe('ok')
})

describe('W11: states', () => {
  test.each([
    ['nothing', () => {}, 'absent'],
    ['empty', (path: string) => writeFileSync(path, ''), 'corrupt'],
    ['text', (path: string) => writeFileSync(path, 'hello '.repeat(3000)), 'foreign'],
    ['folder', (path: string) => mkdirSync(path), 'foreign'],
    ['link', (path: string) => symlinkSync(join(vault, 'vault.db'), path), 'foreign'],
    [
      'cut',
      (path: string) => {
        copyFileSync(join(vault, 'vault.db'), path)
        truncateSync(path, 12_288)
      },
      'corrupt',
    ],
    [
      'overwritten',
      (path: string) => {
        const bytes = readFileSync(join(vault, 'vault.db'))
        bytes.fill(0xff, 8192)
        writeFileSync(path, bytes)
      },
      'corrupt',
    ],
  ] as const)('%s', async (name, make, state) => {
    const directory = join(root, name)
    mkdirSync(directory, { mode: 0o700 })
    make(join(directory, 'vault.db'))
    for (const deep of [false, true]) {
      const found = await inspect(directory, deep)
      expect(found.state).toBe(state)
      if (state === 'absent') continue
      expect(check(found, 'vault')?.status).toBe('fail')
      expect(found.detail).not.toContain('tvault init')
    }
  })

  test('no directory, a file or a link in its place', async () => {
    expect((await inspect(join(root, 'none'), true)).state).toBe('absent')
    writeFileSync(join(root, 'file'), '')
    symlinkSync(vault, join(root, 'alias'))
    for (const name of ['file', 'alias']) {
      const found = await inspect(join(root, name), false)
      expect(found.state).not.toBe('ok')
      expect(found.state).not.toBe('absent')
      expect(check(found, 'vault dir')?.status).toBe('fail')
    }
  })
})

describe('surroundings', () => {
  test('loose modes are warned about and left alone', async () => {
    const directory = join(root, 'loose')
    await makeFilledVault(directory)
    chmodSync(directory, 0o755)
    chmodSync(join(directory, 'vault.db'), 0o644)
    const found = await inspect(directory, true)
    expect(check(found, 'dir perms')).toMatchObject({ status: 'warn', detail: expect.stringContaining('chmod 700') })
    expect(check(found, 'file perms')).toMatchObject({ status: 'warn', detail: expect.stringContaining('chmod 600') })
    expect(found.state).toBe('ok')
  })

  test('what a killed command left behind is shown once it is old', async () => {
    const directory = join(root, 'killed')
    await makeFilledVault(directory)
    writeFileSync(join(directory, 'vault.db.new-1'), '')
    expect(check(await inspect(directory, true), 'leftovers')).toBeUndefined()
    utimesSync(join(directory, 'vault.db.new-1'), 1, 1)
    expect(check(await inspect(directory, true), 'leftovers')?.detail).toContain('vault.db.new-1')
  })

  test('the source of the passphrase is named and never used', async () => {
    const used = join(root, 'used')
    const source = async (variables: Record<string, string>) =>
      check(await inspect(vault, true, variables), 'unlock source')?.detail
    expect(await source({ TVAULT_PASSPHRASE: 'topsecret' })).toBe('TVAULT_PASSPHRASE')
    expect(await source({ TVAULT_PASSPHRASE_COMMAND: `touch ${used}` })).toBe('TVAULT_PASSPHRASE_COMMAND')
    expect(await Bun.file(used).exists()).toBeFalse()
    expect(JSON.stringify(await inspect(vault, true, { TVAULT_PASSPHRASE: 'topsecret' }))).not.toContain('topsecret')
  })

  test('a broken configuration fails', async () => {
    const path = join(root, 'broken.yaml')
    writeFileSync(path, 'agent: [}')
    expect(check(await inspect(vault, true, { TVAULT_CONFIG: path }), 'config')?.status).toBe('fail')
  })
})
