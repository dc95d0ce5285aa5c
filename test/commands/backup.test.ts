import { afterAll, beforeEach, describe, expect, test } from 'bun:test'
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import backup from '../../src/commands/backup.ts'
import { room } from './room.ts'
import type { Room } from './room.ts'

// The copy itself is the store's matter; here it is about which file may be replaced.
const folder = mkdtempSync(join(tmpdir(), 'tvault-backup-'))
const vault = join(folder, 'vault')
mkdirSync(join(vault, 'identities'), { recursive: true })
afterAll(() => rmSync(folder, { recursive: true, force: true }))

let here: Room
let written: { path: string; overwrite: boolean }[]
beforeEach(() => {
  here = room()
  written = []
  here.played.directory = vault
  here.played.backup = (path, { overwrite }) => {
    written.push({ path, overwrite })
    return { bytes: 45_056, secrets: 3, sha256: 'ab'.repeat(32) }
  }
})

describe('backup', () => {
  test('says where, how much and its digest', async () => {
    const path = join(folder, 'new.db')
    const { out, note, json } = await here.call(backup, { path })
    expect(out).toBe(`✓ Vault backed up to ${path}\n`)
    expect(note).toBe(`3 secret(s), 44 KiB (45056 bytes)\nsha256 ${'ab'.repeat(32)}`)
    expect(json).toMatchObject({ path, bytes: 45_056, secrets: 3, changed: true })
    expect(written).toEqual([{ path, overwrite: false }])
    expect(here.played.restores).toEqual([])
  })

  test('replaces an earlier backup of this vault', async () => {
    const path = join(folder, 'old.db')
    writeFileSync(path, 'as it was')
    await here.call(backup, { path })
    expect(written).toEqual([{ path, overwrite: true }])
    expect(here.played.restores).toEqual([{ path, dryRun: true }])
  })

  test('leaves a backup of another vault, and anything else, unless forced', async () => {
    const path = join(folder, 'other.db')
    writeFileSync(path, 'of another vault')
    here.played.restored = { ...here.played.restored, vaultId: 'another' }
    expect((await here.fails(backup, { path })).kind).toBe('conflict')
    expect(written).toEqual([])
    await here.call(backup, { path, force: true })
    expect(written).toEqual([{ path, overwrite: true }])
  })

  test.each(['vault.db', 'vault.db-lock'])(
    'never replaces %s, not by another name and not when forced',
    async (name) => {
      const live = join(vault, name)
      writeFileSync(live, 'live')
      const link = join(folder, `link-to-${name}`)
      symlinkSync(live, link)
      for (const path of [live, link]) {
        expect((await here.fails(backup, { path, force: true })).message).toBe('that is the vault itself')
      }
      expect(written).toEqual([])
    },
  )

  test('weak point D2: nothing in the directory of the vault is replaced, also when forced', async () => {
    if (!existsSync(join(folder, 'alias'))) symlinkSync(vault, join(folder, 'alias'))
    for (const name of ['vault/mcp-policy.yaml', 'vault/identities/default.key', 'alias/config.yaml', 'vault/new.db']) {
      const { kind, message } = await here.fails(backup, { path: join(folder, name), force: true })
      expect([kind, message]).toEqual(['failed', expect.stringContaining('lies in the vault directory')])
    }
    expect(written).toEqual([])
  })
})
