// Sources of the passphrase: their order, that a set one is final, and that none is left in the environment.
import { describe, expect, test } from 'bun:test'
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Taken, fromSources, fromTerminal, seconds } from '../../src/context/passphrase.ts'
import { failureOf } from '../failure.ts'
import { makeRoot, nobody, person } from './fixture.ts'

const root = makeRoot('passphrase')
const PROGRAM = join(import.meta.dir, 'taken.ts')
let next = 0

function file(content: string, mode = 0o600): string {
  const path = join(root, `env-${next++}`)
  writeFileSync(path, content)
  chmodSync(path, mode)
  return path
}

async function found(
  variables: Record<string, string>,
  directory = root,
  variable: 'TVAULT_PASSPHRASE' | 'TVAULT_NEW_PASSPHRASE' = 'TVAULT_PASSPHRASE',
) {
  const environment = { PATH: process.env['PATH'] ?? '', HOME: root, ...variables }
  const taken = await Taken.fromEnvironment(environment)
  const passphrase = await fromSources({ environment, taken, directory }, variable)
  return passphrase && `${Buffer.from(passphrase.secret.reveal()).toString()} ${passphrase.source}`
}

describe('order', () => {
  const path = file('TVAULT_PASSPHRASE=by-file\n')
  const configured = join(root, 'configured')
  mkdirSync(configured)
  writeFileSync(
    join(configured, 'config.yaml'),
    `agent: {passphrase_command: echo by-config, passphrase_file: ${path}}`,
  )
  chmodSync(join(configured, 'config.yaml'), 0o600)
  const all = {
    TVAULT_PASSPHRASE: 'direct',
    TVAULT_PASSPHRASE_COMMAND: 'echo by-command',
    TVAULT_PASSPHRASE_FILE: path,
  }

  test('variable, command, file, configured command, configured file, nothing', async () => {
    expect(await found(all, configured)).toBe('direct from TVAULT_PASSPHRASE')
    expect(await found({ ...all, TVAULT_PASSPHRASE: '' }, configured)).toBe('by-command from TVAULT_PASSPHRASE_COMMAND')
    expect(await found({ TVAULT_PASSPHRASE_FILE: path }, configured)).toBe('by-file from TVAULT_PASSPHRASE_FILE')
    expect(await found({}, configured)).toBe('by-config from agent.passphrase_command')
    writeFileSync(join(configured, 'config.yaml'), `agent: {passphrase_file: ${path}}`)
    expect(await found({}, configured)).toBe('by-file from agent.passphrase_file')
    expect(await found({})).toBeUndefined()
  })

  test('a new one has sources of its own and no configuration', async () => {
    expect(await found(all, configured, 'TVAULT_NEW_PASSPHRASE')).toBeUndefined()
    const own = {
      TVAULT_NEW_PASSPHRASE_FILE: file('TVAULT_PASSPHRASE=old\nTVAULT_NEW_PASSPHRASE=new\n'),
    }
    expect(await found(own, root, 'TVAULT_NEW_PASSPHRASE')).toBe('new from TVAULT_NEW_PASSPHRASE_FILE')
  })

  test('a set source that fails is not passed over', async () => {
    const variables = { TVAULT_PASSPHRASE_COMMAND: 'false', TVAULT_PASSPHRASE_FILE: path }
    expect((await failureOf(() => found(variables))).message).toContain('TVAULT_PASSPHRASE_COMMAND')
  })
})

describe('file', () => {
  test.each([
    ['TVAULT_PASSPHRASE=plain', 'plain'],
    ['# comment\nexport OTHER=1\nexport TVAULT_PASSPHRASE="two words" # c\n', 'two words'],
    ["TVAULT_PASSPHRASE='a\\n$b'\n", 'a\\n$b'],
  ])('%j', async (content, expected) => {
    expect(await found({ TVAULT_PASSPHRASE_FILE: file(content) })).toStartWith(`${expected} from`)
  })

  test('may be a link; ~ is the home directory', async () => {
    symlinkSync(file('TVAULT_PASSPHRASE=linked'), join(root, 'link'))
    expect(await found({ TVAULT_PASSPHRASE_FILE: '~/link' })).toStartWith('linked')
  })

  test.each([0o640, 0o604, 0o660, 0o601])('mode %o is refused', async (mode) => {
    const { kind, hint } = await failureOf(() => found({ TVAULT_PASSPHRASE_FILE: file('TVAULT_PASSPHRASE=x', mode) }))
    expect([kind, hint]).toEqual(['failed', expect.stringContaining('chmod 600')])
  })

  test('missing, a directory, without the line, too long', async () => {
    for (const path of [
      join(root, 'none'),
      root,
      file('OTHER=x\n'),
      file('TVAULT_PASSPHRASE=\n'),
      file(`TVAULT_PASSPHRASE=${'x'.repeat(4097)}`),
    ]) {
      expect((await failureOf(() => found({ TVAULT_PASSPHRASE_FILE: path }))).kind).toBe('failed')
    }
  })
})

describe('terminal', () => {
  test('is asked when somebody is there, and locked otherwise', async () => {
    const { secret, source } = await fromTerminal(person(['typed']), 'Label: ', 'TVAULT_PASSPHRASE')
    expect([Buffer.from(secret.reveal()).toString(), source]).toEqual(['typed', 'terminal'])
    const { kind, hint } = await failureOf(() => fromTerminal(nobody, 'Label: ', 'TVAULT_PASSPHRASE'))
    expect([kind, hint]).toEqual(['locked', expect.stringContaining('TVAULT_PASSPHRASE_FILE')])
  })
})

test('the environment of a process that took its passphrase does not show it anywhere', async () => {
  const passphrase = 'ü-topsecret-\u2603'
  const child = Bun.spawn([process.execPath, PROGRAM], {
    env: {
      PATH: process.env['PATH'],
      TVAULT_PASSPHRASE: passphrase,
      TVAULT_NEW_PASSPHRASE: 'other-topsecret',
      TVAULT_IDENTITY_KEY: 'key-topsecret',
      BESIDE: 'kept',
    },
    stdout: 'pipe',
  })
  const report = JSON.parse(await child.stdout.text())
  expect(report.taken).toEqual([
    Buffer.from(passphrase).toString('hex'),
    Buffer.from('other-topsecret').toString('hex'),
    Buffer.from('key-topsecret').toString('hex'),
  ])
  for (const place of [report.variables, report.block, report.child]) {
    expect(place).not.toContain('topsecret')
    expect(place).toContain('BESIDE')
  }
})

test('a copy can be wiped without harming the next', async () => {
  const taken = await Taken.fromEnvironment({ TVAULT_PASSPHRASE: 'abc' })
  const first = taken.copy('TVAULT_PASSPHRASE')
  first?.wipe()
  expect(taken.copy('TVAULT_PASSPHRASE')?.size).toBe(3)
  taken.wipe()
  expect(taken.copy('TVAULT_PASSPHRASE')).toBeUndefined()
})

test('seconds are whole and bounded', () => {
  expect(seconds({}, 'X', 10, 0)).toBe(10)
  expect(seconds({ X: '0' }, 'X', 10, 0)).toBe(0)
  expect(seconds({ X: '3600' }, 'X', 10, 0)).toBe(3600)
  for (const typed of ['-1', '1.5', '3601', 'x', '0'])
    expect(() => seconds({ X: typed }, 'X', 10, 1)).toThrow('X is not')
})
