// sync against a real vault in memory: what it shows, what it asks, and what it leaves alone.
import { describe, expect, test } from 'bun:test'
import sync from '../../src/commands/sync.ts'
import { planSync, type Direction } from '../../src/commands/parts/sync-plan.ts'
import { text, utf8 } from '../../src/lib/bytes.ts'
import { get, owner, put } from '../vault/fixture.ts'
import { room, type Room } from './room.ts'

const FILE = '# top comment\nSAME=1\nexport DIFF="file"  # why\nONLY_FILE=of\nREF=${tvault://SAME}\n'

function place(
  file: string | undefined = FILE,
): Room & { file: () => string; view: () => ReturnType<Room['vault']['view']> } {
  const here = room()
  const view = () => here.vault.view(owner('reveal'))
  for (const [key, value] of Object.entries({ SAME: '1', DIFF: 'vault', ONLY_VAULT: 'o v', REF: 'secret' }))
    put(view(), key, value)
  if (file !== undefined) here.played.files['.env'] = utf8(file)
  return { ...here, view, file: () => text(here.played.files['.env'] ?? new Uint8Array()) ?? '' }
}

const versions = (here: ReturnType<typeof place>, key: string): number => here.view().history('default', key).length

describe('W8: nothing is overwritten that was not meant', () => {
  test('there is no default direction, and two different ones are refused', async () => {
    const here = place()
    expect(await here.fails(sync)).toMatchObject({ kind: 'usage', message: 'which way: pull, push or mirror?' })
    expect((await here.fails(sync, { way: 'pull', direction: 'push' })).kind).toBe('usage')
    expect(here.file()).toBe(FILE)
  })

  test('pull keeps comments, order, quotes, file-only keys and references', async () => {
    const here = place()
    const { out, json } = await here.call(sync, { way: 'pull', yes: true })
    expect(here.file()).toBe(
      '# top comment\nSAME=1\nexport DIFF="vault"  # why\nONLY_FILE=of\nREF=${tvault://SAME}\nONLY_VAULT=\'o v\'\n',
    )
    expect(out).toBe(
      'Direction: pull\nProject:   default\nFile:      .env\nVault:     4 keys\nEnv:       4 keys\n\n' +
        'Created (1):\n  - ONLY_VAULT\nUpdated (1):\n  - DIFF\nUnchanged (2):\n  - ONLY_FILE\n  - SAME\n' +
        'References, kept as they are (1):\n  - REF\n',
    )
    expect(json).toMatchObject({
      direction: 'pull',
      created: ['ONLY_VAULT'],
      updated: ['DIFF'],
      unchanged: ['ONLY_FILE', 'SAME'],
      references: ['REF'],
      to_file: ['DIFF', 'ONLY_VAULT'],
      to_vault: [],
      changed: true,
      file_created: false,
    })
    expect(versions(here, 'DIFF')).toBe(1)
  })

  test('the plan is shown and asked for before a value goes into the file; no means no', async () => {
    const here = place()
    expect((await here.fails(sync, { way: 'pull' })).kind).toBe('cancelled')
    expect(here.played.said.join('\n')).toContain('Updated (1):\n  - DIFF')
    expect(here.played.said.at(-1)).toBe('Write 2 value(s) to .env?')
    expect(here.played.said.join('\n')).not.toMatch(/o v|vault"/)
    expect(here.file()).toBe(FILE)
    here.played.answers = [true]
    await here.call(sync, { way: 'pull' })
    expect(here.file()).toContain('DIFF="vault"')
  })

  test('--dry-run writes nothing and asks nothing', async () => {
    for (const way of ['pull', 'push', 'mirror'] as const) {
      const here = place()
      const { out, json } = await here.call(sync, { way, 'dry-run': true, overwrite: true })
      expect(out).toEndWith('ℹ Nothing was written.\n')
      expect(json).toMatchObject({ dry_run: true, changed: false })
      expect([here.file(), here.played.said, versions(here, 'DIFF')]).toEqual([FILE, [], 1])
    }
  })

  test('a file that git would commit is refused without --force, and its values are not even read', async () => {
    for (const state of ['tracked', 'unknown'] as const) {
      const here = place()
      here.played.git = state
      expect((await here.fails(sync, { way: 'pull', yes: true })).kind).toBe('denied')
      expect(here.file()).toBe(FILE)
      expect(
        here
          .view()
          .audit({ limit: 10 })
          .filter(({ metadata }) => metadata['source'] === undefined && metadata['bulk'] === true),
      ).toEqual([])
      await here.call(sync, { way: 'pull', yes: true, force: true })
      expect(here.file()).toContain('DIFF="vault"')
    }
  })

  test('a sealed file is written, an untracked one with a warning, and push asks git nothing', async () => {
    const here = place()
    here.played.git = 'sealed'
    await here.call(sync, { way: 'pull', yes: true })
    expect(here.played.said).toEqual([])
    const other = place()
    other.played.git = 'untracked'
    await other.call(sync, { way: 'pull', yes: true })
    expect(other.played.said).toEqual(['⚠ .env is not ignored by git: add it to .gitignore'])
    const pushed = place()
    pushed.played.git = 'tracked'
    await pushed.call(sync, { way: 'push' })
    expect(get(pushed.view(), 'ONLY_FILE')).toBe('of')
  })

  test('a template is refused', async () => {
    const here = place()
    here.played.files['config/.env.example'] = utf8('A=\n')
    expect((await here.fails(sync, { way: 'pull', path: 'config/.env.example', yes: true })).message).toContain(
      'template',
    )
    expect(text(here.played.files['config/.env.example'])).toBe('A=\n')
  })

  test('a file that changed while the plan was looked at is left alone', async () => {
    const here = place()
    here.played.meanwhile = () => void (here.played.files['.env'] = utf8('EDITED=1\n'))
    here.played.answers = [true]
    const { kind, message } = await here.fails(sync, { way: 'mirror' })
    expect([kind, message]).toEqual(['conflict', '.env was changed meanwhile, nothing was written'])
    expect([here.file(), here.view().list('default').length]).toEqual(['EDITED=1\n', 4])
  })
})

describe('push', () => {
  test('new keys go into the vault; another value only with --overwrite; references never', async () => {
    const here = place()
    const { out } = await here.call(sync, { direction: 'push' })
    expect(out).toContain('Created (1):\n  - ONLY_FILE\nUnchanged (1):\n  - SAME\nSkipped (1):\n  - DIFF\n')
    expect([get(here.view(), 'DIFF'), get(here.view(), 'ONLY_FILE'), get(here.view(), 'REF')]).toEqual([
      'vault',
      'of',
      'secret',
    ])
    expect((await here.call(sync, { direction: 'push', overwrite: true })).out).toContain('Updated (1):\n  - DIFF\n')
    expect([get(here.view(), 'DIFF'), versions(here, 'SAME'), here.file()]).toEqual(['file', 1, FILE])
  })

  test('a missing file is an error, and lines that were not taken are told', async () => {
    const none = place(undefined)
    delete none.played.files['.env']
    expect((await none.fails(sync, { way: 'push' })).kind).toBe('failed')
    const here = place('A=1\nbroken\n')
    const { note } = await here.call(sync, { way: 'push' })
    expect(here.played.said.join('\n')).toContain('.env:2 skipped unsupported line')
    expect(note).toContain('1 line(s) of the file were NOT taken')
    expect((await here.fails(sync, { way: 'push', strict: true })).message).toBe(
      '1 line(s) were not understood, nothing was changed: .env:2',
    )
  })

  test('everything is stored in one step, with one row in the audit log', async () => {
    const here = place('A=1\nB=2\nC=3\n')
    await here.call(sync, { way: 'push' })
    const rows = here
      .view()
      .audit({ limit: 50 })
      .filter(({ action }) => action === 'env.sync')
    expect(rows.map(({ metadata }) => metadata['created'])).toEqual([3])
  })
})

describe('W26: mirror writes both sides', () => {
  test('afterwards both are the same; where they differed the vault stays, or with --overwrite the file', async () => {
    const here = place()
    const { out, json } = await here.call(sync, { way: 'mirror', yes: true })
    expect(out).toContain('Created (2):\n  - ONLY_FILE (to the vault)\n  - ONLY_VAULT (to the file)\n')
    expect(out).toContain('Conflicts (1):\n  - DIFF [resolution: kept-vault]\n')
    expect(json).toMatchObject({ conflicts: [{ key: 'DIFF', resolution: 'kept-vault' }], to_vault: ['ONLY_FILE'] })
    expect(here.file()).toContain('DIFF="vault"')
    expect(here.file()).toContain("ONLY_VAULT='o v'")
    expect(get(here.view(), 'ONLY_FILE')).toBe('of')
    expect((await here.call(sync, { way: 'mirror' })).json).toMatchObject({ changed: false, conflicts: [] })

    const other = place()
    const { out: told } = await other.call(sync, { way: 'mirror', yes: true, overwrite: true })
    expect(told).toContain('DIFF [resolution: kept-env]')
    expect([get(other.view(), 'DIFF'), other.file().includes('DIFF="file"')]).toEqual(['file', true])
  })

  test('no output holds a value', async () => {
    const here = place('DIFF=hunter2-file\n')
    put(here.view(), 'DIFF', 'hunter2-vault')
    const { out, json, note } = await here.call(sync, { way: 'mirror', yes: true })
    expect(JSON.stringify([out, json, note, here.played.said])).not.toContain('hunter2')
  })

  test('a new file is made', async () => {
    const here = place(undefined)
    delete here.played.files['.env']
    const { out, json } = await here.call(sync, { way: 'mirror', yes: true })
    expect(out).toContain('File:      .env (file did not exist; created)')
    expect(json).toMatchObject({ file_created: true, file_keys: 0 })
    expect(here.file()).toBe("DIFF=vault\nONLY_VAULT='o v'\nREF=secret\nSAME=1\n")
  })
})

describe('the plan', () => {
  test('every key is in exactly one place, whatever the sides hold', () => {
    for (const direction of ['pull', 'push', 'mirror'] as Direction[]) {
      for (const overwrite of [false, true]) {
        const plan = planSync({
          direction,
          overwrite,
          inVault: ['A', 'B', 'C', 'R'],
          inFile: ['B', 'C', 'D', 'R', 'S'],
          references: new Set(['R', 'S']),
          states: new Map([
            ['B', 'same'],
            ['C', 'different'],
            ['D', 'absent'],
          ]),
        })
        const placed = [
          ...plan.steps.map(({ key }) => key),
          ...plan.unchanged,
          ...plan.skipped,
          ...plan.references,
        ].sort()
        expect([direction, placed]).toEqual([
          direction,
          direction === 'push' ? ['B', 'C', 'D', 'R', 'S'] : ['A', 'B', 'C', 'D', 'R', 'S'],
        ])
        expect(plan.steps.some(({ to }) => to === 'file' && direction === 'push')).toBe(false)
        expect(plan.steps.some(({ to }) => to === 'vault' && direction === 'pull')).toBe(false)
      }
    }
  })
})
