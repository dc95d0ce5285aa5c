// What only a file can show: nothing decryptable is left in its bytes, other processes write at the same time, and a
// copy is a vault.
import { readFileSync, readdirSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'bun:test'
import { sha256 } from '../../src/crypto/keys.ts'
import { Identity } from '../../src/crypto/recipient.ts'
import { openLmdb } from '../../src/store/lmdb.ts'
import { decodeRecipients } from '../../src/vault/recipient-rows.ts'
import { META, TABLES } from '../../src/vault/schema.ts'
import { Vault } from '../../src/vault/vault.ts'
import { failureOf } from '../failure.ts'
import { disk, get, made, owner, passphrase, put, rows, scratch, secret } from './fixture.ts'
import type { Store } from '../../src/store/store.ts'

/** Every file in the directory of the store. */
function bytesOf(store: Store): Buffer {
  const directory = dirname(store.path!)
  return Buffer.concat(readdirSync(directory).map((name) => readFileSync(join(directory, name))))
}

/** How many of the 16-byte windows of `part` are somewhere in `whole`. */
function windows(whole: Buffer, part: Uint8Array): number {
  let found = 0
  for (let at = 0; at + 16 <= part.length; at++) if (whole.includes(part.subarray(at, at + 16))) found++
  return found
}

const boxOf = (record: Uint8Array) => record.slice(21, -4)
const wrappedKeyOf = (record: Uint8Array) => record.slice(-64, -4)

describe('defect 3: after a destruction no byte of it is in the file', () => {
  const value = () => crypto.getRandomValues(new Uint8Array(200))

  async function filled() {
    const all = made(await disk())
    all.view.createProject('web', 'shop')
    for (const project of ['default', 'web']) {
      for (const key of ['DOOMED', 'KEPT']) for (let i = 0; i < 3; i++) put(all.view, key, value(), project)
      // A value of many pages lies in pages of its own.
      put(all.view, 'LARGE', crypto.getRandomValues(new Uint8Array(20_000)), project)
    }
    return all
  }

  const named = (store: Store, key: string) =>
    [...rows(store, 'secrets'), ...rows(store, 'history')].filter((row) => Buffer.from(row.key).includes(key))

  function expectGone(store: Store, parts: readonly Uint8Array[]): void {
    const whole = bytesOf(store)
    expect(parts.length).toBeGreaterThan(0)
    for (const part of parts) expect([whole.includes(part), windows(whole, part.slice(0, 400))]).toEqual([false, 0])
  }

  test('a deleted secret with its history', async () => {
    const { store, view } = await filled()
    const gone = [...named(store, 'DOOMED'), ...named(store, 'LARGE')].map((row) => boxOf(row.value))
    const kept = named(store, 'KEPT').map((row) => boxOf(row.value))
    expect(windows(bytesOf(store), gone[0]!)).toBe(gone[0]!.length - 15)
    for (const project of ['default', 'web']) await view.delete(project, ['DOOMED', 'LARGE'])
    expectGone(store, gone)
    for (const box of kept) expect(bytesOf(store).includes(box)).toBe(true)
    expect(view.verifyAll()).toEqual({ values: 2, versions: 6 })
    view.verifyAudit()
  })

  test('a deleted project with its key', async () => {
    const { store, view } = await filled()
    const [web] = rows(store, 'projects').filter((row) => Buffer.from(row.value).includes('shop'))
    const id = Buffer.from(web!.key)
    const gone = [...rows(store, 'secrets'), ...rows(store, 'history')].filter((row) =>
      Buffer.from(row.key).includes(id),
    )
    await view.deleteProject('web')
    expectGone(store, [wrappedKeyOf(web!.value), web!.key, ...gone.map((row) => boxOf(row.value))])
    view.verifyAll()
  })

  test('the old wrapped keys, salt and verifier after a rotation', async () => {
    const { store, vault, view } = await filled()
    const { salt, verifier } = vault.header
    const gone = [...rows(store, 'projects').map((row) => wrappedKeyOf(row.value)), salt, verifier]
    gone.push(store.get('meta', META.auditKey)!.slice(1, -4))
    const { head } = view.verifyAudit()
    await view.rotate(passphrase('new words'))
    expectGone(store, gone)
    expect(view.verifyAll()).toEqual({ values: 6, versions: 14 })
    view.verifyAudit(head)
  })

  test('what was wrapped for a recipient, and every box of before, after it was taken out', async () => {
    const { store, view } = await filled()
    const [leaver, stayer] = [Identity.generate(), Identity.generate()]
    for (const { recipient } of [leaver, stayer]) view.share('web', recipient.text)
    const [web] = rows(store, 'projects').filter((row) => Buffer.from(row.value).includes('shop'))
    const list = decodeRecipients(web!.key, store.get('recipients', web!.key)!)
    const boxes = [...rows(store, 'secrets'), ...rows(store, 'history')]
      .filter((row) => Buffer.from(row.key).includes(Buffer.from(web!.key)))
      .map((row) => boxOf(row.value))
    const stanzas = list.flatMap(({ stanza, signer }) => [stanza, signer])
    await view.unshare('web', leaver.recipient.text)
    expectGone(store, [wrappedKeyOf(web!.value), leaver.recipient.publicKey, ...stanzas, ...boxes])
    expect(bytesOf(store).includes(stayer.recipient.publicKey)).toBe(true)
    expect(view.verifyAll()).toEqual({ values: 6, versions: 14 })
    view.verifyAudit()
  })

  test('and only the vault, its lock file and its stamp are left in the directory', async () => {
    const { store, view } = await filled()
    await view.delete('default', ['DOOMED'])
    await view.rotate(passphrase('new words'))
    expect((await failureOf(view.delete('default', ['DOOMED']))).kind).toBe('not_found')
    expect(readdirSync(dirname(store.path!)).toSorted()).toEqual(['vault.db', 'vault.db-checked', 'vault.db-lock'])
  })
})

describe('processes', () => {
  const run = (path: string, name: string, count: number) =>
    Bun.spawn([process.execPath, join(import.meta.dir, 'writer.ts'), path, name, `${count}`], { stderr: 'pipe' })

  test('eight that write the same key at once: every write is there, every version once', async () => {
    const { store, view } = made(await disk())
    const children = Array.from({ length: 8 }, (_, i) => run(store.path!, `P${i}`, 25))
    for (const child of children) {
      const exit = await child.exited
      expect([exit, await new Response(child.stderr).text()]).toEqual([0, ''])
    }
    const history = view.history('default', 'COUNT')
    expect(history.map((info) => info.version)).toEqual(Array.from({ length: 200 }, (_, i) => i + 1))
    const values = new Set(history.map((info) => get(view, 'COUNT', info.version)))
    expect(values.size).toBe(200)
    expect(view.list('default').length).toBe(201)
    expect(view.verifyAll()).toEqual({ values: 201, versions: 400 })
    expect(view.verifyAudit().rows).toBe(2 + 400 + 200)
  }, 60_000)

  test('one that was unlocked before another rotated writes nothing; after a deletion elsewhere it goes on', async () => {
    const { store, view } = made(await disk())
    put(view, 'KEY', 'one')
    put(view, 'OTHER', 'x')
    const act = (what: string) =>
      Bun.spawnSync([process.execPath, join(import.meta.dir, 'replacer.ts'), store.path!, what], { stderr: 'inherit' })
    expect(act('delete').exitCode).toBe(0)
    expect(put(view, 'KEY', 'two')).toBe(2)
    expect((await failureOf(view.delete('default', ['OTHER']))).kind).toBe('not_found')
    expect(act('rotate').exitCode).toBe(0)
    expect((await failureOf((async () => view.write('default', 'KEY', secret('lost')))())).message).toBe(
      'the passphrase was changed meanwhile',
    )
    const again = Vault.open(store)
    again.unlock(passphrase('other words'))
    expect(get(again.view(owner()), 'KEY')).toBe('two')
  }, 30_000)
})

describe('backup', () => {
  test('is a vault of the same passphrase, checked, hashed, and readable by the owner only', async () => {
    const store = await disk()
    Vault.create(store, passphrase(), { memoryKib: 19_456, passes: 2, lanes: 1 }).lock()
    let checked = ''
    const openCopy = async (path: string) => {
      checked = path
      return openLmdb(path, { tables: TABLES, mode: 'read' })
    }
    const vault = Vault.open(store, { openCopy })
    vault.unlock(passphrase())
    const view = vault.view(owner())
    put(view, 'KEY', 'one')
    put(view, 'KEY', 'two')
    const path = join(scratch(), 'copy.db')
    const result = await vault.names(owner('list', 'backup')).backup(path, { overwrite: false })
    const file = readFileSync(path)
    expect(result).toEqual({ bytes: file.length, secrets: 1, sha256: sha256(file).toHex() })
    expect(checked).toBe(path)
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect((await failureOf(view.backup(path, { overwrite: false }))).kind).toBe('conflict')
    await view.backup(path, { overwrite: true })

    const copy = await openLmdb(path, { tables: TABLES, mode: 'write' })
    const restored = Vault.open(copy)
    restored.unlock(passphrase())
    const other = restored.view(owner())
    expect([get(other, 'KEY'), get(other, 'KEY', 1)]).toEqual(['two', 'one'])
    other.verifyAudit(view.verifyAudit().head)
    restored.lock()
    await copy.close()
  })

  test('a copy that turns out to be another vault is not called done', async () => {
    const other = made()
    const store = await disk()
    Vault.create(store, passphrase(), { memoryKib: 19_456, passes: 2, lanes: 1 }).lock()
    const vault = Vault.open(store, { openCopy: async () => other.store })
    const names = vault.names(owner('list', 'backup'))
    expect((await failureOf(names.backup(join(scratch(), 'copy.db'), { overwrite: false }))).kind).toBe('corrupt')
  })
})
