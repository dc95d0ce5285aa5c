import { describe, expect, test } from 'bun:test'
import env from '../../src/commands/env.ts'
import diff from '../../src/commands/env/diff.ts'
import add from '../../src/commands/env/group/add.ts'
import create from '../../src/commands/env/group/create.ts'
import deleteGroup from '../../src/commands/env/group/delete.ts'
import list from '../../src/commands/env/group/list.ts'
import remove from '../../src/commands/env/group/remove.ts'
import show from '../../src/commands/env/group/show.ts'
import inherit from '../../src/commands/env/inherit.ts'
import inherited from '../../src/commands/env/inherited.ts'
import pin from '../../src/commands/env/pin.ts'
import promote from '../../src/commands/env/promote.ts'
import unpin from '../../src/commands/env/unpin.ts'
import get from '../../src/commands/get.ts'
import projectsDelete from '../../src/commands/projects/delete.ts'
import run from '../../src/commands/run.ts'
import { room } from './room.ts'
import { shop } from './shop.ts'

describe('env group', () => {
  test('create and list, in the words and the JSON of TinyVault', async () => {
    const { call, made } = await shop()
    expect(made.out).toBe("✓ Group 'app' created with environments: production, staging, preview\n")
    expect((await call(list)).out).toBe(
      'NAME  ENVIRONMENTS                  DESCRIPTION\napp   production, staging, preview  The app\n',
    )
    const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/) as unknown as string
    expect((await call(list)).json).toEqual([
      {
        name: 'app',
        description: 'The app',
        created_at: time,
        updated_at: time,
        environments: [
          { name: 'production', project: 'prod' },
          { name: 'staging', project: 'stag' },
          { name: 'preview', project: 'prev' },
        ],
        inheritance: { staging: { from: 'production' }, preview: { from: 'staging' } },
      },
    ])
  })

  test('without any group there is an empty array', async () => {
    const { call } = room()
    expect(await call(list)).toMatchObject({ out: '', json: [] })
    expect((await call(list)).note).toContain('No environment groups found.')
  })

  test('show: environments, bases and drift, all of it on standard output', async () => {
    const { call, fails } = await shop()
    const shown = await call(show, { name: 'app' })
    expect(shown.out).toBe(`Group: app
Description: The app

Environments:
  production → prod
  staging → stag (inherits from production)
  preview → prev (inherits from staging)

⚠ Drift detected — 3 key(s) differ across environments
`)
    expect(shown.note).toBe('')
    const json = shown.json as { diff_status: string; diff_keys: { key: string; environments: unknown[] }[] }
    expect(json.diff_status).toBe('drift')
    expect(json.diff_keys.map(({ key }) => key)).toEqual(['A', 'B', 'C'])
    expect(json.diff_keys[1]!.environments).toEqual([
      { env: 'production', present: true, status: 'present' },
      { env: 'staging', present: true, status: 'present' },
      { env: 'preview', present: false, status: 'missing', inherited_from: 'staging' },
    ])
    expect((await fails(show, { name: 'nope' })).kind).toBe('not_found')
  })

  test('add needs -p; remove keeps the project; delete asks, and knows what is not there (W34)', async () => {
    const { call, fails, played, view } = await shop()
    expect((await fails(add, { environment: 'test', group: 'app' })).kind).toBe('usage')
    played.project = 'other'
    expect((await call(add, { environment: 'test', group: 'app' })).out).toBe(
      "✓ Environment 'test' (project other) added to group 'app'\n",
    )
    expect((await call(remove, { environment: 'test', group: 'app' })).out).toBe(
      "✓ Environment 'test' removed from group 'app'\n",
    )
    expect(view.projects().map(({ name }) => name)).toContain('other')
    expect((await fails(remove, { environment: 'staging', group: 'app' })).kind).toBe('conflict')
    expect((await fails(deleteGroup, { name: 'nope' })).kind).toBe('not_found')
    expect((await fails(deleteGroup, { name: 'nope', yes: true })).kind).toBe('not_found')
    expect(played.said).toEqual([])
    expect((await fails(deleteGroup, { name: 'app' })).kind).toBe('cancelled')
    played.answers = [true]
    expect((await call(deleteGroup, { name: 'app' })).out).toBe("✓ Group 'app' deleted\n")
    expect(view.groups()).toEqual([])
  })

  test('what --env takes', async () => {
    const { fails, call } = room()
    for (const typed of ['production', 'production=', '=default']) {
      expect((await fails(create, { name: 'g', env: [typed] })).kind).toBe('usage')
    }
    await call(create, { name: 'g', env: ['a=default'] })
    expect((await fails(create, { name: 'g', env: ['a=default'] })).kind).toBe('conflict')
  })

  test('a project that a group uses is not deleted (W29)', async () => {
    const { fails, played, view } = await shop()
    expect((await fails(projectsDelete, { name: 'prev', yes: true })).kind).toBe('conflict')
    expect((await fails(projectsDelete, { name: 'prev' })).kind).toBe('conflict')
    expect(played.said).toEqual([])
    expect(view.list('prev').length).toBe(1)
  })
})

describe('env diff (W27)', () => {
  test('names: what is inherited is marked, and still missing', async () => {
    const { call } = await shop()
    const shown = await call(diff, { group: 'app' })
    expect(shown.out).toBe(`KEY  PRODUCTION  STAGING  PREVIEW  STATUS
A    ✓           ↑        ↑        drift
B    ✓           ✓        ↑        drift
C    ✗           ✗        ✓        drift
⚠ Drift detected — 3 key(s) differ across environments
`)
    expect(shown.exit).toBe(0)
    expect((await call(diff, { group: 'app', 'exit-code': true })).exit).toBe(1)
    expect(shown.json).toMatchObject({ group: 'app', status: 'drift' })
  })

  test('values: same or different, never shown', async () => {
    const { call, put } = await shop()
    for (const project of ['prod', 'stag', 'prev']) put(project, 'SAME', 'x')
    for (const project of ['prod', 'stag', 'prev']) put(project, 'OTHER', `x of ${project}`)
    const shown = await call(diff, { group: 'app', values: true })
    expect(shown.out).toContain('SAME   ✓           ✓        ✓        same\n')
    expect(shown.out).toContain('OTHER  ✓           ✓        ✓        different\n')
    expect(shown.out).toContain('B      ✓           ✓        ↑        different\n')
    expect(shown.out).not.toContain('x of')
    const { keys } = shown.json as { keys: { key: string; environments: { status: string }[] }[] }
    expect(keys.map(({ key, environments }) => [key, ...environments.map(({ status }) => status)])).toEqual([
      ['A', 'local-only', 'missing', 'missing'],
      ['B', 'different', 'different', 'missing'],
      ['C', 'missing', 'missing', 'local-only'],
      ['OTHER', 'different', 'different', 'different'],
      ['SAME', 'same', 'same', 'same'],
    ])
  })

  test('nothing differs: 0 in every case; trouble is 2 or more', async () => {
    const { call, fails } = room()
    await call(create, { name: 'one', env: ['a=default'] })
    expect(await call(diff, { group: 'one', 'exit-code': true })).toMatchObject({
      out: '✓ No drift — all environments have the same key set\n',
      json: { group: 'one', status: 'ok', keys: [] },
      exit: 0,
    })
    expect((await fails(diff, { group: 'nope', 'exit-code': true })).kind).toBe('not_found')
    expect((await fails(diff, { group: 'one', values: true, 'keys-only': true })).kind).toBe('usage')
  })
})

describe('inheritance', () => {
  test('get, env and run resolve at any depth; --show-source is true to its word (W28, W29)', async () => {
    const { call, fails, played } = await shop()
    const from = async (key: string) => {
      const shown = await call(get, { key, group: 'app', env: 'preview', 'show-source': true })
      return `${shown.out} ${shown.note}`
    }
    expect(await from('A')).toBe('a of production # inherited from production')
    expect(await from('C')).toBe('c of preview # own value of preview')
    const plain = await call(get, { key: 'A', group: 'app', env: 'staging' })
    expect([plain.out, plain.note]).toEqual(['a of production', ''])
    expect(plain.json).toEqual({ key: 'A', value: 'a of production', source: 'production' })
    expect((await call(env, { group: 'app', env: 'staging', format: 'dotenv' })).out).toBe(
      "A='a of production'\nB='b of staging'\n",
    )
    await call(run, { group: 'app', env: 'preview', only: ['A', 'C'], command: ['true'] })
    expect(played.launched!.inject).toEqual({ A: 'a of production', C: 'c of preview' })
    const cases: [Parameters<typeof fails>[0], object, string][] = [
      [get, { key: 'NOPE', group: 'app', env: 'preview' }, 'not_found'],
      [get, { key: 'A', group: 'app', env: 'nope' }, 'not_found'],
      [get, { key: 'A', group: 'nope', env: 'preview' }, 'not_found'],
      [get, { key: 'A', group: 'app' }, 'usage'],
      [get, { key: 'A', env: 'preview' }, 'usage'],
      [get, { key: 'A', group: 'app', env: 'preview', version: 1 }, 'usage'],
      [get, { key: 'A', 'show-source': true }, 'usage'],
      [env, { group: 'app', env: 'preview', only: ['NOPE'] }, 'not_found'],
      [env, { group: 'app' }, 'usage'],
      [run, { group: 'app', env: 'preview', only: ['NOPE'], strict: true, command: ['true'] }, 'not_found'],
      [run, { group: 'app', env: 'preview', 'no-vault': true, command: ['true'] }, 'usage'],
    ]
    for (const [command, input, kind] of cases) {
      expect([command.path, input, (await fails(command, input)).kind as string]).toEqual([command.path, input, kind])
    }
  })

  test('inherit, no longer inherit, inherited', async () => {
    const { call, fails } = await shop()
    expect((await call(inherited, { group: 'app', env: 'preview' })).out).toBe(
      'KEY  INHERITED-FROM  PINNED\nA    production      no\nB    staging         no\nC    —               no\n',
    )
    expect((await fails(inherit, { group: 'app', env: 'production', from: 'preview' })).kind).toBe('usage')
    expect((await fails(inherit, { group: 'app', env: 'staging' })).kind).toBe('usage')
    expect((await fails(inherit, { group: 'app', env: 'staging', from: 'production', none: true })).kind).toBe('usage')
    expect((await call(inherit, { group: 'app', env: 'staging', none: true })).out).toBe(
      "✓ Environment 'staging' in group 'app' no longer inherits\n",
    )
    expect((await call(inherited, { group: 'app', env: 'preview' })).json).toEqual([
      { key: 'B', source: 'inherited:staging', pinned: false },
      { key: 'C', source: 'local', pinned: false },
    ])
  })

  test('pin and unpin (W9)', async () => {
    const { call, fails, view } = await shop()
    const place = { group: 'app', env: 'preview' }
    const pinned = await call(pin, { key: 'A', ...place })
    expect(pinned.out).toBe("✓ Key 'A' pinned in app/preview\n")
    expect((await call(inherited, place)).json).toContainEqual({ key: 'A', source: 'local', pinned: true })
    expect(await call(pin, { key: 'A', ...place })).toMatchObject({ out: '', json: { changed: false } })
    expect((await call(unpin, { key: 'A', ...place })).out).toBe(
      "✓ Key 'A' unpinned in app/preview (inheritance restored)\n",
    )
    expect((await fails(unpin, { key: 'C', ...place })).kind).toBe('conflict')
    expect(view.history('prev', 'C').length).toBe(1)
    expect((await fails(unpin, { key: 'A', ...place })).kind).toBe('not_found')
  })
})

describe('env promote (W13)', () => {
  const route = { group: 'app', from: 'production', to: 'staging' }

  test('shows the plan, asks, and copies what differs', async () => {
    const { call, fails, played, put, view } = await shop()
    put('prod', 'SAME', 'x')
    put('stag', 'SAME', 'x')
    const plan = `KEY   FROM_VER  TO_VER  CHANGE
A     1         1       new
B     1         2       changed
SAME  1         1       same
`
    const dry = await call(promote, { ...route, all: true, 'dry-run': true })
    expect([dry.out, dry.note, dry.exit]).toEqual([plan, 'Dry run — no changes written', 0])
    expect(dry.json).toEqual({
      promoted: [
        { key: 'A', from_version: 1, to_version: 1 },
        { key: 'B', from_version: 1, to_version: 2 },
      ],
      unchanged: ['SAME'],
      skipped: [],
      dry_run: true,
    })
    expect((await fails(promote, { ...route, all: true })).kind).toBe('cancelled')
    expect(played.said).toEqual([plan.trimEnd(), 'Promote from production to staging?'])
    expect(view.history('stag', 'B').length).toBe(1)
    played.answers = [true]
    const done = await call(promote, { ...route, all: true })
    expect(done.out).toBe(`${plan}✓ Promoted 2 key(s) from production to staging\n`)
    const again = await call(promote, { ...route, all: true })
    expect(again.out).toContain('ℹ Nothing to promote from production\n')
    expect(played.said).toEqual([])
    expect(view.history('stag', 'SAME').length).toBe(1)
    expect(view.history('stag', 'B').length).toBe(2)
  })

  test('a named key that is not there is told and ends with 4; the others are promoted', async () => {
    const { call, view } = await shop()
    const done = await call(promote, { ...route, keys: ['NOPE', 'A'], yes: true })
    expect([done.exit, done.note]).toEqual([4, 'Skipped:\n  NOPE: not found in production'])
    expect(done.json).toMatchObject({
      promoted: [{ key: 'A', from_version: 1, to_version: 1 }],
      skipped: [{ key: 'NOPE', reason: 'not found in production' }],
    })
    expect(view.history('stag', 'A').length).toBe(1)
    const none = await call(promote, { ...route, keys: ['NOPE'] })
    expect([none.exit, none.out]).toEqual([4, 'ℹ Nothing to promote from production\n'])
  })

  test('needs keys or --all, and names that can be keys', async () => {
    const { fails } = await shop()
    for (const input of [{}, { all: true, keys: ['A'] }, { keys: ['a b'] }, { all: true, to: 'production' }]) {
      expect((await fails(promote, { ...route, ...input })).kind).toBe('usage')
    }
    expect((await fails(promote, { ...route, all: true, from: 'nope' })).kind).toBe('not_found')
  })
})
