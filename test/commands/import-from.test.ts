// `import --from`: what is stored, what is told, and which flags go together. The importers have tests of their own.
import { afterAll, describe, expect, test } from 'bun:test'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import importCommand from '../../src/commands/import.ts'
import { owner } from '../vault/fixture.ts'
import { room } from './room.ts'
import { sealedBitwarden } from '../foreign/samples.ts'

const folder = mkdtempSync(join(tmpdir(), 'import-from-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const CANARY = 'cAnArY'
const EXPORT = JSON.stringify({
  encrypted: false,
  items: [
    { name: 'Mail', login: { username: 'me', password: CANARY }, passwordHistory: [{ password: `${CANARY}-old` }] },
    { name: 'mail!', login: { password: `${CANARY}-2` } },
    { name: 'Esc\u001b[31m', notes: CANARY },
  ],
})
const path = join(folder, 'export.json')
writeFileSync(path, EXPORT)

const keysOf = (vault: ReturnType<typeof room>): string[] =>
  vault.vault
    .names(owner('list', 'list'))
    .list('default')
    .map(({ key }) => key)

describe('import --from', () => {
  test('a dry run stores nothing and shows no value; then it is stored; then it is unchanged', async () => {
    const here = room()
    const dry = await here.call(importCommand, { from: 'auto', path, 'dry-run': true })
    expect(dry.out).toContain('MAIL_PASSWORD (would create from Mail / password)')
    expect(dry.out).toContain('Would import 4 secret(s) from a Bitwarden export (JSON)')
    expect(here.played.said.join('\n')).toContain(
      'mail! / password becomes MAIL_PASSWORD_2: MAIL_PASSWORD is the name of Mail',
    )
    expect(here.played.said.join('\n')).toContain('Mail: 1 earlier password(s) left out')
    expect(dry.note).toContain('1 thing(s) NOT imported')
    expect(keysOf(here)).toEqual([])

    const done = await here.call(importCommand, { from: 'bitwarden', path })
    expect(keysOf(here)).toEqual(['ESC_31M_NOTES', 'MAIL_PASSWORD', 'MAIL_PASSWORD_2', 'MAIL_USERNAME'])
    expect(done.note).toContain('still holds these values unencrypted')
    const again = await here.call(importCommand, { from: 'bitwarden', path })
    expect(again.out).toContain('Unchanged: 4')
    for (const { out, note, json } of [dry, done, again]) {
      expect(`${out}${note}${JSON.stringify(json)}${here.played.said.join()}`).not.toContain(CANARY)
      expect(`${out}${note}`).not.toContain('\u001b')
    }
    expect(dry.json).toMatchObject({
      project: 'default',
      dry_run: true,
      format: 'bitwarden',
      created: 4,
      changed: false,
    })
    expect(done.json).toMatchObject({
      created: 4,
      changed: true,
      notes: [
        { kind: 'skipped', what: '1 earlier password(s)', where: 'Mail' },
        { kind: 'renamed', what: 'MAIL_PASSWORD_2' },
      ],
    })
  })

  test('keys that exist are kept unless --overwrite; a prefix stands in front', async () => {
    const here = room()
    await here.call(importCommand, { from: 'auto', path })
    writeFileSync(join(folder, 'changed.json'), EXPORT.replaceAll(CANARY, 'other'))
    const kept = await here.call(importCommand, { from: 'auto', path: join(folder, 'changed.json') })
    expect(kept.json).toMatchObject({ created: 0, skipped: 3, unchanged: 1, changed: false })
    const over = await here.call(importCommand, { from: 'auto', path: join(folder, 'changed.json'), overwrite: true })
    expect(over.json).toMatchObject({ overwritten: 3, unchanged: 1, changed: true })
    const prefixed = await here.call(importCommand, { from: 'auto', path, prefix: 'OLD_' })
    expect(prefixed.json).toMatchObject({ created: 4 })
    expect(keysOf(here)).toContain('OLD_MAIL_PASSWORD')
  })

  test('--strict stores nothing when something is left out, a no stores nothing either', async () => {
    const here = room()
    const strict = await here.fails(importCommand, { from: 'auto', path, strict: true })
    expect([strict.kind, strict.message]).toEqual(['failed', expect.stringContaining('1 thing(s) could not be mapped')])
    expect((await here.fails(importCommand, { from: 'auto', path, interactive: true })).kind).toBe('cancelled')
    expect(here.played.said).toContain('Import these secrets?')
    expect(keysOf(here)).toEqual([])
  })

  test('the passphrase of the file is asked for by the name of the file', async () => {
    const here = room()
    writeFileSync(join(folder, 'sealed.json'), sealedBitwarden(EXPORT, 'pw', 'pbkdf2'))
    here.played.hidden = ['pw']
    const done = await here.call(importCommand, { from: 'auto', path: join(folder, 'sealed.json') })
    expect(here.played.said).toContain(`Password of ${join(folder, 'sealed.json')}: `)
    expect(done.json).toMatchObject({ created: 4 })
    expect(done.note).not.toContain('unencrypted')
  })

  test.each([
    [{ from: 'auto' }, 'name one file'],
    [{ from: 'auto', path: 'a', file: ['b'] }, 'name one file'],
    [{ from: 'auto', path: 'a', dir: '.' }, '--dir and --env'],
    [{ from: 'auto', path: 'a', env: 'x' }, '--dir and --env'],
    [{ from: 'auto', path: 'a', prefix: '9' }, '--prefix 9'],
    [{ path: '.env', 'key-file': 'k' }, '--key-file is for files of other programs'],
    [{ path: '.env', prefix: 'A_' }, '--prefix is for files of other programs'],
  ] as const)('%p is a usage failure', async (input, message) => {
    const failure = await room().fails(importCommand, input as never)
    expect([failure.kind, failure.message]).toEqual(['usage', expect.stringContaining(message)])
  })
})
