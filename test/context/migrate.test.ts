// Moving a Go vault over on the disk: in its place and elsewhere, its file never touched, every refusal without a
// change. The Go files are made by test/foreign/go-file.ts; test/interop/migrate.test.ts has those of the real program.
import { beforeAll, describe, expect, test } from 'bun:test'
import { chmodSync, existsSync, linkSync, lstatSync, mkdirSync, openSync, readFileSync } from 'node:fs'
import { readdirSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Moved } from '../../src/commands/context.ts'
import { flock } from '../../src/lib/native.ts'
import { failureOf } from '../failure.ts'
import { deriveGo, goFile, time, uuid } from '../foreign/go-file.ts'
import { makeRoot, withContext } from './fixture.ts'

const root = makeRoot('migrate')
const PASSPHRASE = 'a go passphrase'
let file: Uint8Array
beforeAll(() => {
  const projects = [
    { name: 'default', id: uuid(1), secrets: { A: ['one', 'two'] } },
    { name: 'gone', id: uuid(2), deleted: true, secrets: { B: ['x'] } },
  ]
  const audit = [{ timestamp: time(1), action: 'secret.write', resource_type: 'secret', resource_name: 'A' }]
  file = goFile({ projects, audit, current: 'default' }, deriveGo(PASSPHRASE))
})

let next = 0
/** A directory with the Go vault in it. */
function goDirectory(bytes = file): string {
  const directory = join(root, `go-${next++}`)
  mkdirSync(join(directory, 'identities'), { recursive: true, mode: 0o700 })
  writeFileSync(join(directory, 'vault.db'), bytes, { mode: 0o600 })
  return directory
}

interface Wish {
  dryRun?: boolean
  includeDeleted?: boolean
  salvage?: boolean
  variables?: Record<string, string>
}

const SECONDS = { TVAULT_LOCK_TIMEOUT: '0' }

function migrate(from: string, to: string, wish: Wish = {}): Promise<Moved> {
  const { dryRun = false, includeDeleted = false, salvage = false } = wish
  const use = { from, to, includeDeleted, salvage, dryRun }
  const variables = { TVAULT_PASSPHRASE: PASSPHRASE, ...SECONDS, ...wish.variables }
  return withContext(
    to,
    'admin',
    async (context) => {
      const found = await context.migrate(use)
      if (!dryRun) return found.carryOut()
      return { plan: found.plan, kept: undefined, identities: [], identitiesLeft: [], agent: false }
    },
    variables,
  )
}

function valueOf(directory: string, version?: number): Promise<string> {
  return withContext(
    directory,
    'reveal',
    async (context) => {
      const view = await context.vault()
      const options = version === undefined ? {} : { version }
      return Buffer.from(view.read('default', 'A', options).reveal()).toString()
    },
    { TVAULT_PASSPHRASE: PASSPHRASE },
  )
}

/** What a file is, without the times that a reader may change. */
function state(path: string): unknown {
  const { ino, mode, mtimeMs, size, uid } = lstatSync(path)
  return { ino, mode, mtimeMs, size, uid, bytes: readFileSync(path).toBase64() }
}

test('in place: the new vault takes the name, the same old file keeps another', async () => {
  const directory = goDirectory()
  const path = join(directory, 'vault.db')
  writeFileSync(join(directory, 'identities', 'me.key'), 'x', { mode: 0o600 })
  const before = state(path)
  const started = performance.now()
  const { kept = '', plan } = await migrate(directory, directory)
  // Go programs that opened the old file wait a second for its lock.
  expect(performance.now() - started).toBeGreaterThan(1000)
  expect(kept).toMatch(/vault\.db\.go-\d{8}T\d{6}\.\d{3}Z$/)
  expect(state(kept)).toEqual(before)
  expect(plan.projects.map(({ name }) => name)).toEqual(['default'])
  expect(await valueOf(directory)).toBe('two')
  expect(await valueOf(directory, 1)).toBe('one')
  const names = readdirSync(directory).filter((name) => !['vault.db-checked', 'vault.db-lock'].includes(name))
  expect(names.toSorted()).toEqual(['identities', 'vault.db', kept.slice(directory.length + 1)].toSorted())
  expect(lstatSync(path).mode & 0o777).toBe(0o600)
  // What was moved over is not moved again, and the kept file can be.
  expect(await failureOf(() => migrate(directory, directory))).toMatchObject({ kind: 'failed' })
  const other = join(root, 'again')
  await migrate(kept, other)
  expect(await valueOf(other)).toBe('two')
})

test('a second name that a killed attempt left is used, not another one made', async () => {
  const directory = goDirectory()
  const earlier = join(directory, 'vault.db.go-20260101T000000.000Z')
  linkSync(join(directory, 'vault.db'), earlier)
  writeFileSync(join(directory, 'vault.db.go-other'), 'something else')
  const { kept } = await migrate(directory, directory)
  expect(kept).toBe(earlier)
})

test('elsewhere: the Go vault is as it was, its identities are copied, none is replaced', async () => {
  const directory = goDirectory()
  const to = join(root, 'deep', 'elsewhere')
  writeFileSync(join(directory, 'identities', 'me.key'), 'key of me', { mode: 0o644 })
  writeFileSync(join(directory, 'identities', 'you.key'), 'key of you', { mode: 0o600 })
  writeFileSync(join(directory, 'identities', 'no identity.key'), 'x')
  symlinkSync('/etc/hostname', join(directory, 'identities', 'link.key'))
  mkdirSync(join(to, 'identities'), { recursive: true, mode: 0o700 })
  chmodSync(to, 0o700)
  writeFileSync(join(to, 'identities', 'you.key'), 'another one', { mode: 0o600 })
  const before = state(join(directory, 'vault.db'))
  const { kept, identities, identitiesLeft } = await migrate(join(directory, 'vault.db'), to)
  expect(kept).toBeUndefined()
  expect(identities).toEqual(['me'])
  expect(identitiesLeft.map((what) => what.split(':')[0])).toEqual(['link', 'you'])
  expect(readFileSync(join(to, 'identities', 'me.key'), 'utf8')).toBe('key of me')
  expect(lstatSync(join(to, 'identities', 'me.key')).mode & 0o777).toBe(0o600)
  expect(readFileSync(join(to, 'identities', 'you.key'), 'utf8')).toBe('another one')
  expect(state(join(directory, 'vault.db'))).toEqual(before)
  expect(await valueOf(to)).toBe('two')
})

test('a dry run changes nothing, and works without a passphrase', async () => {
  const directory = goDirectory()
  const before = state(join(directory, 'vault.db'))
  const whole = await migrate(directory, directory, { dryRun: true, includeDeleted: true })
  expect(whole.plan.projects.map(({ name }) => name)).toEqual(['default', 'gone (deleted)'])
  const blind = await migrate(directory, directory, { dryRun: true, variables: { TVAULT_PASSPHRASE: '' } })
  expect(blind.plan).toMatchObject({ damages: 0, auditRows: 1 })
  expect(state(join(directory, 'vault.db'))).toEqual(before)
  expect(readdirSync(directory)).toEqual(['identities', 'vault.db'])
})

describe('refuses, and changes nothing', () => {
  /** The kind of the failure; throws when anything in `directory` changed. */
  async function refusal(from: string, to: string, wish?: Wish): Promise<string> {
    const path = join(from, 'vault.db')
    const look = () => [existsSync(path) ? state(path) : 0, existsSync(from) ? readdirSync(from).toSorted() : []]
    const before = look()
    const failure = await failureOf(() => migrate(from, to, wish))
    expect(look()).toEqual(before)
    return failure.kind
  }

  test('a wrong passphrase', async () => {
    const directory = goDirectory()
    expect(await refusal(directory, directory, { variables: { TVAULT_PASSPHRASE: 'wrong' } })).toBe('wrong_passphrase')
  })

  test('no passphrase', async () => {
    const directory = goDirectory()
    expect(await refusal(directory, directory, { variables: { TVAULT_PASSPHRASE: '' } })).toBe('locked')
  })

  test('a vault that a Go program holds, and not longer', async () => {
    const directory = goDirectory()
    const fd = openSync(join(directory, 'vault.db'), 'r')
    flock(fd, 'exclusive', true)
    expect(await refusal(directory, directory)).toBe('busy')
    flock(fd, 'unlock', true)
    flock(fd, 'shared', true)
    expect(await migrate(directory, directory, { dryRun: true })).toMatchObject({ plan: { damages: 0 } })
  })

  test('a place that is taken', async () => {
    const directory = goDirectory()
    const other = goDirectory()
    expect(await refusal(directory, other)).toBe('conflict')
    const half = goDirectory()
    writeFileSync(join(half, 'vault.db.next'), 'the half of another replacement')
    expect(await refusal(half, half)).toBe('conflict')
  })

  test.each([
    ['cut to two pages', 8192],
    ['cut in half', 0.5],
    ['cut by one byte', -1],
    ['empty', 0],
  ])('a vault that is %s', async (_, size) => {
    const directory = goDirectory()
    const whole = file.length
    truncateSync(join(directory, 'vault.db'), size === 0.5 ? whole / 2 : size < 0 ? whole + size : size)
    expect(await refusal(directory, directory)).toBe(size === 0 ? 'failed' : 'corrupt')
  })

  test('damage (W33), unless it may be left', async () => {
    const bytes = file.slice()
    const at = Buffer.from(bytes).indexOf('"encrypted_value":"') + 25
    bytes[at] = bytes[at] === 0x41 ? 0x42 : 0x41
    const directory = goDirectory(bytes)
    expect(await refusal(directory, directory)).toBe('corrupt')
    expect((await failureOf(() => migrate(directory, directory))).message).toBe(
      'the Go vault is damaged: secret A of project default, version 1, does not open',
    )
    expect((await migrate(directory, directory, { dryRun: true })).plan.damages).toBe(1)
    const { plan } = await migrate(directory, join(root, 'salvaged'), { salvage: true })
    expect(plan.damages).toBeGreaterThan(0)
  })

  test('what is no regular file', async () => {
    for (const make of [
      (path: string) => symlinkSync('/etc/hostname', path),
      (path: string) => mkdirSync(path),
      (path: string) => void Bun.spawnSync(['mkfifo', path]),
    ]) {
      const directory = join(root, `odd-${next++}`)
      mkdirSync(directory, { mode: 0o700 })
      make(join(directory, 'vault.db'))
      expect((await failureOf(() => migrate(directory, join(root, 'nowhere')))).kind).toBe('failed')
    }
    expect((await failureOf(() => migrate(join(root, 'missing'), join(root, 'nowhere')))).kind).toBe('failed')
    expect((await failureOf(() => migrate('/dev/zero', join(root, 'nowhere')))).kind).toBe('failed')
    expect(existsSync(join(root, 'nowhere'))).toBeFalse()
  })

  test('a directory that is open to others', async () => {
    const directory = goDirectory()
    chmodSync(directory, 0o755)
    expect(await refusal(directory, directory)).toBe('failed')
  })
})
