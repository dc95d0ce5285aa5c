// Two hundred `set` at once from separate processes: all land, versions are consistent, nobody is told "stored" for
// a value that is not there. And readers while somebody writes a lot.
import { afterAll, beforeAll, expect, test } from 'bun:test'
import { writeFileSync } from 'node:fs'
import { freemem } from 'node:os'
import { join } from 'node:path'
import { BINARY, CHEAP, Room } from './room.ts'

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

test('W1: fifty inits at once, each with its own passphrase: one wins, and its vault is whole', async () => {
  const other = new Room()
  try {
    const passphrases = Array.from({ length: 50 }, (_, index) => `crowd of inits ${index} 7714`)
    const codes: number[] = []
    for (let at = 0; at < passphrases.length; at += atOnce) {
      const wave = passphrases
        .slice(at, at + atOnce)
        .map((TVAULT_PASSPHRASE) => other.exec([BINARY, 'init', ...CHEAP], { env: { TVAULT_PASSPHRASE } }))
      codes.push(...(await Promise.all(wave)).map(({ code }) => code))
    }
    expect(codes.toSorted((a, b) => a - b)).toEqual([0, ...Array.from({ length: 49 }, () => 10)])
    const env = { TVAULT_PASSPHRASE: passphrases[codes.indexOf(0)] ?? '' }
    expect((await other.exec([BINARY, 'set', 'A', 'value'], { env })).code).toBe(0)
    expect((await other.exec([BINARY, 'get', 'A'], { env })).out.toString()).toBe('value')
  } finally {
    other.remove()
  }
})

test('sets, gets and backups of fifty processes: none is turned away, and every backup is whole', async () => {
  const jobs = Array.from({ length: 50 }, (_, index) => {
    if (index % 5 === 0) return ['backup', `crowd-${index}.db`]
    return index % 2 === 0 ? ['get', 'SHARED'] : ['set', `MIXED_${index}`, `mixed ${index}`]
  })
  for (let at = 0; at < jobs.length; at += atOnce) {
    const wave = jobs.slice(at, at + atOnce).map((words) => room.tvault(...words))
    for (const { code, err } of await Promise.all(wave)) expect([code, err]).toEqual([0, err])
  }
  for (const [word, name = ''] of jobs) if (word === 'backup') await room.must('restore', name, '--dry-run')
  for (const [word, name = '', value] of jobs)
    if (word === 'set') expect((await room.must('get', name)).out.toString()).toBe(value ?? '')
})
