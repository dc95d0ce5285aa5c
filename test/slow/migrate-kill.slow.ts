// `tvault migrate` in place, killed before the N-th rename, link, fsync … for all N. After each kill the Go vault is
// whole: under its own name, or kept beside a new vault that opens and holds every value. Running it again ends the move.
import { afterAll, beforeAll, expect, test } from 'bun:test'
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { deriveGo, goFile, uuid } from '../foreign/go-file.ts'
import { BINARY, PASSPHRASE, Room } from './room.ts'

const STRACE = Bun.which('strace')
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
  'unlinkat',
]
const MOST_POINTS = 200

const room = new Room()
const file = join(room.vault, 'vault.db')
let original: Buffer

beforeAll(() => {
  const secrets = Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`KEY_${i}`, [`old ${i}`, `new ${i}`]]))
  original = Buffer.from(goFile({ projects: [{ name: 'default', id: uuid(1), secrets }] }, deriveGo(PASSPHRASE)))
})
afterAll(() => room.remove())

function reset(): void {
  rmSync(room.vault, { recursive: true, force: true })
  mkdirSync(room.vault, { mode: 0o700 })
  writeFileSync(file, original, { mode: 0o600 })
}

/** `go` when nothing happened, `new` when all of it did; throws for everything between. */
async function state(): Promise<'go' | 'new'> {
  if (readFileSync(file).equals(original)) return 'go'
  const kept = readdirSync(room.vault).filter((name) => name.startsWith('vault.db.go-'))
  const intact = kept.filter((name) => readFileSync(join(room.vault, name)).equals(original))
  if (intact.length !== 1 || kept.length !== 1) throw new Error(`kept: ${kept.join(', ')}`)
  const values = await room.must('export', '--format', 'json', '-p', 'default')
  expect(Object.keys(JSON.parse(values.out.toString()))).toHaveLength(20)
  expect(JSON.parse(values.out.toString())['KEY_7']).toBe('new 7')
  expect((await room.must('get', 'KEY_7', '--version', '1', '-p', 'default')).out.toString()).toBe('old 7')
  await room.must('audit', 'verify')
  return 'new'
}

test('killed at every point', async () => {
  if (STRACE === null) throw new Error('strace is missing: kills at sync points were not tested')
  const counts: Record<string, number> = {}
  let finished = 0
  for (const syscall of SYSCALLS) {
    for (let point = 1; ; point++) {
      if (point > MOST_POINTS) throw new Error(`${syscall}: more than ${MOST_POINTS} points`)
      reset()
      const inject = `inject=${syscall}:signal=KILL:when=${point}`
      const trace = [STRACE, '-f', '-qq', '-o', '/dev/null', '-e', `trace=${syscall}`, '-e', inject]
      const run = await room.exec([...trace, BINARY, 'migrate', '-y'])
      expect(run.late).toBeFalse()
      const killed = run.signal === 'SIGKILL' || run.code === 137
      const found = await state()
      if (!killed) {
        expect([syscall, point, run.code, found]).toEqual([syscall, point, 0, 'new'])
        break
      }
      counts[syscall] = point
      if (found === 'new') continue
      // Every third one is run again, to its end.
      if (point % 3 !== 1) continue
      await room.must('migrate', '-y')
      expect(await state()).toBe('new')
      finished++
    }
  }
  console.log(`   killed at ${JSON.stringify(counts)}, then finished ${finished} time(s)`)
  expect(Object.values(counts).reduce((sum, count) => sum + count, 0)).toBeGreaterThan(3)
})
