// `doctor --bundle` is for strangers: of everything that the user named or stored, in every state the vault and its
// surroundings can be in, nothing is in it. Canaries are planted wherever a name can be given.
import { afterAll, beforeAll, expect, test } from 'bun:test'
import { chmodSync, cpSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

const tvault = resolve(process.env['TVAULT_BIN'] ?? join(import.meta.dir, '..', 'dist', 'tvault'))
const CANARY = 'canary7302'
const folder = mkdtempSync(join(tmpdir(), `tvault-${CANARY}-`))
const vault = join(folder, `${CANARY}-vault`)
const CHEAP = ['--kdf-memory', '19456', '--kdf-passes', '2', '--kdf-lanes', '1']

const environment = (more: Record<string, string> = {}): Record<string, string> => ({
  PATH: process.env['PATH'] ?? '/usr/bin:/bin',
  HOME: folder,
  TVAULT_DIR: vault,
  TVAULT_PASSPHRASE: `${CANARY} copper lantern meadow`,
  ...more,
})

function run(words: readonly string[], more: Record<string, string> = {}) {
  const done = Bun.spawnSync([tvault, ...words], {
    cwd: folder,
    env: environment(more),
    stdin: 'ignore',
    stderr: 'pipe',
  })
  return { code: done.exitCode, all: `${done.stdout.toString()}${done.stderr.toString()}`, out: done.stdout.toString() }
}

beforeAll(() => {
  const steps = [
    ['init', ...CHEAP],
    ['set', `KEY_${CANARY}`, `value-${CANARY}`],
    ['projects', 'create', `project-${CANARY}`, '--description', CANARY],
    ['projects', 'use', `project-${CANARY}`],
    ['identity', 'new', `id-${CANARY}`],
  ]
  for (const words of steps) expect([words[0], run(words).code]).toEqual([words[0], 0])
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const states: [string, (copy: string) => void, Record<string, string>?][] = [
  ['sound', () => undefined],
  ['absent', (copy) => rmSync(copy, { recursive: true })],
  ['damaged', (copy) => truncateSync(join(copy, 'vault.db'), 9000)],
  ['foreign', (copy) => writeFileSync(join(copy, 'vault.db'), CANARY.repeat(2000))],
  [
    'open to others, with leftovers and a policy',
    (copy) => {
      writeFileSync(join(copy, `vault.db.new-${CANARY}`), CANARY)
      writeFileSync(join(copy, 'mcp-policy.yaml'), `projects:\n  allow: [${CANARY}]\n${CANARY}: true\n`, {
        mode: 0o600,
      })
      chmodSync(copy, 0o755)
    },
  ],
  [
    'a configuration that names things',
    (copy) => {
      writeFileSync(join(copy, 'config.yaml'), `agent:\n  passphrase_file: /${CANARY}\n`, { mode: 0o600 })
    },
  ],
  ['a broken configuration', (copy) => writeFileSync(join(copy, 'config.yaml'), `${CANARY}: [`, { mode: 0o600 })],
  [
    'sources and hostile variables',
    () => undefined,
    {
      TVAULT_PASSPHRASE_FILE: `/${CANARY}`,
      TVAULT_LOG_DIR: `/${CANARY}`,
      [`DYLD_${CANARY}`]: CANARY,
      LD_LIBRARY_PATH: CANARY,
    },
  ],
]

test.each(states)('%s', (name, change, more = {}) => {
  const copy = join(folder, `${CANARY}-${name.replaceAll(' ', '-')}`)
  cpSync(vault, copy, { recursive: true })
  change(copy)
  const variables = { ...more, TVAULT_DIR: copy }
  // The control: what is not for strangers names things.
  expect(run(['doctor'], variables).all).toContain(CANARY)
  const shown = run(['doctor', '--bundle'], variables)
  const printed = run(['doctor', '--bundle', '--json'], variables)
  for (const { all, out } of [shown, printed]) {
    expect(all).not.toContain(CANARY)
    expect(all).not.toContain(folder)
    expect(all).not.toMatch(/tvault1[a-z2-7]{20}|[0-9a-f]{8}-[0-9a-f]{4}-|20\d\d-\d\d-\d\d/)
    expect(out).toContain('vault dir')
  }
  expect(JSON.parse(printed.out)).toMatchObject({ version: expect.stringMatching(/^\d/), vault: expect.any(String) })
})

test('it says what helps', () => {
  const report = JSON.parse(run(['doctor', '--bundle', '--json']).out)
  expect(report.settings).toContain('TVAULT_DIR')
  const detail = (name: string): unknown => report.checks.find((check: { name: string }) => check.name === name)?.detail
  expect(detail('contents')).toBe('2 project(s), 1 secret(s)')
  expect(detail('key derivation')).toBe('Argon2id, 19 MiB, 2 passes, 1 lanes')
})
