// The configuration file: what counts, and who may have written it.
import { describe, expect, test } from 'bun:test'
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { readConfig, withLogSettings } from '../../src/context/config.ts'
import { failureOf } from '../failure.ts'
import { makeRoot } from './fixture.ts'

const root = makeRoot('config')
let next = 0

function directory(content?: string | Uint8Array, mode = 0o600): string {
  const path = join(root, `${next++}`)
  mkdirSync(path)
  if (content !== undefined) {
    writeFileSync(join(path, 'config.yaml'), content)
    chmodSync(join(path, 'config.yaml'), mode)
  }
  return path
}

const home = { HOME: root }

describe('what counts', () => {
  test.each([
    ['', undefined, undefined],
    ['other: 1\nagent: null\n', undefined, undefined],
    ['agent:\n  log_level: debug\n', undefined, undefined],
    ['agent:\n  passphrase_command: pass show "my vault"\n', 'pass show "my vault"', undefined],
    ['agent:\n  passphrase_command: [pass, show, no]\n', ['pass', 'show', 'no'], undefined],
    ['agent: {passphrase_file: ~/secret/env}\n', undefined, join(root, 'secret/env')],
  ])('%j', async (content, command, file) => {
    const { passphraseCommand, passphraseFile } = await readConfig(directory(content), home)
    expect(passphraseCommand).toEqual(command)
    expect(passphraseFile).toEqual(file)
  })

  test('no file is no configuration, also when TVAULT_CONFIG names none', async () => {
    expect((await readConfig(directory(), home)).path).toBeUndefined()
    expect((await readConfig(directory('agent: [}'), { ...home, TVAULT_CONFIG: '/none.yaml' })).path).toBeUndefined()
  })

  test('XDG_CONFIG_HOME serves the default vault only', async () => {
    const xdg = join(root, 'xdg')
    mkdirSync(join(xdg, 'tvault'), { recursive: true })
    writeFileSync(join(xdg, 'tvault', 'config.yaml'), 'agent: {passphrase_file: /f}')
    const environment = { ...home, XDG_CONFIG_HOME: xdg }
    expect((await readConfig(join(root, '.tvault'), environment)).passphraseFile).toBe('/f')
    expect((await readConfig(directory(), environment)).passphraseFile).toBeUndefined()
  })
})

describe('what is refused', () => {
  test.each([
    'agent: [}',
    '- a\n- b\n',
    'just text',
    'agent: 5',
    'agent: {passphrase_command: {a: 1}}',
    'agent: {passphrase_command: [1, 2]}',
    'agent: {passphrase_command: ""}',
    'agent: {passphrase_file: [a]}',
    'agent: {log_dir: 5}',
    'agent: {log_level: [debug]}',
    'agent:\n  passphrase_file: /one\n  passphrase_file: /two\n',
    'agent: {}\nagent: {}\n',
    'agent: {passphrase_file: /one, passphrase_file: /two}',
    Uint8Array.of(0x61, 0xff),
  ])('%j', async (content) => {
    const { kind } = await failureOf(() => readConfig(directory(content), home))
    expect(kind).toBe('failed')
  })

  test('a command in a file that others can change; other settings are harmless there', async () => {
    const command = 'agent: {passphrase_command: evil}'
    for (const mode of [0o620, 0o602, 0o666]) {
      const { hint } = await failureOf(() => readConfig(directory(command, mode), home))
      expect(hint).toContain('chmod 600')
    }
    expect((await readConfig(directory(command, 0o644), home)).passphraseCommand).toBe('evil')
    expect((await readConfig(directory('agent: {passphrase_file: /f}', 0o666), home)).passphraseFile).toBe('/f')
  })
})

test('what it says about the log counts where no variable does, and a broken file changes nothing', async () => {
  const place = directory('agent: {log_dir: ~/logs, log_level: debug}')
  expect(await withLogSettings(place, home)).toEqual({
    ...home,
    TVAULT_LOG_DIR: join(root, 'logs'),
    TVAULT_LOG_LEVEL: 'debug',
  })
  const set = { ...home, TVAULT_LOG_DIR: '/elsewhere', TVAULT_LOG_LEVEL: '' }
  expect(await withLogSettings(place, set)).toMatchObject({ TVAULT_LOG_DIR: '/elsewhere', TVAULT_LOG_LEVEL: 'debug' })
  const broken = await withLogSettings(directory('agent: [}'), home)
  expect([broken['TVAULT_LOG_DIR'], broken['TVAULT_LOG_LEVEL']]).toEqual([undefined, undefined])
})
