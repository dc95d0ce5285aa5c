// Where the vault is: flag, variable, home, and never the current folder by accident (W36).
import { expect, test } from 'bun:test'
import { resolve } from 'node:path'
import { Failure } from '../../src/lib/errors.ts'
import { configFiles, expandHome, vaultDirectory } from '../../src/lib/paths.ts'

const home = { HOME: '/home/ada' }

test.each([
  [undefined, home, '/home/ada/.tvault'],
  ['', { ...home, TVAULT_DIR: '' }, '/home/ada/.tvault'],
  [undefined, { ...home, TVAULT_DIR: '~/x' }, '/home/ada/x'],
  [undefined, { ...home, TVAULT_DIR: '~' }, '/home/ada'],
  [undefined, { ...home, TVAULT_DIR: '~bob/x' }, resolve('~bob/x')],
  ['/v', { ...home, TVAULT_DIR: '/w' }, '/v'],
  ['~/v', home, '/home/ada/v'],
  ['v', {}, resolve('v')],
])('flag %p and %p lead to %s', (flag, environment, expected) => {
  expect(vaultDirectory(flag, environment)).toBe(expected)
})

test.each([{}, { HOME: '' }, { HOME: 'relative' }])(
  'without a home (%p) the directory must be named',
  (environment) => {
    for (const act of [() => vaultDirectory(undefined, environment), () => expandHome('~/x', environment)]) {
      let failure: unknown
      try {
        act()
      } catch (error) {
        failure = error
      }
      expect(failure).toBeInstanceOf(Failure)
      expect(failure).toMatchObject({ kind: 'usage', hint: expect.stringContaining('--vault DIR') })
    }
  },
)

test('the configuration lies beside the vault; only the default vault also looks in XDG', () => {
  expect(configFiles('/v', home)).toEqual(['/v/config.yaml'])
  expect(configFiles('/home/ada/.tvault', home)).toEqual([
    '/home/ada/.tvault/config.yaml',
    '/home/ada/.config/tvault/config.yaml',
  ])
  expect(configFiles('/home/ada/.tvault', { ...home, XDG_CONFIG_HOME: '/xdg' })[1]).toBe('/xdg/tvault/config.yaml')
  expect(configFiles('/v', { ...home, TVAULT_CONFIG: '~/c.yaml' })).toEqual(['/home/ada/c.yaml'])
})
