import { describe, expect, test } from 'bun:test'
import audit from '../../src/commands/audit.ts'
import verify from '../../src/commands/audit/verify.ts'
import doctor from '../../src/commands/doctor.ts'
import init from '../../src/commands/init.ts'
import rotate from '../../src/commands/key/rotate.ts'
import lock from '../../src/commands/lock.ts'
import create from '../../src/commands/projects/create.ts'
import remove from '../../src/commands/projects/delete.ts'
import projects from '../../src/commands/projects/list.ts'
import use from '../../src/commands/projects/use.ts'
import restore from '../../src/commands/restore.ts'
import run from '../../src/commands/run.ts'
import set from '../../src/commands/set.ts'
import status from '../../src/commands/status.ts'
import unlock from '../../src/commands/unlock.ts'
import { Secret } from '../../src/lib/secret.ts'
import { DIRECTORY, room } from './room.ts'
import type { Room } from './room.ts'

const put = (here: Room, name: string, typed: string) => here.call(set, { name, value: Secret.fromText(typed) })

describe('init', () => {
  test('says where, and what to do next', async () => {
    const here = room()
    here.played.inspection = { directory: DIRECTORY, state: 'absent', checks: [] }
    const { out, note, json } = await here.call(init)
    expect(out).toBe(`✓ Vault created at ${DIRECTORY}\n`)
    expect(note).toContain('Next steps:')
    expect(json).toMatchObject({ vault_dir: DIRECTORY, project: 'default', changed: true })
  })

  test.each(['ok', 'busy', 'corrupt', 'foreign', 'unreadable'] as const)(
    '%s: conflict before the passphrase is asked',
    async (state) => {
      const here = room()
      here.played.inspection = { directory: DIRECTORY, state, checks: [] }
      here.played.hidden = ['never asked']
      expect((await here.fails(init)).kind).toBe('conflict')
      expect(here.played.hidden).toHaveLength(1)
      expect((await here.fails(init, { 'kdf-memory': 'lots' })).kind).toBe('usage')
    },
  )
})

describe('projects', () => {
  test('create, list, use, delete', async () => {
    const here = room()
    expect((await here.call(create, { name: 'api', description: 'The API' })).out).toBe("✓ Project 'api' created\n")
    expect((await here.fails(create, { name: 'api' })).kind).toBe('conflict')
    expect((await here.fails(create, { name: 'a\u001b[31m' })).kind).toBe('usage')
    const listed = await here.call(projects)
    expect(listed.out).toBe('NAME     DESCRIPTION      CURRENT\napi      The API\ndefault  Default project  *\n')
    expect(listed.json).toEqual([
      { name: 'api', description: 'The API', secrets: 0 },
      { name: 'default', description: 'Default project', current: true, secrets: 0 },
    ])
    expect((await here.call(projects, { 'names-only': true })).json).toEqual([{ name: 'api' }, { name: 'default' }])
    expect((await here.call(use, { name: 'api' })).note).toBe('Now using project: api')
    expect((await here.fails(use, { name: 'nope' })).kind).toBe('not_found')
    expect((await here.fails(remove, { name: 'api' })).kind).toBe('cancelled')
    expect((await here.fails(remove, { name: 'nope' })).kind).toBe('not_found')
    expect((await here.call(remove, { name: 'api', yes: true })).out).toBe("✓ Project 'api' deleted\n")
    expect((await here.call(status)).out).toContain('Current project: default\n')
  })

  test('a long description is cut on a terminal and whole in a pipe', async () => {
    const here = room()
    const description = 'long '.repeat(60).trim()
    await here.call(create, { name: 'wide', description })
    expect((await here.call(projects)).out).toContain(description)
    here.played.stdoutIsTerminal = true
    const lines = (await here.call(projects)).out.split('\n')
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80)
  })
})

describe('run', () => {
  test('gives what is selected to the program', async () => {
    const here = room()
    for (const name of ['A', 'B', 'DB_1', 'TVAULT_X']) await put(here, name, name.toLowerCase())
    await here.call(run, { command: ['env'] })
    expect(here.played.launched).toEqual({ command: ['env'], inject: { A: 'a', B: 'b', DB_1: 'db_1' }, clean: false })
    expect(here.played.said.join()).toContain('TVAULT_X')
    await here.call(run, { command: ['env', '-u', 'A'], only: ['A'], prefix: 'DB_', clean: true })
    expect(here.played.launched).toEqual({ command: ['env', '-u', 'A'], inject: { A: 'a', DB_1: 'db_1' }, clean: true })
  })

  test('W7: an empty selector never means all', async () => {
    const here = room()
    await put(here, 'A', '1')
    expect((await here.fails(run, { command: ['env'], prefix: '' })).kind).toBe('usage')
    expect((await here.fails(run, { command: ['env'], only: [] })).kind).toBe('usage')
    expect((await here.fails(run, { command: [] })).kind).toBe('usage')
    expect(here.played.launched).toBeUndefined()
  })

  test('W7: a missing key is a warning, with --strict a failure', async () => {
    const here = room()
    await put(here, 'A', '1')
    await here.call(run, { command: ['env'], only: ['A', 'NOPE'] })
    expect(here.played.said).toEqual(['warning: --only key(s) not found in project "default": NOPE'])
    here.played.launched = undefined
    expect((await here.fails(run, { command: ['env'], only: ['A', 'NOPE'], strict: true })).kind).toBe('not_found')
    expect((await here.fails(run, { command: ['env'], prefix: 'Z', strict: true })).kind).toBe('not_found')
    expect(here.played.launched).toBeUndefined()
  })
})

describe('status and doctor', () => {
  test.each([
    ['absent', 'not initialized', false],
    ['busy', 'busy', true],
    ['corrupt', 'corrupt', true],
    ['foreign', 'not a vault of this program', false],
  ] as const)('%s is told as such', async (state, words, initialized) => {
    const here = room()
    here.played.inspection = { directory: DIRECTORY, state, detail: 'because', checks: [] }
    const { out, json, exit } = await here.call(status)
    expect(out).toBe(`Vault: ${DIRECTORY}\nStatus: ${words}\nDetail: because\n`)
    expect(json).toEqual({ initialized, state, detail: 'because', vault_dir: DIRECTORY })
    expect(exit).toBe(0)
  })

  test('a vault in order', async () => {
    const here = room()
    const { out, json } = await here.call(status)
    expect(out).toBe(
      `Vault: ${DIRECTORY}\nStatus: initialized\nLock: locked\nAgent: not running\nCurrent project: default\nProjects: 1\n`,
    )
    expect(json).toEqual({
      agent_accessible: false,
      agent_running: false,
      current_project: 'default',
      initialized: true,
      locked: true,
      project_count: 1,
      state: 'ok',
      vault_dir: DIRECTORY,
    })
    here.played.project = 'nope'
    expect((await here.call(status)).out).toContain("Warning: there is no project 'nope'\n")
  })

  test.each([
    ['none', true, false, 'no process keeps the key'],
    ['locked', true, true, 'an agent runs, but gives no values here'],
    ['refuses', true, true, 'an agent runs, but gives no values here'],
    ['unlocked', false, true, 'unlocked by an agent'],
  ] as const)(
    'W12: with an agent that is %s, status and doctor say the same',
    async (agent, locked, running, words) => {
      const here = room()
      here.played.agent = agent
      const state = await here.call(status)
      expect(state.json).toMatchObject({ locked, agent_running: running, agent_accessible: !locked })
      expect(state.out).toContain(locked ? 'Lock: locked\n' : 'Lock: unlocked\n')
      expect((await here.call(doctor)).out).toMatch(new RegExp(`lock state +.*${words}`))
    },
  )

  test('doctor fails when a check does, not for a warning', async () => {
    const here = room()
    const warn = { name: 'vault dir', status: 'warn', detail: 'odd' } as const
    here.played.inspection = { directory: DIRECTORY, state: 'ok', checks: [warn] }
    const fine = await here.call(doctor)
    expect(fine.out).toEndWith(
      'ℹ  lock state       locked; no process keeps the key\nℹ  current project  default\n\n✓ All checks passed.\n',
    )
    expect(fine.exit).toBe(0)
    const fail = { name: 'vault', status: 'fail', detail: 'damaged' } as const
    here.played.inspection = { directory: DIRECTORY, state: 'corrupt', checks: [warn, fail] }
    const bad = await here.call(doctor)
    expect([bad.out.includes('failed'), bad.note]).toEqual([
      false,
      '✗ 1 check(s) failed.\nError: doctor: 1 check(s) failed',
    ])
    expect(bad.json).toEqual({ healthy: false, failed: 1, checks: [warn, fail] })
    here.played.inspection = { directory: DIRECTORY, state: 'ok', checks: [] }
    here.played.project = 'nope'
    expect((await here.call(doctor)).out).toContain('⚠  current project  there is no project nope')
    expect(bad.exit).toBe(1)
  })
})

describe('lock, unlock, rotate, audit, restore', () => {
  test('lock and unlock keep their words and tell the truth', async () => {
    const here = room()
    expect(await here.call(lock)).toMatchObject({ out: '✓ Vault locked\n', json: { locked: true, changed: false } })
    const opened = await here.call(unlock)
    expect(opened.out).toBe('✓ Vault unlocked\n')
    expect(opened.note).toContain('Nothing stays unlocked')
    expect(opened.json).toMatchObject({ passphrase_valid: true, stays_unlocked: false })
  })

  test('rotate takes a new passphrase and refuses the same one', async () => {
    const here = room()
    here.played.hidden = ['correct horse battery']
    expect((await here.fails(rotate)).kind).toBe('usage')
    here.played.hidden = ['another horse entirely']
    expect((await here.call(rotate)).out).toBe('✓ Passphrase rotated successfully\n')
    here.vault.lock()
    const fresh = Secret.fromText('another horse entirely')
    here.vault.unlock(fresh)
    expect(here.vault.unlocked).toBe(true)
  })

  test('audit shows project, who, command and phase; verify reads the chain', async () => {
    const here = room()
    await put(here, 'A', '1')
    const { out, json } = await here.call(audit, { limit: 1 })
    expect(out).toMatch(/^\S+Z\tsecret\.write\tsecret\tA\tdefault\towner\tset\tdone: ok\n$/)
    expect(json).toMatchObject({
      count: 1,
      entries: [
        { action: 'secret.write', resource_type: 'secret', resource_name: 'A', metadata: { project: 'default' } },
      ],
    })
    expect((await here.call(audit, { action: 'nothing' })).out).toBe('(no audit entries)\n')
    const checked = await here.call(verify)
    expect(checked.out).toMatch(/^✓ Audit log intact: 3 row\(s\)\nHead: 3:[0-9a-f]{64}\n$/)
    const { head } = checked.json as { head: string }
    expect((await here.call(verify, { head })).json).toMatchObject({ intact: true, rows: 3 })
    expect((await here.fails(verify, { head: `9:${'0'.repeat(64)}` })).kind).toBe('corrupt')
  })

  test('restore looks, shows, asks, and only then acts', async () => {
    const here = room()
    expect((await here.fails(restore, { path: '/b' })).kind).toBe('cancelled')
    expect(here.played.restores).toEqual([{ path: '/b', dryRun: true }])
    expect(here.played.said.join('\n')).toContain('1 project(s), 2 secret(s)')
    const looked = await here.call(restore, { path: '/b', 'dry-run': true })
    expect(looked.out).toContain('2 secret(s)')
    expect(looked.json).toMatchObject({ changed: false, secrets: 2 })
    const done = await here.call(restore, { path: '/b', yes: true })
    expect(done.out).toBe('✓ Vault restored from /b\n')
    expect(here.played.restores.at(-1)).toEqual({ path: '/b', dryRun: false })
  })
})
