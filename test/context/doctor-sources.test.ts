// What doctor says about the configuration, the sources of the passphrase and the policy file; and the shared file of
// secrets, the last source before a person is asked.
import { describe, expect, test } from 'bun:test'
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import doctor from '../../src/commands/doctor.ts'
import { Taken, fromSources } from '../../src/context/passphrase.ts'
import { failureOf } from '../failure.ts'
import { makeFilledVault, makeRoot, withContext } from './fixture.ts'

const root = makeRoot('doctor')
let next = 0

/** A home with a vault in its default place. */
async function home(): Promise<{ HOME: string; vault: string }> {
  const HOME = join(root, `${next++}`)
  mkdirSync(join(HOME, '.config', 'secrets'), { recursive: true })
  await makeFilledVault(join(HOME, '.tvault'))
  return { HOME, vault: join(HOME, '.tvault') }
}

const examine = (vault: string, variables: Record<string, string>) =>
  withContext(vault, 'none', async (context) => doctor.run(context, { bundle: false }), variables, 'doctor')

async function checkOf(vault: string, name: string, variables: Record<string, string> = {}) {
  return (await examine(vault, variables)).checks.find((check) => check.name === name)
}

test('the checks of TinyVault are there, in its order', async () => {
  const { HOME, vault } = await home()
  const { checks, healthy, failed } = await examine(vault, { HOME, TVAULT_DIR: vault })
  expect([healthy, failed]).toEqual([true, 0])
  const theirs = [
    'version',
    'vault dir',
    'dir perms',
    'vault',
    'lock state',
    'current project',
    'contents',
    'config',
    'unlock source',
    'mcp policy',
    'TVAULT_DIR',
    'TVAULT_PASSPHRASE',
    'terminal',
  ]
  expect(checks.map(({ name }) => name).filter((name) => theirs.includes(name))).toEqual(theirs)
})

describe('the policy file', () => {
  const GOOD = [
    'access_mode: read-only',
    'projects_allow: ["*"]',
    'projects_deny: []',
    'secrets_allow: ["*"]',
    'secrets_deny: [PROD_*]',
    'allow_exec: false',
    'max_reads_per_session: 100',
    'redact_output: true',
  ]
  const write = (vault: string, lines: readonly string[]) =>
    writeFileSync(join(vault, 'mcp-policy.yaml'), `${lines.join('\n')}\n`)

  test('is looked at', async () => {
    const { vault } = await home()
    expect(await checkOf(vault, 'mcp policy')).toMatchObject({ status: 'info', detail: 'no policy file' })
    write(vault, GOOD)
    expect(await checkOf(vault, 'mcp policy')).toMatchObject({ status: 'ok' })
  })

  test.each([
    ['a field is missing', GOOD.slice(1), 'access_mode is missing'],
    ['an unknown mode', ['access_mode: everything', ...GOOD.slice(1)], 'access_mode is not'],
    [
      'a text for a list',
      [...GOOD.filter((line) => !line.startsWith('secrets_deny')), 'secrets_deny: A'],
      'secrets_deny',
    ],
    ['a field twice', [...GOOD, 'allow_exec: true'], 'twice'],
    ['no YAML', ['access_mode: ['], 'YAML'],
    ['a list', ['- a'], 'does not hold settings'],
  ])('%s', async (_what, lines, words) => {
    const { vault } = await home()
    write(vault, lines)
    const { healthy } = await examine(vault, {})
    const check = await checkOf(vault, 'mcp policy')
    expect([healthy, check?.status]).toEqual([false, 'fail'])
    expect(check?.detail).toContain(words)
  })
})

describe('a passphrase in a file', () => {
  test('is warned about, wherever the file is named', async () => {
    const { HOME, vault } = await home()
    writeFileSync(join(HOME, 'env'), 'TVAULT_PASSPHRASE=topsecret\n', { mode: 0o600 })
    const named = await checkOf(vault, 'unlock source', { TVAULT_PASSPHRASE_FILE: join(HOME, 'env') })
    expect(named).toMatchObject({ status: 'warn' })
    writeFileSync(join(vault, 'config.yaml'), `agent: {passphrase_file: ${join(HOME, 'env')}}`)
    const configured = await checkOf(vault, 'unlock source', { HOME })
    expect([configured?.status, configured?.detail]).toEqual(['warn', expect.stringContaining('agent.passphrase_file')])
    expect(`${named?.detail}${configured?.detail}`).not.toContain('topsecret')
  })

  test('~/.config/secrets/env serves the default vault, when it has the line and nobody else can read it', async () => {
    const { HOME, vault } = await home()
    const shared = join(HOME, '.config', 'secrets', 'env')
    const found = async (directory: string) => {
      const environment = { PATH: process.env['PATH'] ?? '', HOME }
      const taken = await Taken.fromEnvironment(environment)
      const passphrase = await fromSources({ environment, taken, directory }, 'TVAULT_PASSPHRASE')
      return passphrase && Buffer.from(passphrase.secret.reveal()).toString()
    }
    expect(await found(vault)).toBeUndefined()
    writeFileSync(shared, 'OTHER=1\n', { mode: 0o600 })
    expect(await found(vault)).toBeUndefined()
    writeFileSync(shared, 'OTHER=1\nexport TVAULT_PASSPHRASE="from there"\n')
    expect(await found(vault)).toBe('from there')
    expect(await found(root)).toBeUndefined()
    const check = await checkOf(vault, 'unlock source', { HOME })
    expect([check?.status, check?.detail?.includes('from there')]).toEqual(['warn', false])
    chmodSync(shared, 0o644)
    expect((await failureOf(() => found(vault))).hint).toBe(`chmod 600 ${shared}`)
    expect(await checkOf(vault, 'unlock source', { HOME })).toMatchObject({ status: 'fail' })
  })
})

test('a configuration that is no YAML stops every unlocking command, whatever tells the passphrase', async () => {
  const { HOME, vault } = await home()
  writeFileSync(join(vault, 'config.yaml'), 'agent: {}\nagent: {}\n')
  const environment = { HOME, TVAULT_PASSPHRASE: 'given' }
  const taken = await Taken.fromEnvironment(environment)
  const attempt = () => fromSources({ environment, taken, directory: vault }, 'TVAULT_PASSPHRASE')
  expect(await failureOf(attempt)).toMatchObject({ kind: 'failed', message: expect.stringContaining('twice') })
  expect(await checkOf(vault, 'config')).toMatchObject({ status: 'fail' })
})
