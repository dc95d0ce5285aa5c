import { failureOf } from '../failure.ts'
import { describe, expect, test } from 'bun:test'
import { BACKENDS, expectKind, get, made, owner, put, rows } from './fixture.ts'

for (const { name, open } of BACKENDS)
  describe(name, () => {
    test('a new vault has the project default, and it is current', async () => {
      const { view } = made(await open())
      const [only] = view.projects()
      expect(only).toMatchObject({ name: 'default', description: 'Default project', current: true, secrets: 0 })
      expect(view.currentProject()).toBe('default')
      expect(view.summary()).toMatchObject({ currentProject: 'default', projects: 1, secrets: 0 })
    })

    test('names are unique, sorted bytewise, counted, and checked', async () => {
      const { view } = made(await open())
      for (const name of ['Zoo', 'ähnlich', 'a/b', '日本']) view.createProject(name, `about ${name}`)
      put(view, 'ONE', '1', 'a/b')
      put(view, 'TWO', '2', 'a/b')
      put(view, 'TWO', '3', 'a/b')
      expect(view.projects().map((project) => `${project.name}:${project.secrets}`)).toEqual([
        'Zoo:0',
        'a/b:2',
        'default:0',
        'ähnlich:0',
        '日本:0',
      ])
      expect(view.summary().secrets).toBe(2)
      expectKind(() => view.createProject('Zoo', ''), 'conflict')
      expectKind(() => view.createProject(' padded ', ''), 'usage')
      expectKind(() => view.createProject('', ''), 'usage')
      expectKind(() => view.createProject('x'.repeat(101), ''), 'usage')
      expectKind(() => view.createProject('ok', 'd'.repeat(501)), 'usage')
      expectKind(() => view.createProject('ok', 'two\nlines'), 'usage')
    })

    test('the same key in two projects is two secrets', async () => {
      const { view } = made(await open())
      view.createProject('web', '')
      put(view, 'KEY', 'here')
      put(view, 'KEY', 'there', 'web')
      expect([get(view, 'KEY'), get(view, 'KEY', undefined, 'web')]).toEqual(['here', 'there'])
    })

    test('which project is current needs no key and is kept', async () => {
      const { vault, view } = made(await open())
      view.createProject('web', '')
      vault.lock()
      const names = vault.names(owner('list', 'use'))
      names.useProject('web')
      expect(names.currentProject()).toBe('web')
      expect(names.projects().map((project) => project.current)).toEqual([false, true])
    })

    test('a deleted project takes everything with it; its name can come again with nothing in it', async () => {
      const { store, view } = made(await open())
      view.createProject('web', '')
      put(view, 'KEY', '1', 'web')
      put(view, 'KEY', '2', 'web')
      put(view, 'KEY', 'stays')
      await view.deleteProject('web')
      expectKind(() => get(view, 'KEY', undefined, 'web'), 'not_found')
      expect([rows(store, 'projects').length, rows(store, 'secrets').length, rows(store, 'history').length]).toEqual([
        1, 1, 0,
      ])
      view.createProject('web', 'again')
      expect(view.list('web')).toEqual([])
      expect(get(view, 'KEY')).toBe('stays')
      view.verifyAll()
      expect((await failureOf(view.deleteProject('nope'))).kind).toBe('not_found')
    })

    test('the current project falls back to default, then to none', async () => {
      const { view } = made(await open())
      view.createProject('web', '')
      view.useProject('web')
      await view.deleteProject('web')
      expect(view.currentProject()).toBe('default')
      view.createProject('other', '')
      await view.deleteProject('default')
      expect(view.currentProject()).toBe('')
      expect(view.projects().map((project) => project.current)).toEqual([false])
      view.createProject('default', '')
      await view.deleteProject('other')
      expect(view.currentProject()).toBe('')
      view.verifyAll()
    })
  })
