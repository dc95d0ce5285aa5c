// What `tvault migrate` says and asks; the moving itself is tested in test/context and test/foreign.
import { describe, expect, test } from 'bun:test'
import migrate from '../../src/commands/migrate.ts'
import type { MigrationWish, Moved } from '../../src/commands/context.ts'
import { Identity } from '../../src/crypto/recipient.ts'
import { goFile, time, uuid } from '../foreign/go-file.ts'
import { readGo } from '../foreign/go-moved.ts'
import { DIRECTORY, room } from './room.ts'
import type { Room } from './room.ts'

const { recipient } = Identity.generate()
const FILE = goFile({
  projects: [
    { name: 'web', id: uuid(1), secrets: { A: ['one', 'two'], B: ['x'] }, recipients: [recipient] },
    { name: ' odd\u001b', id: uuid(2) },
    { name: 'gone', id: uuid(3), deleted: true },
  ],
  current: 'web',
  audit: [
    {
      timestamp: time(1),
      action: 'project.share',
      resource_type: 'project',
      resource_name: 'web',
      metadata: { recipient: recipient.text },
    },
  ],
})

interface Stage extends Room {
  wishes: MigrationWish[]
  moved: number
}

/** A room whose Go vault is `FILE`, or has `damages`. */
function stage({ damages = 0, inPlace = true } = {}): Stage {
  const kept = inPlace ? `${DIRECTORY}/vault.db.go-1` : undefined
  const made: Stage = { ...room(), wishes: [], moved: 0 }
  made.played.migration = (wish) => {
    made.wishes.push(wish)
    const { plan } = readGo(FILE, { includeDeleted: wish.includeDeleted })
    const found = { ...plan, damages, damaged: damages > 0 ? ['the Go vault is damaged: page 7'] : [] }
    return {
      from: `${DIRECTORY}/vault.db`,
      inPlace,
      plan: found,
      verified: 'values',
      async carryOut(): Promise<Moved> {
        made.moved++
        return { plan: found, kept, identities: ['me'], identitiesLeft: [], agent: true }
      },
    }
  }
  return made
}

describe('before', () => {
  test('a dry run lists projects, keys, recipients with fingerprint, and what does not fit', async () => {
    const here = stage()
    const { out, note, exit } = await here.call(migrate, { 'dry-run': true })
    expect(out).toContain('web: 2 secret(s) with 3 version(s)\n  A\n  B\n')
    expect(out).toMatch(new RegExp(`web is shared with ${recipient.text} \\(fingerprint [0-9a-f]{4}-`))
    expect(out).toContain('2 project(s), 2 secret(s) with 3 version(s), 0 group(s), 1 recipient(s), 1 audit row(s)')
    expect(note).toContain('project  odd\\u{1b} becomes odd_')
    expect(note).toContain('project gone: it was deleted; --include-deleted moves it as well')
    expect([exit, here.moved, here.played.said]).toEqual([0, 0, []])
  })

  test('a person sees the same and is asked; a no is a no', async () => {
    const here = stage()
    expect(await here.fails(migrate)).toEqual({ kind: 'cancelled', message: 'nothing was moved' })
    expect(here.played.said.join('\n')).toContain(recipient.text)
    expect(here.played.said.at(-1)).toBe('Move this vault over?')
    expect(here.moved).toBe(0)
    here.played.answers = [true]
    await here.call(migrate)
    expect(here.moved).toBe(1)
  })

  test('-y asks nobody', async () => {
    const here = stage()
    await here.call(migrate, { yes: true })
    expect([here.played.said, here.moved]).toEqual([[], 1])
  })
})

describe('damage (W33)', () => {
  test('a dry run lists it and ends with 9', async () => {
    const { note, exit, json } = await stage({ damages: 1 }).call(migrate, { 'dry-run': true })
    expect([note, exit]).toEqual([expect.stringContaining('page 7'), 9])
    expect(json).toMatchObject({ damages: 1, damaged: ['the Go vault is damaged: page 7'], changed: false })
  })

  test('--salvage goes on and still lists it', async () => {
    const here = stage({ damages: 1 })
    const { note, exit } = await here.call(migrate, { yes: true, salvage: true })
    expect([exit, here.moved, here.wishes[0]?.salvage]).toEqual([0, 1, true])
    expect(note).toContain('page 7')
  })
})

describe('after', () => {
  test('says where the old file is, what it still holds, and that an agent runs', async () => {
    const { out, note } = await stage().call(migrate, { yes: true })
    expect(out).toStartWith(`✓ Moved to ${DIRECTORY}: 2 project(s)`)
    expect(note).toContain(`The Go vault is kept: ${DIRECTORY}/vault.db.go-1`)
    expect(note).toContain('holds what was deleted too')
    expect(note).toContain('An agent of the Go TinyVault seems to run')
  })

  test('elsewhere: what was copied and what was not', async () => {
    const { note } = await stage({ inPlace: false }).call(migrate, { yes: true, to: '/elsewhere' })
    expect(note).toContain(`The Go vault is as it was: ${DIRECTORY}/vault.db`)
    expect(note).toContain('Copied identities: me')
    expect(note).toContain('Not copied: other files')
  })

  test('--json has everything', async () => {
    const { json } = await stage().call(migrate, { yes: true, 'include-deleted': true })
    expect(json).toMatchObject({
      from: `${DIRECTORY}/vault.db`,
      vault_dir: DIRECTORY,
      in_place: true,
      dry_run: false,
      secrets: 2,
      versions: 3,
      recipients: 1,
      audit_rows: 1,
      current_project: 'web',
      damages: 0,
      kept: `${DIRECTORY}/vault.db.go-1`,
      changed: true,
    })
    const { projects } = json as { projects: { name: string; keys: string[]; was_deleted: boolean }[] }
    expect(projects.map(({ name, was_deleted: deleted }) => `${name} ${deleted}`)).toContain('gone (deleted) true')
    expect(projects[0]?.keys).toEqual(['A', 'B'])
  })
})

test('source and target: a positional or --from, --to or the vault directory', async () => {
  const here = stage()
  await here.call(migrate, { 'dry-run': true })
  await here.call(migrate, { 'dry-run': true, path: '/a/vault.db' })
  await here.call(migrate, { 'dry-run': true, from: '/a', to: '/b' })
  expect(here.wishes.map(({ from, to }) => [from, to])).toEqual([
    [DIRECTORY, DIRECTORY],
    ['/a/vault.db', DIRECTORY],
    ['/a', '/b'],
  ])
  expect((await here.fails(migrate, { path: '/a', from: '/b' })).kind).toBe('usage')
  expect((await here.fails(migrate, { to: '' })).kind).toBe('usage')
})
