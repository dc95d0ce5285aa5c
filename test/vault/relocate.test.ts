// W60: copying and moving a secret keeps every version; moving leaves nothing of the old place in the file; and
// neither is a way around the policy.
import { failure, failureOf } from '../failure.ts'
import { readFileSync, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { beforeAll, describe, expect, test } from 'bun:test'
import { BACKENDS, disk, get, made, owner, policyOf, put, rows } from './fixture.ts'
import type { Question } from '../../src/lib/gate.ts'
import type { View } from '../../src/vault/view.ts'

const place = (key: string, project = 'default') => ({ project, key })
const versions = (view: View, key: string, project = 'default') =>
  view.history(project, key).map(({ version }) => get(view, key, version, project))
const times = (view: View, key: string, project = 'default') =>
  view.history(project, key).map(({ version, createdAt, updatedAt }) => [version, createdAt, updatedAt])

for (const { name, open } of BACKENDS) {
  describe(`W60: ${name}`, () => {
    let view: View
    beforeAll(async () => {
      view = made(await open()).view
      view.createProject('web', '')
      for (const value of ['one', 'two', 'three']) put(view, 'A', value)
      for (const value of ['x', 'y']) put(view, 'A_LONGER', value)
    })

    test('a copy has every version with its number and time, and stands on its own', () => {
      expect(view.copy(place('A'), place('B'))).toBe(3)
      expect(versions(view, 'B')).toEqual(['one', 'two', 'three'])
      expect(times(view, 'B')).toEqual(times(view, 'A'))
      put(view, 'B', 'four')
      expect(versions(view, 'A')).toEqual(['one', 'two', 'three'])
      expect(view.copy(place('A'), place('A', 'web'))).toBe(3)
      expect(versions(view, 'A', 'web')).toEqual(['one', 'two', 'three'])
      expect(view.verifyAll().versions).toBe(12)
    })

    test('a move does the same and leaves the old place empty, and its neighbours alone', async () => {
      const before = times(view, 'A')
      expect(await view.move(place('A'), place('C'))).toBe(3)
      expect(versions(view, 'C')).toEqual(['one', 'two', 'three'])
      expect(times(view, 'C')).toEqual(before)
      expect(failure(() => view.history('default', 'A')).kind).toBe('not_found')
      expect(versions(view, 'A_LONGER')).toEqual(['x', 'y'])
      expect(versions(view, 'A', 'web')).toEqual(['one', 'two', 'three'])
      expect(await view.move(place('C'), place('C', 'web'))).toBe(3)
      expect(view.list('default').map(({ key }) => key)).toEqual(['A_LONGER', 'B'])
      view.verifyAll()
      view.verifyAudit()
    })

    test('nothing is replaced, and what is missing is said', async () => {
      const kind = async (work: () => unknown) => (await failureOf((async () => work())())).kind
      expect(await kind(() => view.copy(place('B'), place('A_LONGER')))).toBe('conflict')
      expect(await kind(() => view.move(place('B'), place('A_LONGER')))).toBe('conflict')
      expect(await kind(() => view.copy(place('NOPE'), place('D')))).toBe('not_found')
      expect(await kind(() => view.move(place('B'), place('B', 'nowhere')))).toBe('not_found')
      expect(await kind(() => view.copy(place('B'), place('not a key')))).toBe('usage')
      expect(versions(view, 'A_LONGER')).toEqual(['x', 'y'])
    })

    test('both are in the audit log', () => {
      const [moved] = view.audit({ limit: 1, action: 'secret.move' })
      expect(moved).toMatchObject({ resourceName: 'C', metadata: { to_project: 'web', to_key: 'C', versions: 3 } })
      expect(view.audit({ limit: 10, action: 'secret.copy' })).toHaveLength(2)
    })
  })
}

describe('the policy', () => {
  const { vault, view } = made()
  view.createProject('web', '')
  put(view, 'SHUT', 'value of SHUT')
  put(view, 'OPEN', 'value of OPEN')
  const attempt = async (refuses: (question: Question) => boolean, from = 'SHUT', to = 'NEW') => {
    const bound = vault.view(owner('destroy', 'move', policyOf(refuses)))
    const copied = failure(() => bound.copy(place(from), place(to)))
    const moved = await failureOf(bound.move(place(from), place(to)))
    return [copied.kind, moved.kind]
  }

  test('a key that may not be read cannot be copied to one that may', async () => {
    const reading = ['reveal', 'inject', 'compare', 'seal', 'share', 'write-file']
    expect(await attempt(({ key, effect }) => key === 'SHUT' && reading.includes(effect))).toEqual(['denied', 'denied'])
  })

  test('a key that may not be written is no target, one that may not be destroyed does not move', async () => {
    expect(await attempt(({ key, effect }) => key === 'NEW' && effect === 'write', 'OPEN')).toEqual([
      'denied',
      'denied',
    ])
    const bound = vault.view(
      owner(
        'destroy',
        'move',
        policyOf(({ effect }) => effect === 'destroy'),
      ),
    )
    expect((await failureOf(bound.move(place('OPEN'), place('NEW')))).kind).toBe('denied')
    expect(view.list('default').map(({ key }) => key)).toEqual(['OPEN', 'SHUT'])
  })
})

test('no box of the old place is left in the bytes of the file', async () => {
  const { store, view } = made(await disk())
  for (let i = 0; i < 3; i++) put(view, 'DOOMED', crypto.getRandomValues(new Uint8Array(300)))
  const boxes = [...rows(store, 'secrets'), ...rows(store, 'history')].map(({ value }) => value.slice(21, -4))
  await view.move(place('DOOMED'), place('KEPT'))
  const folder = dirname(store.path!)
  const whole = Buffer.concat(readdirSync(folder).map((name) => readFileSync(join(folder, name))))
  expect(boxes).toHaveLength(3)
  for (const box of boxes)
    for (let at = 0; at + 16 <= box.length; at += 8) expect(whole.includes(box.subarray(at, at + 16))).toBe(false)
})
