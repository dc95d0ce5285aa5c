// What is looked for in the output of somebody else's program: all present values of what the asker may see, with names only
// where it may know them, one row for each project, and no more than can be looked for.
import { expect, test } from 'bun:test'
import { made, policyOf, put, secret, shown, stranger } from './fixture.ts'

function filled() {
  const all = made()
  for (const project of ['web', 'hidden']) all.view.createProject(project, '')
  put(all.view, 'OPEN', 'old', 'web')
  put(all.view, 'OPEN', 'value of OPEN', 'web')
  put(all.view, 'SECRET', 'value of SECRET', 'web')
  put(all.view, 'OPEN', 'hidden value', 'hidden')
  return all
}

const asker = stranger(
  'inject',
  policyOf(({ project, key, effect }) => project === 'hidden' || key === 'SECRET' || effect !== 'list'),
)

test('present values, whatever may be done with them, and names as far as they may be known', () => {
  const { vault, view } = filled()
  const found = vault.confidential(asker, ['web', 'hidden', 'missing'])
  expect(found.size).toBe(2)
  expect(found.open().map(({ key, value }) => [key, shown(value)])).toEqual([
    ['OPEN', 'value of OPEN'],
    ['', 'value of SECRET'],
  ])
  const rows = view.audit({ limit: 10, action: 'secret.redact' })
  expect(rows).toMatchObject([{ resourceName: 'web', phase: 'done', metadata: { count: 2 } }])
  expect(JSON.stringify(rows[0]!.metadata)).not.toMatch(/OPEN|SECRET/)
})

test('its stamp is another one when a value is, or what may be known, and holds no value', () => {
  const { vault, view } = filled()
  const stamp = () => vault.confidential(asker, ['web']).stamp
  const before = stamp()
  expect([stamp() === before, before.includes('value of')]).toEqual([true, false])
  put(view, 'SECRET', 'value of SECRET', 'web')
  expect(stamp()).not.toBe(before)
  const all = stranger(
    'inject',
    policyOf(() => false),
  )
  expect(vault.confidential(all, ['web']).stamp).not.toBe(stamp())
})

test('what is too long, or too much together, is left out, and that is written down', () => {
  const { vault, view } = filled()
  const size = (bytes: number): string => 'x'.repeat(bytes)
  view.createProject('big', '')
  const sizes = { A: 40_000, B: 32_768, C: 32_769, D: 10 }
  for (const [key, bytes] of Object.entries(sizes)) put(view, key, size(bytes), 'big')
  expect(
    vault
      .confidential(asker, ['big'])
      .open()
      .map(({ key }) => key),
  ).toEqual(['B', 'D'])
  expect(view.audit({ limit: 1, action: 'secret.redact' })).toMatchObject([{ metadata: { count: 2, left_out: 2 } }])
  for (let i = 0; i < 12; i++) view.write('big', `E${i}`, secret(size(30_000 - i)))
  // The shortest that fit.
  const keys = vault
    .confidential(asker, ['big'])
    .open()
    .map(({ key }) => key)
  expect(keys).toEqual(['D', 'E10', 'E11', 'E4', 'E5', 'E6', 'E7', 'E8', 'E9'])
})

test('without the key nothing is looked for', () => {
  const { vault } = filled()
  const found = vault.confidential(asker, ['web'])
  vault.lock()
  for (const act of [() => found.open(), () => vault.confidential(asker, ['web'])]) expect(act).toThrow('locked')
})
