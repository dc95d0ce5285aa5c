import { expect, test } from 'bun:test'
import { made, put } from './fixture.ts'

const { view } = made()
view.createProject('web', '')
for (const key of ['DB_URL', 'DB_PASSWORD', 'API_KEY']) put(view, key, 'v')
put(view, 'DB_URL', 'v', 'web')
put(view, 'DB_URL', 'w', 'web')

const found = (query: Partial<Parameters<typeof view.search>[0]>) => {
  const { results, total } = view.search({ limit: 100, ...query })
  return [results.map((info) => `${info.project}/${info.key}`), total] as const
}

test('by prefix, pattern, project and version', () => {
  expect(found({})).toEqual([['default/API_KEY', 'default/DB_PASSWORD', 'default/DB_URL', 'web/DB_URL'], 4])
  expect(found({ prefix: 'DB_', project: 'default' })[0]).toEqual(['default/DB_PASSWORD', 'default/DB_URL'])
  expect(found({ nameLike: 'db_*' })[1]).toBe(3)
  expect(found({ nameLike: 'Db_*' })[1]).toBe(0)
  expect(found({ nameLike: '*_???' })[0]).toEqual(['default/API_KEY', 'default/DB_URL', 'web/DB_URL'])
  expect(found({ minVersion: 2 })[0]).toEqual(['web/DB_URL'])
})

test('the total counts what the limit hides', () => {
  expect(found({ limit: 1 })).toEqual([['default/API_KEY'], 4])
})

test('by time, both ends included', () => {
  const { updatedAt } = view.search({ limit: 1, project: 'web' }).results[0]!
  expect(found({ since: updatedAt, until: updatedAt, project: 'web' })[1]).toBe(1)
  expect(found({ since: updatedAt + 1n })[1]).toBe(0)
  expect(found({ until: 0n })[1]).toBe(0)
})
