// Damaged files and the compiled program: single changed bytes (a sample; the exhaustive run is in-process, in
// test/contract) and truncation at every 512 bytes. Each ends with the right answer or with an error that says what
// is wrong: never a signal, a hang, or a wrong value.
import { afterAll, beforeAll, expect, test } from 'bun:test'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { BINARY, randomFrom, Room, SEED } from './room.ts'

const SAMPLE = 400
const room = new Room()
let original: Buffer
const file = join(room.vault, 'vault.db')

beforeAll(async () => {
  await room.init()
  await room.must('set', 'KEY', 'the right value')
  await room.must('set', 'KEY', 'the right value, again')
  await room.must('set', 'OTHER', 'x'.repeat(9000))
  original = readFileSync(file)
})
afterAll(() => room.remove())

/** Says what is wrong with the answer of `get KEY` on the file as it is now, or undefined. */
async function fault(): Promise<string | undefined> {
  const done = await room.exec([BINARY, 'get', 'KEY'])
  if (done.late) return 'hangs'
  if (done.signal !== undefined || done.code >= 128) return `died of ${done.signal ?? done.code}`
  if (done.code === 0) return done.out.toString() === 'the right value, again' ? undefined : 'WRONG VALUE'
  if (done.out.length > 0) return 'an error, but something on stdout'
  // 1: not a vault at all. 4: the project or key is gone as far as can be seen. 5: no vault. 6: the salt is another one. 9: damaged.
  if (![1, 6, 9].includes(done.code)) return `exit code ${done.code}: ${done.err.trim()}`
  return /\S/.test(done.err) ? undefined : 'no word about what is wrong'
}

test('changed bytes', async () => {
  console.log(`   SEED=${SEED}, ${SAMPLE} of ${original.length} bytes`)
  const random = randomFrom(SEED)
  const faults: string[] = []
  let noticed = 0
  for (let index = 0; index < SAMPLE; index++) {
    // Most of a small file is empty; half of the sample goes to bytes that are not.
    let at = random(original.length)
    for (let tries = 0; index % 2 === 0 && original[at] === 0 && tries < 1000; tries++) at = random(original.length)
    const damaged = Buffer.from(original)
    damaged[at] = (damaged[at] ?? 0) ^ (1 << random(8))
    writeFileSync(file, damaged)
    const what = await fault()
    if (what !== undefined) faults.push(`byte ${at}: ${what}`)
    if ((await room.exec([BINARY, 'doctor'])).code !== 0) noticed += 1
  }
  console.log(`   doctor noticed ${noticed}`)
  expect(faults).toEqual([])
  expect(noticed).toBeGreaterThan(SAMPLE / 20)
})

test('truncated files', async () => {
  const faults: string[] = []
  for (let size = 0; size < original.length; size += 512) {
    writeFileSync(file, original.subarray(0, size))
    const done = await room.exec([BINARY, 'get', 'KEY'])
    if (done.late || done.signal !== undefined || done.code === 0 || ![1, 9].includes(done.code))
      faults.push(`${size} bytes: ${done.signal ?? done.code}`)
  }
  expect(faults).toEqual([])
})

test('the undamaged file still opens', async () => {
  writeFileSync(file, original)
  expect((await room.must('get', 'KEY')).out.toString()).toBe('the right value, again')
})
