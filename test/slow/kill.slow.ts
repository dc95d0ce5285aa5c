// kill -9 at every point where the program touches the disk: before the N-th fdatasync, rename, pwrite64 … for all N.
// After each kill the vault opens, its audit chain holds, everything acknowledged before is there, and the
// interrupted operation is there whole or not at all.
import { afterAll, beforeAll, expect, test } from 'bun:test'
import { cpSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { BINARY, CHEAP, PASSPHRASE, Room } from './room.ts'

const STRACE = Bun.which('strace')
/** Everything that changes what is on disk. `write` is left out: it is the answer on stdout as well. */
const SYSCALLS = [
  'fdatasync',
  'fsync',
  'pwrite64',
  'pwritev',
  'rename',
  'renameat2',
  'link',
  'linkat',
  'unlink',
  'ftruncate',
]
/** A loop that does not end by itself is a fault of the test. */
const MOST_POINTS = 400

const room = new Room()
const base = join(room.folder, 'base')
let recipient = ''
const NEW_PASSPHRASE = `${PASSPHRASE} after rotation`

/** Stands for the recipient of project web, who is known when the vault is made. */
const RECIPIENT = 'tvault1…'

interface Operation {
  words: string[]
  env?: Record<string, string>
}

const OPERATIONS: Record<string, Operation> = {
  set: { words: ['set', 'KEY_1', 'changed'] },
  'set of a new key': { words: ['set', 'NEW', 'value'] },
  import: { words: ['import', '.env.more', '--overwrite'] },
  delete: { words: ['delete', 'KEY_2', 'KEY_3', '-y'] },
  'projects delete': { words: ['projects', 'delete', 'web', '-y'] },
  unshare: { words: ['projects', 'unshare', RECIPIENT, '-p', 'web'] },
  rotate: { words: ['key', 'rotate', ...CHEAP], env: { TVAULT_NEW_PASSPHRASE: NEW_PASSPHRASE } },
  restore: { words: ['restore', 'backup.db', '-y'] },
  backup: { words: ['backup', 'fresh-backup.db'] },
}

/** Everything the vault holds, as text that can be compared: values of both projects, and how many versions. */
async function stateOf(passphrase: string): Promise<string | undefined> {
  const env = { TVAULT_PASSPHRASE: passphrase }
  const parts: string[] = []
  for (const project of ['default', 'web']) {
    const values = await room.exec([BINARY, 'export', '--format', 'json', '-p', project], { env })
    if (values.code === 6) return undefined
    if (values.code !== 0 && values.code !== 4) throw new Error(`export ended with ${values.code}: ${values.err}`)
    const search = await room.exec([BINARY, 'search', '--json', '-p', project], { env })
    const versions = search.code === 0 ? JSON.stringify(versionsOf(search.out.toString())) : `none ${search.code}`
    const shared = await room.exec([BINARY, 'projects', 'recipients', '--verify', '-p', project], { env })
    if (shared.code !== 0 && shared.code !== 4) throw new Error(`recipients ended with ${shared.code}: ${shared.err}`)
    parts.push(`${project} ${values.code} ${values.out.toString()} ${versions} ${shared.out.toString()}`)
  }
  const audit = await room.exec([BINARY, 'audit', 'verify'], { env })
  if (audit.code !== 0) throw new Error(`audit verify ended with ${audit.code}: ${audit.err}`)
  return parts.join('\n')
}

/** Key and version of every result of `search --json`. */
function versionsOf(json: string): [unknown, unknown][] {
  const { results } = JSON.parse(json) as { results: Record<string, unknown>[] }
  return results.map((found) => [found['key'] ?? found['Key'], found['version'] ?? found['Version']])
}

/** The state under whichever passphrase opens the vault, and which one that was. */
async function opened(): Promise<{ state: string; passphrase: string }> {
  for (const passphrase of [PASSPHRASE, NEW_PASSPHRASE]) {
    const state = await stateOf(passphrase)
    if (state !== undefined) return { state, passphrase }
  }
  throw new Error('neither the old nor the new passphrase opens the vault')
}

function reset(): void {
  rmSync(room.vault, { recursive: true, force: true })
  rmSync(join(room.folder, 'fresh-backup.db'), { force: true })
  cpSync(base, room.vault, { recursive: true })
}

beforeAll(async () => {
  await room.init()
  await room.must('projects', 'create', 'web')
  for (let key = 1; key <= 4; key++) await room.must('set', `KEY_${key}`, `first value ${key}`)
  await room.must('set', 'WEB_KEY', 'of the web', '-p', 'web')
  const made = await room.must('identity', 'new', '--json')
  recipient = (JSON.parse(made.out.toString()) as { recipient: string }).recipient
  await room.must('projects', 'share', recipient, '-p', 'web')
  await room.must('backup', 'backup.db')
  await room.must('set', 'KEY_4', 'second value 4')
  const lines = Array.from({ length: 40 }, (_, index) => `KEY_${index + 1}=imported ${index}`)
  writeFileSync(join(room.folder, '.env.more'), `${lines.join('\n')}\n`)
  cpSync(room.vault, base, { recursive: true })
})
afterAll(() => room.remove())

test('strace is there', () => expect(STRACE).not.toBeNull())

for (const [name, { words: typed, env = {} }] of Object.entries(OPERATIONS)) {
  test(`${name}: killed at every point`, async () => {
    const words = typed.map((word) => (word === RECIPIENT ? recipient : word))
    if (STRACE === null) throw new Error('strace is missing: kills at sync points were not tested')
    reset()
    const before = await opened()
    const whole = await room.exec([BINARY, ...words], { env })
    expect([name, whole.code, whole.err]).toEqual([name, 0, whole.err])
    const after = await opened()
    const counts: Record<string, number> = {}
    for (const syscall of SYSCALLS) {
      for (let point = 1; ; point++) {
        if (point > MOST_POINTS) throw new Error(`${syscall}: more than ${MOST_POINTS} points`)
        reset()
        const inject = `inject=${syscall}:signal=KILL:when=${point}`
        const run = await room.exec(
          [STRACE, '-f', '-qq', '-o', '/dev/null', '-e', `trace=${syscall}`, '-e', inject, BINARY, ...words],
          { env },
        )
        expect(run.late).toBeFalse()
        const killed = run.signal === 'SIGKILL' || run.code === 137
        const found = await opened()
        const where = `${name} at ${syscall} ${point}`
        if (!killed) {
          expect([where, run.code, found.state, found.passphrase]).toEqual([where, 0, after.state, after.passphrase])
          break
        }
        counts[syscall] = point
        // Whole or not at all; values and passphrase change together.
        const legal = [before, after].some((one) => one.state === found.state && one.passphrase === found.passphrase)
        if (!legal)
          throw new Error(
            `${where} left something else:\n${found.state}\nbefore:\n${before.state}\nafter:\n${after.state}`,
          )
      }
    }
    console.log(
      `   ${name}: killed at ${Object.entries(counts)
        .map(([syscall, count]) => `${count} × ${syscall}`)
        .join(', ')}`,
    )
    expect(Object.values(counts).reduce((sum, count) => sum + count, 0)).toBeGreaterThan(0)
  })
}
