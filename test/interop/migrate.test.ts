// A vault of the real Go program, moved over by the real binary: every value, version and time is the same on both
// sides, read through both command lines and through our own reader of its file. 3 projects, 500 secrets, history,
// binary values, recipients, groups, audit, a deleted project, and files that only the vault's key opens.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { copyFileSync, lstatSync, mkdirSync, openSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Bbolt, bytesOf } from '../../src/foreign/bbolt.ts'
import { makePlan } from '../../src/foreign/go-plan.ts'
import { Damages } from '../../src/foreign/go-remarks.ts'
import { GO_KDF, GoVault } from '../../src/foreign/go-vault.ts'
import { derive } from '../../src/crypto/kdf.ts'
import { utf8 } from '../../src/lib/bytes.ts'
import { Secret } from '../../src/lib/secret.ts'
import { toRfc3339 } from '../../src/lib/time.ts'
import { openLmdb } from '../../src/store/lmdb.ts'
import { allProjects } from '../../src/vault/projects.ts'
import { TABLES } from '../../src/vault/schema.ts'
import { archivedRows, currentRows, openRow } from '../../src/vault/secrets.ts'
import { Session } from '../../src/vault/session.ts'
import { Place, ourBinary, peerBinary } from './peer.ts'

const GO = peerBinary()
const PASSPHRASE = 'pässphrase of a Go vault'
const [theirs, own] = [new Place([GO ?? 'none']), new Place(ourBinary())]
const room = theirs.folder
/** The Go vault as it was, for the Go program; and the one that is moved. */
const [before, moved] = [join(room, 'before'), join(room, 'moved')]
afterAll(() => {
  theirs.remove()
  own.remove()
})

function options(directory: string): { cwd: string; env: Record<string, string> } {
  return { cwd: room, env: { TVAULT_DIR: directory, TVAULT_PASSPHRASE: PASSPHRASE, TVAULT_NO_AGENT: '1' } }
}

const go = (...words: string[]): Buffer => theirs.must(words, options(before))
const ours = (...words: string[]): Buffer => own.must(words, options(moved))
/** What a command printed with --json, taken for what the test expects it to be. */
const json = <T>(bytes: Buffer): T => JSON.parse(bytes.toString()) as T

interface Report {
  kept: string
  audit_rows: number
  projects: { name: string; secrets: number }[]
  left: unknown[]
}
type Identities = { name: string; recipient: string }[]
type History = { versions: { version: number; created_at: string; updated_at: string }[] }
type Groups = { name: string; description: string; environments: unknown; inheritance: unknown }[]
interface AuditRow {
  action: string
  resource_type: string
  resource_name?: string
  timestamp: string
  principal?: string
  metadata?: Record<string, unknown>
}

function dotenv(name: string, keys: number, value: (index: number) => string): string {
  const lines = Array.from({ length: keys }, (_, i) => `KEY_${String(i).padStart(3, '0')}=${JSON.stringify(value(i))}`)
  writeFileSync(join(room, name), lines.join('\n'))
  return name
}

const BINARY = Buffer.from(Array.from({ length: 1024 }, (_, i) => (i * 7) & 0xff))
let report: Report
let alice = ''

/** The Go vault of the test, made by its own program. */
function build(): void {
  go('init')
  go('projects', 'create', 'staging', '-d', 'the test machine')
  go('projects', 'create', 'prod/eu 日本')
  go(
    'import',
    dotenv('.env.a', 250, (i) => `value ${i} of default\\n`),
  )
  go(
    'import',
    dotenv('.env.a', 120, (i) => `second ${i} "quoted" $HOME`),
    '--overwrite',
  )
  go(
    'import',
    dotenv('.env.b', 148, (i) => `staging ${i}`),
    '-p',
    'staging',
  )
  go(
    'import',
    dotenv('.env.c', 100, (i) => `${'x'.repeat(i * 40)}`),
    '-p',
    'prod/eu 日本',
  )
  writeFileSync(join(room, 'binary'), BINARY)
  go('set', 'BINARY', '--from-file', 'binary')
  writeFileSync(join(room, 'large'), Buffer.alloc(300_000, 0xe9))
  go('set', 'LARGE', '--from-file', 'large')
  go('projects', 'create', 'doomed')
  go('set', 'GONE', 'x', '-p', 'doomed')
  go('projects', 'delete', 'doomed', '-y')
  go('identity', 'new', 'alice')
  alice = json<Identities>(go('identity', 'list', '--json'))[0]?.recipient ?? ''
  go('identity', 'new', 'bob')
  const bob = json<Identities>(go('identity', 'list', '--json')).find(({ name }) => name === 'bob')?.recipient ?? ''
  go('projects', 'share', alice, '-p', 'staging')
  go('projects', 'share', bob, '-p', 'staging')
  go('projects', 'unshare', bob, '-p', 'staging')
  go('env', 'group', 'create', 'web', '--env', 'production=default', '--env', 'stage=staging', '-d', 'the site')
  go('env', 'inherit', '--group', 'web', '--env', 'stage', '--from', 'production')
  writeFileSync(join(room, 'plain'), 'A=1\nB="two"\n\u0000raw')
  go('encrypt-env', '-i', 'plain', '-o', 'by-go.encrypted')
  go('use', 'staging')
}

beforeAll(() => {
  if (GO === undefined) return
  build()
  mkdirSync(join(moved, 'identities'), { recursive: true, mode: 0o700 })
  for (const name of ['vault.db', 'identities/alice.key', 'identities/bob.key']) {
    copyFileSync(join(before, name), join(moved, name))
  }
}, 60_000)

describe.if(GO !== undefined)('a vault of the Go program', () => {
  test('is shown by a dry run, which changes nothing', () => {
    const bytes = readFileSync(join(moved, 'vault.db'))
    const shown = json<Report>(ours('migrate', '--dry-run', '--json'))
    expect(shown).toMatchObject({
      secrets: 500,
      recipients: 1,
      groups: ['web'],
      damages: 0,
      renamed: [],
      changed: false,
    })
    expect(shown.projects.map(({ name, secrets }) => `${name} ${secrets}`)).toEqual([
      'default 252',
      'prod/eu 日本 100',
      'staging 148',
    ])
    expect(shown.left).toEqual([expect.objectContaining({ what: 'project', name: 'doomed' })])
    expect(readFileSync(join(moved, 'vault.db')).equals(bytes)).toBeTrue()
    expect(readdirSync(moved).toSorted()).toEqual(['identities', 'vault.db'])
  })

  test('is moved in its place, and the file stays the same file', () => {
    const file = join(moved, 'vault.db')
    const [bytes, { ino, mode, mtimeMs }] = [readFileSync(file), lstatSync(file)]
    report = json<Report>(ours('migrate', '-y', '--json'))
    expect(report).toMatchObject({ secrets: 500, versions: 620, damages: 0, in_place: true, verified: 'values' })
    const kept = lstatSync(report.kept)
    expect([kept.ino, kept.mode, kept.mtimeMs]).toEqual([ino, mode, mtimeMs])
    expect(readFileSync(report.kept).equals(bytes)).toBeTrue()
    expect(lstatSync(file).ino).not.toBe(ino)
  })

  test('every version and time is the same, by our reader', async () => {
    const damages = new Damages()
    const db = new Bbolt(bytesOf(openSync(report.kept, 'r')))
    db.check(damages.tell)
    const vault = new GoVault(db, damages.tell)
    vault.unlock(derive(utf8(PASSPHRASE), vault.meta.salt, GO_KDF), vault.projects(damages.tell))
    const plan = makePlan(vault, true, damages, { includeDeleted: false })
    const names = new Map(plan.projects.map(({ id, name }) => [id, name]))
    const expected = new Map<string, string>()
    for (const rows of [vault.secrets(damages.tell), vault.versions(damages.tell)]) {
      for (const row of rows) {
        const name = names.get(row.project)
        if (name === undefined) continue
        const place = `${name}/${row.key}@${row.version} ${toRfc3339(row.createdAt)} ${toRfc3339(row.updatedAt)}`
        expected.set(place, vault.value(row)?.reveal().toBase64() ?? '')
      }
    }
    expect(damages.count).toBe(0)

    const store = await openLmdb(join(moved, 'vault.db'), { tables: TABLES, mode: 'read' })
    const session = new Session(store)
    session.unlock(Secret.fromText(PASSPHRASE))
    const found = new Map<string, string>()
    store.snapshot((reader) => {
      for (const project of allProjects(reader)) {
        for (const row of [...currentRows(reader, project)]) {
          for (const one of [...archivedRows(reader, project, row.key), row]) {
            const times = `${toRfc3339(one.createdAt)} ${toRfc3339(one.updatedAt)}`
            const value = openRow(session.opener, project, one)
            found.set(`${project.name}/${row.key}@${one.version} ${times}`, value.reveal().toBase64())
          }
        }
      }
    })
    session.lock()
    await store.close()
    expect(found.size).toBe(620)
    expect(found).toEqual(expected)
  })

  test('every current value is the same, by both command lines', () => {
    for (const project of ['staging', 'prod/eu 日本']) {
      const [wanted, found] = [go, ours].map((side) =>
        json<Record<string, string>>(side('env', '--format', 'json', '-p', project)),
      )
      expect(Object.keys(wanted ?? {})).not.toEqual([])
      expect(found).toEqual(wanted)
    }
    for (const key of ['BINARY', 'LARGE']) {
      expect(ours('get', key, '-p', 'default').equals(go('get', key, '-p', 'default'))).toBeTrue()
    }
    for (const version of ['1', '2']) {
      const words = ['get', 'KEY_001', '-p', 'default', '--version', version]
      expect(ours(...words).equals(go(...words))).toBeTrue()
    }
  }, 60_000)

  test('history, projects, groups and recipients are the same, by both command lines', () => {
    for (const key of ['KEY_000', 'KEY_019', 'KEY_100', 'BINARY']) {
      const [wanted, found] = [go, ours].map((side) =>
        json<History>(side('history', key, '-p', 'default', '--json')).versions.map(
          (one) => `${one.version} ${one.created_at} ${one.updated_at}`,
        ),
      )
      expect(found).toEqual(wanted)
    }
    const [wanted, found] = [go, ours].map((side) =>
      json<Groups>(side('env', 'group', 'list', '--json')).map(({ name, description, environments, inheritance }) => {
        return { name, description, environments, inheritance }
      }),
    )
    expect(found).toEqual(wanted)
    const listed = [go, ours].map((side) => side('projects', 'recipients', '-p', 'staging').toString())
    for (const text of listed) expect(text).toContain(alice)
    const [some, others] = [go, ours].map((side) =>
      json<{ name: string }[]>(side('projects', 'list', '--json')).map(({ name }) => name),
    )
    expect(others).toEqual(some)
    expect(ours('status').toString()).toContain('staging')
  })

  test('the audit log is the same, marked as imported, and intact', () => {
    const sides = [go, ours].map(
      (side) => json<{ entries: AuditRow[] }>(side('audit', '--json', '--limit', '1000')).entries,
    )
    const strip = ({ action, resource_type: type, resource_name: name, timestamp, metadata }: AuditRow): string =>
      JSON.stringify([
        timestamp,
        action,
        type,
        name ?? '',
        Object.entries(metadata ?? {}).toSorted(([a], [b]) => (a < b ? -1 : 1)),
      ])
    const imported = sides[1]!.filter(({ principal }) => principal === 'imported').map(strip)
    // Both sides were read since; what was there then is the tail.
    expect(imported.length).toBe(report.audit_rows)
    const wanted = sides[0]!.map(strip).slice(-imported.length)
    expect(imported.toSorted()).toEqual(wanted.toSorted())
    ours('audit', 'verify')
  })

  test('a recipient opens the project that was shared with it, and no other', () => {
    const values = json<Record<string, string>>(ours('env', '--identity', 'alice', '-p', 'staging', '--format', 'json'))
    expect(values['KEY_007']).toBe('staging 7')
    expect(own.run(['env', '--identity', 'alice', '-p', 'default'], options(moved)).code).not.toBe(0)
    expect(own.run(['env', '--identity', 'bob', '-p', 'staging'], options(moved)).code).not.toBe(0)
  })

  test('files under the key of the vault are opened by both, either way', () => {
    const plain = readFileSync(join(room, 'plain'))
    expect(ours('decrypt-env', '-i', 'by-go.encrypted').equals(plain)).toBeTrue()
    ours('encrypt-env', '-i', 'plain', '-o', 'by-us.encrypted')
    expect(go('decrypt-env', '-i', 'by-us.encrypted').equals(plain)).toBeTrue()
  })

  test('the kept file is a Go vault still', () => {
    const again = join(room, 'again')
    mkdirSync(again, { mode: 0o700 })
    copyFileSync(report.kept, join(again, 'vault.db'))
    expect(theirs.must(['get', 'KEY_007', '-p', 'staging'], options(again)).toString()).toBe('staging 7')
  })

  test('the Go program does not open the new vault, nor change it', () => {
    const bytes = readFileSync(join(moved, 'vault.db'))
    for (const words of [['get', 'KEY_007'], ['set', 'KEY_007', 'x'], ['list'], ['init']]) {
      expect(theirs.run(words, options(moved)).code).not.toBe(0)
    }
    expect(readFileSync(join(moved, 'vault.db')).equals(bytes)).toBeTrue()
  })
})

test.if(GO !== undefined)(
  'a Go program that waits for its vault is refused, and writes to neither',
  async () => {
    const directory = join(room, 'waiting')
    mkdirSync(directory, { mode: 0o700 })
    copyFileSync(join(before, 'vault.db'), join(directory, 'vault.db'))
    const env = { ...theirs.environment, ...options(directory).env }
    const original = readFileSync(join(directory, 'vault.db'))
    const mover = Bun.spawn([...own.command, 'migrate', '-y', '--json'], { env, stdout: 'pipe', stderr: 'ignore' })
    // Writers all the while: each is done before the move, refused by the lock, or meets the new file.
    const writers: { code: number; number: number }[] = []
    for (let number = 0; mover.exitCode === null; number++) {
      const words = ['set', `W_${number}`, 'x', '-p', 'default', '--no-agent']
      const child = Bun.spawn([GO ?? '', ...words], { env, stdout: 'ignore', stderr: 'ignore' })
      writers.push({ number, code: await child.exited })
    }
    expect(await mover.exited).toBe(0)
    const { kept } = JSON.parse(await mover.stdout.text())
    const written = writers.filter(({ code }) => code === 0).map(({ number }) => `W_${number}`)
    const names = own.must(['list', '-p', 'default', '--names-only'], options(directory)).toString().split('\n')
    for (const name of written) expect(names).toContain(name)
    if (written.length === 0) expect(readFileSync(kept).equals(original)).toBeTrue()
  },
  30_000,
)
