// Two hundred `set` at once from separate processes: all land, versions are consistent, nobody is told "stored" for
// a value that is not there. And readers while somebody writes a lot.
import { afterAll, beforeAll, expect, test } from 'bun:test'
import { writeFileSync } from 'node:fs'
import { freemem } from 'node:os'
import { join } from 'node:path'
import { BINARY, Room } from './room.ts'

const room = new Room()
const CROWD = 200
/** A process with the cheapest key derivation; the whole crowd must fit, or it comes in waves. */
const MEBIBYTES_EACH = 90
const atOnce = Math.max(10, Math.min(CROWD, Math.floor(freemem() / 2 ** 20 / 2 / MEBIBYTES_EACH)))

beforeAll(() => room.init())
afterAll(() => room.remove())

test(`${CROWD} parallel set`, async () => {
  console.log(`   ${atOnce} at once`)
  const jobs = Array.from({ length: CROWD }, (_, index) =>
    index % 2 === 0 ? ['SHARED', `shared ${index}`] : [`OWN_${index}`, `own ${index}`],
  )
  const codes: number[] = []
  for (let at = 0; at < jobs.length; at += atOnce) {
    const wave = jobs
      .slice(at, at + atOnce)
      .map(([key = '', value = '']) => room.exec([BINARY, 'set', key, '--stdin'], { stdin: value }))
    for (const done of await Promise.all(wave)) {
      if (done.code !== 0) console.log(`   ${done.code}: ${done.err}`)
      codes.push(done.code)
    }
  }
  expect(codes.filter((code) => code !== 0)).toEqual([])
  const values = JSON.parse((await room.must('export', '--format', 'json')).out.toString()) as Record<string, string>
  for (const [key = '', value] of jobs) if (key !== 'SHARED') expect([key, values[key]]).toEqual([key, value])
  const { versions } = JSON.parse((await room.must('history', 'SHARED', '--json')).out.toString()) as {
    versions: { version: number }[]
  }
  expect(versions.map(({ version }) => version)).toEqual(Array.from({ length: CROWD / 2 }, (_, index) => index + 1))
  const seen = new Set<string>()
  for (let version = 1; version <= CROWD / 2; version += 7) {
    seen.add((await room.must('get', 'SHARED', '--version', String(version))).out.toString())
  }
  expect(seen.size).toBe(Math.ceil(CROWD / 2 / 7))
  await room.must('audit', 'verify')
})

test('two readers while a third imports 10,000 keys', async () => {
  await room.must('set', 'STABLE', 'unchanged')
  const lines = Array.from({ length: 10_000 }, (_, index) => `BULK_${index}=value ${index}`)
  writeFileSync(join(room.folder, '.env'), `${lines.join('\n')}\n`)
  let importing = true
  const writer = room.must('import', '.env').finally(() => {
    importing = false
  })
  let reads = 0
  const reader = async (): Promise<void> => {
    do {
      expect((await room.must('get', 'STABLE')).out.toString()).toBe('unchanged')
      const listed = (await room.must('list', '--prefix', 'BULK_')).out
        .toString()
        .split('\n')
        .filter((line) => line !== '').length
      // One import is one transaction: a reader sees nothing of it or all of it.
      expect([0, 10_000]).toContain(listed)
      reads += 1
    } while (importing)
  }
  await Promise.all([writer, reader(), reader()])
  expect(reads).toBeGreaterThan(1)
  expect((await room.must('list', '--prefix', 'BULK_')).out.toString().trim().split('\n')).toHaveLength(10_000)
})
