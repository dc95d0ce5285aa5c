// Environment groups: their rules, inheritance at any depth, and values that move between environments.
import { describe, expect, test } from 'bun:test'
import { now } from '../../src/lib/time.ts'
import { failure, failureOf } from '../failure.ts'
import { BACKENDS, expectKind, get, owner, passphrase, put } from './fixture.ts'
import { filled, resolved } from './shop.ts'

for (const { name, open } of BACKENDS) {
  describe(`${name}: values through a group`, () => {
    test('are the own ones, else those of the nearest base, at any depth (W29)', async () => {
      const { view } = filled(await open())
      expect(resolved(view, 'preview')).toEqual([
        'A=a of production < production',
        'B=b of staging < staging',
        'C=c of preview < preview',
      ])
      expect(resolved(view, 'staging')).toEqual(['A=a of production < production', 'B=b of staging < staging'])
      expect(resolved(view, 'production')).toEqual(['A=a of production < production', 'B=b of production < production'])
      expect(resolved(view, 'preview', { only: ['A'], prefix: 'C' })).toEqual([
        'A=a of production < production',
        'C=c of preview < preview',
      ])
      expect(view.resolve('app', 'preview', { only: ['A', 'NOPE'] }).missing).toEqual(['NOPE'])
      expect(view.keySources('app', 'preview')).toEqual([
        { key: 'A', environment: 'production', inherited: true, pinned: false },
        { key: 'B', environment: 'staging', inherited: true, pinned: false },
        { key: 'C', environment: 'preview', inherited: false, pinned: false },
      ])
    })

    test('pinned, a value no longer follows its base; unpinned, it does again and nothing was lost (W9)', async () => {
      const { view } = filled(await open())
      expect(view.pin('app', 'preview', 'A')).toEqual({ key: 'A', version: 1, change: 'created', from: 'production' })
      put(view, 'A', 'changed', 'prod')
      expect(resolved(view, 'preview', { only: ['A'] })).toEqual(['A=a of production < preview'])
      expect(view.keySources('app', 'preview')[0]).toEqual({
        key: 'A',
        environment: 'preview',
        inherited: false,
        pinned: true,
      })
      expect(view.pin('app', 'preview', 'A').change).toBe('unchanged')
      expect(await view.unpin('app', 'preview', 'A')).toEqual({ key: 'A', from: 'production' })
      expect(resolved(view, 'preview', { only: ['A'] })).toEqual(['A=changed < production'])
      expectKind(() => view.history('prev', 'A'), 'not_found')
      expect(view.history('prod', 'A').length).toBe(2)
      view.verifyAll()
      view.verifyAudit()
    })

    test('what was not pinned, or was changed since, or has no base any more, is never taken away (W9)', async () => {
      const { view } = filled(await open())
      const kept = async (environment: string, key: string, message: string) => {
        const refused = await failureOf(view.unpin('app', environment, key))
        expect([refused.kind, refused.message]).toEqual(['conflict', message])
      }
      await kept('preview', 'C', "C is not pinned: it is preview's own")
      view.pin('app', 'preview', 'A')
      put(view, 'A', 'my own now', 'prev')
      await kept('preview', 'A', 'A was changed in preview after it was pinned')
      expect(view.history('prev', 'A').length).toBe(2)
      // Deleted and made again, it is no copy either, though it is version 1 again.
      await view.delete('prev', ['A'])
      for (const before = now(); now() === before;);
      put(view, 'A', 'made again', 'prev')
      await kept('preview', 'A', "A is not pinned: it is preview's own")
      view.pin('app', 'preview', 'B')
      await view.delete('stag', ['B'])
      await view.delete('prod', ['B'])
      await kept('preview', 'B', 'no base of preview has B any more')
      expect(get(view, 'B', undefined, 'prev')).toBe('b of staging')
      expect((await failureOf(view.unpin('app', 'preview', 'NOPE'))).kind).toBe('not_found')
      expectKind(() => view.pin('app', 'preview', 'NOPE'), 'not_found')
      expect(view.pin('app', 'preview', 'C').change).toBe('unchanged')
    })

    test('promoted: only what differs, all or nothing (W13)', async () => {
      const { view } = filled(await open())
      put(view, 'SAME', 'x', 'prod')
      put(view, 'SAME', 'x', 'stag')
      const plan = view.promotionPlan('app', 'production', 'staging')
      expect(plan).toEqual([
        { key: 'A', change: 'new', fromVersion: 1, toVersion: 0 },
        { key: 'B', change: 'changed', fromVersion: 1, toVersion: 1 },
        { key: 'SAME', change: 'same', fromVersion: 1, toVersion: 1 },
      ])
      expect(view.promote('app', 'production', 'staging', plan)).toEqual([
        { key: 'A', version: 1, change: 'created' },
        { key: 'B', version: 2, change: 'updated' },
      ])
      expect(get(view, 'B', undefined, 'stag')).toBe('b of production')
      expect(view.history('stag', 'SAME').length).toBe(1)
      expect(view.promotionPlan('app', 'production', 'staging').map(({ change }) => change)).toEqual([
        'same',
        'same',
        'same',
      ])
      // A plan of before does not fit any more, and then nothing is written.
      put(view, 'A', 'newer', 'prod')
      expectKind(() => view.promote('app', 'production', 'staging', plan), 'conflict')
      put(view, 'NEW', 'x', 'prod')
      const second = view.promotionPlan('app', 'production', 'staging', ['A', 'NEW', 'NOPE', 'A'])
      expect(second.map(({ key, change }) => `${key} ${change}`)).toEqual(['A changed', 'NEW new', 'NOPE missing'])
      put(view, 'NEW', 'moved', 'prod')
      expectKind(() => view.promote('app', 'production', 'staging', second), 'conflict')
      expect(get(view, 'A', undefined, 'stag')).toBe('a of production')
      expectKind(() => view.promotionPlan('app', 'staging', 'staging'), 'usage')
      view.verifyAudit()
    })

    test('survive a rotation, and a project in a group cannot be deleted (W29)', async () => {
      const { view } = filled(await open())
      view.pin('app', 'preview', 'A')
      const before = view.groups()
      await view.rotate(passphrase('new words'))
      expect(view.groups()).toEqual(before)
      expect(await view.unpin('app', 'preview', 'A')).toEqual({ key: 'A', from: 'production' })
      const refused = await failureOf(view.deleteProject('stag'))
      expect([refused.kind, refused.message]).toEqual(['conflict', 'project stag is environment staging of group app'])
      view.setBase('app', 'preview', undefined)
      view.removeEnvironment('app', 'staging')
      await view.deleteProject('stag')
      expect(view.group('app').environments.map(({ name }) => name)).toEqual(['production', 'preview'])
      view.verifyAll()
    })
  })
}

describe('the rules of a group', () => {
  test('names, projects, circles and what others lean on (W29, W34)', () => {
    const { view } = filled()
    const create = (name: string, ...environments: [string, string][]) =>
      view.createGroup({
        name,
        description: '',
        environments: environments.map(([one, project]) => ({ name: one, project })),
        force: false,
      })
    const cases: [string, () => unknown][] = [
      ['conflict', () => create('app', ['a', 'other'])],
      ['usage', () => create('none')],
      ['usage', () => create('', ['a', 'other'])],
      ['usage', () => create('a\nb', ['a', 'other'])],
      ['usage', () => create('new', ['a\u001b[31m', 'other'])],
      ['usage', () => create('new', ['', 'other'])],
      ['usage', () => create('x'.repeat(101), ['a', 'other'])],
      ['conflict', () => create('new', ['a', 'other'], ['a', 'default'])],
      ['conflict', () => create('new', ['a', 'other'], ['b', 'other'])],
      ['not_found', () => create('new', ['a', 'nowhere'])],
      ['conflict', () => create('new', ['a', 'prod'])],
      ['conflict', () => view.addEnvironment('app', { name: 'staging', project: 'other' }, { force: false })],
      ['conflict', () => view.addEnvironment('app', { name: 'more', project: 'prod' }, { force: true })],
      ['not_found', () => view.addEnvironment('nope', { name: 'more', project: 'other' }, { force: false })],
      ['usage', () => view.setBase('app', 'production', 'production')],
      ['usage', () => view.setBase('app', 'production', 'staging')],
      ['usage', () => view.setBase('app', 'production', 'preview')],
      ['not_found', () => view.setBase('app', 'production', 'nope')],
      ['not_found', () => view.setBase('app', 'nope', 'production')],
      ['not_found', () => view.setBase('nope', 'production', 'staging')],
      ['conflict', () => view.removeEnvironment('app', 'production')],
      ['not_found', () => view.removeEnvironment('app', 'nope')],
      ['not_found', () => view.deleteGroup('nope')],
      ['not_found', () => view.group('nope')],
      ['not_found', () => view.resolve('nope', 'production', {})],
      ['not_found', () => view.resolve('app', 'nope', {})],
      ['not_found', () => view.keySources('app', 'nope')],
      ['not_found', () => view.differences('nope')],
    ]
    const before = view.groups()
    for (const [i, [kind, act]] of cases.entries()) expect([i, failure(act).kind as string]).toEqual([i, kind])
    expect(view.groups()).toEqual(before)
  })

  test('a project may be in a second group when forced; a forced group replaces one of its name', () => {
    const { view } = filled()
    view.createGroup({ name: 'second', description: '', environments: [{ name: 'p', project: 'prod' }], force: true })
    view.addEnvironment('second', { name: 's', project: 'stag' }, { force: true })
    expectKind(() => view.addEnvironment('second', { name: 'v', project: 'prev' }, { force: false }), 'conflict')
    view.createGroup({
      name: 'app',
      description: 'again',
      environments: [{ name: 'x', project: 'other' }],
      force: true,
    })
    expect(view.groups().map(({ name, environments }) => [name, environments.length])).toEqual([
      ['app', 1],
      ['second', 2],
    ])
    expectKind(() => view.removeEnvironment('app', 'x'), 'conflict')
    view.deleteGroup('app')
    expectKind(() => view.deleteGroup('app'), 'not_found')
    // A name that hid all groups of the peer.
    view.createGroup({ name: '_index', description: '', environments: [{ name: 'x', project: 'other' }], force: false })
    expect(view.groups().map(({ name }) => name)).toEqual(['_index', 'second'])
    view.verifyAll()
  })

  test('is told without the key: order, projects, bases, times', () => {
    const { vault } = filled()
    vault.lock()
    const group = vault.names(owner('list', 'env group show')).group('app')
    expect(group).toMatchObject({
      name: 'app',
      description: 'The app',
      environments: [
        { name: 'production', project: 'prod' },
        { name: 'staging', project: 'stag', from: 'production' },
        { name: 'preview', project: 'prev', from: 'staging' },
      ],
    })
    expect(group.updatedAt >= group.createdAt).toBe(true)
  })

  test('differences: who has a key, and whether the values are the same', () => {
    const { view } = filled()
    put(view, 'SAME', 'x', 'prod')
    put(view, 'SAME', 'x', 'stag')
    expect(view.differences('app')).toEqual([
      { key: 'A', environments: ['production'], same: true },
      { key: 'B', environments: ['production', 'staging'], same: false },
      { key: 'C', environments: ['preview'], same: true },
      { key: 'SAME', environments: ['production', 'staging'], same: true },
    ])
  })
})

describe('what is written down', () => {
  test('every project on the way, and every change of a group', async () => {
    const { view } = filled()
    const since = (act: () => unknown) => {
      const before = view.audit({ limit: 1 })[0]!.sequence
      act()
      return view
        .audit({ limit: 100 })
        .filter(({ sequence }) => sequence > before)
        .toReversed()
    }
    const bulk = since(() => view.resolve('app', 'preview', {}, { recipients: ['tvault1x'] }))
    expect(
      bulk.map(({ action, resourceType, resourceName, phase }) => [action, resourceType, resourceName, phase]),
    ).toEqual([
      ['secret.read', 'project', 'prev', 'intent'],
      ['secret.read', 'project', 'stag', 'intent'],
      ['secret.read', 'project', 'prod', 'intent'],
    ])
    expect(bulk[2]!.metadata).toEqual({
      bulk: true,
      count: 1,
      group: 'app',
      env: 'preview',
      recipients: ['tvault1x'],
      source: 'production',
      keys: ['A'],
    })
    const [one, ...none] = since(() => view.resolve('app', 'preview', { only: ['A'] }))
    expect([one!.resourceName, one!.metadata, none]).toEqual([
      'A',
      { project: 'prod', group: 'app', env: 'preview', source: 'production' },
      [],
    ])
    view.settle('ok')
    expect(view.audit({ limit: 4 }).map(({ phase }) => phase)).toEqual(['outcome', 'outcome', 'outcome', 'outcome'])
    const acts = since(() => {
      view.addEnvironment('app', { name: 'test', project: 'other' }, { force: false })
      view.setBase('app', 'test', 'production')
      view.pin('app', 'test', 'A')
      view.promote('app', 'production', 'test', view.promotionPlan('app', 'production', 'test', ['B']))
      view.removeEnvironment('app', 'test')
      view.deleteGroup('app')
    })
    expect(acts.map(({ action, resourceName, metadata }) => [action, resourceName, metadata])).toEqual([
      ['env.group.add', 'app', { env: 'test', project: 'other' }],
      ['env.inherit', 'app', { env: 'test', from: 'production' }],
      ['secret.pin', 'A', { project: 'other', group: 'app', env: 'test', from: 'production' }],
      ['secret.read', 'prod', { bulk: true, source: 'diff', count: 1, group: 'app', keys: ['B'] }],
      ['secret.read', 'other', { bulk: true, source: 'diff', count: 1, group: 'app', keys: ['B'] }],
      [
        'secret.promote',
        'other',
        { bulk: true, count: 1, group: 'app', from_env: 'production', to_env: 'test', keys: ['B'] },
      ],
      ['env.group.remove', 'app', { env: 'test' }],
      ['env.group.delete', 'app', {}],
    ])
    view.verifyAudit()
  })
})
